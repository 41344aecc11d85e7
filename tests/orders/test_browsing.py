"""Rows of an import by place: refused ones, warned ones, those that nothing refused; sums of matching orders."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tests.orders.importing import Importer
from tranche.imports import service as imports
from tranche.imports.corrections import browsing
from tranche.imports.corrections.browsing import RowPage, Sort, Turn
from tranche.imports.corrections.domain import Cause
from tranche.imports.targets import Import
from tranche.kernel.db.pool import Connection
from tranche.orders import service

BAD = range(2, 42)
GOOD = range(42, 62)


@pytest.fixture
def work(importer: Importer) -> Import:
    """Rows 2 to 41 are refused, every fourth for want of a price; 42 to 61 are valid, the last one said twice."""
    rows: list[tuple[object, ...]] = [(f"B{n}", "Eve", "S-1", "x" if n % 4 else 1, 1 if n % 4 else "") for n in BAD]
    rows += [(f"A{n}", "Bob", "S-1", n, 1) for n in GOOD]
    rows.append(rows[-1])
    found = importer.bring_in(rows, dry_run=True)
    with importer.database.transaction(importer.context.organization_id) as conn:
        return imports.get(conn, import_id=found.operation.payload["importId"])


@pytest.fixture
def conn(importer: Importer) -> Iterator[Connection]:
    with importer.database.transaction(importer.context.organization_id) as conn:
        yield conn


def _numbers(page: RowPage) -> list[int]:
    return [row.row for row in page.rows]


def test_rows_are_counted_by_sort(conn: Connection, work: Import) -> None:
    counts = browsing.count_rows(conn, work)
    assert {sort: counts.of(sort) for sort in Sort} == {
        Sort.ALL: 61, Sort.VALID: 21, Sort.WARNINGS: 1, Sort.ERRORS: 40,
    }  # fmt: skip


def test_refused_rows_are_walked_forwards_and_backwards(conn: Connection, work: Import) -> None:
    pages, turn = [], Turn()
    while True:
        page = browsing.list_refused(conn, import_id=work.id, cause=None, turn=turn, limit=15)
        pages.append(_numbers(page))
        if page.following is None:
            break
        turn = Turn(page.following)
    assert pages == [[*BAD[:15]], [*BAD[15:30]], [*BAD[30:]]]
    assert page.previous == BAD[30]
    back = browsing.list_refused(conn, import_id=work.id, cause=None, turn=Turn(BAD[30], forward=False), limit=15)
    assert (_numbers(back), back.previous, back.following) == (pages[1], BAD[15], BAD[29])
    first = browsing.list_refused(conn, import_id=work.id, cause=None, turn=Turn(BAD[15], forward=False), limit=15)
    assert (_numbers(first), first.previous) == (pages[0], None)


def test_a_cause_narrows_refused_rows_and_their_errors_stand_beside(conn: Connection, work: Import) -> None:
    cause = Cause(code="missing_field", severity="error", column="unitPrice")
    page = browsing.list_refused(conn, import_id=work.id, cause=cause, turn=Turn(), limit=50)
    assert _numbers(page) == [n for n in BAD if n % 4 == 0]
    assert page.rows[0].errors[0]["message"] == "Missing required field: unitPrice"
    assert page.rows[0].cells["orderId"] == "B4"


def test_numbers_of_sound_rows_leave_refused_ones_and_the_header_out(conn: Connection, work: Import) -> None:
    def numbers(sort: Sort, turn: Turn) -> list[int]:
        return browsing.list_candidates(conn, work, sort=sort, turn=turn, limit=2)

    assert numbers(Sort.ALL, Turn()) == [*range(2, 10)]
    assert numbers(Sort.VALID, Turn()) == [*range(42, 50)]
    assert numbers(Sort.VALID, Turn(45, forward=False)) == [44, 43, 42]
    assert numbers(Sort.WARNINGS, Turn()) == [62]
    assert numbers(Sort.ALL, Turn(2**31 - 1)) != []


def test_what_was_entered_last_is_known_also_of_rows_that_are_sound_by_now(conn: Connection, work: Import) -> None:
    conn.execute(
        """
        INSERT INTO import_edits (organization_id, import_id, row_number, field, old_value, new_value)
        SELECT current_organization(), %(id)s, 45, 'quantity', 'x', n::text FROM generate_series(1, 2) n
        """,
        {"id": work.id},
    )
    assert browsing.find_entered(conn, import_id=work.id, rows=[45, 46]) == {45: {"quantity": "2"}}
    assert browsing.find_correction(conn, import_id=work.id) is None


def test_matching_orders_are_summed_by_currency(importer: Importer) -> None:
    header = ("orderId", "customerName", "itemSku", "quantity", "unitPrice", "currency")
    rows = [("A1", "Bob", "S", 2, "1.50", "EUR"), ("A2", "Bob", "S", 1, "2", "EUR"), ("B1", "Bob", "S", 3, "7", "JPY")]
    importer.bring_in(rows, header=header)
    with importer.database.transaction(importer.context.organization_id) as conn:
        every = service.sum_orders(conn, status="open")
        some = service.sum_orders(conn, search="A2")
        assert service.sum_orders(conn, batch_id=999) == []
    assert [(row["currency"], row["orders"], row["total"]) for row in every] == [
        ("EUR", 2, Decimal("5.00")), ("JPY", 1, Decimal(21)),
    ]  # fmt: skip
    assert [(row["orders"], row["total"]) for row in some] == [(1, Decimal("2.00"))]
