"""The undo of an import of items: what it made and nobody uses goes."""

from collections.abc import Callable

import pytest

from tests.factories import Organization
from tests.inventory.importing import Importer
from tranche.imports import service as imports
from tranche.imports.domain import OnDuplicate
from tranche.imports.service import ImportNotFound
from tranche.imports.undo import NothingToUndo
from tranche.inventory import service
from tranche.inventory.domain import ImportBusy, ImportUndone
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.checks import CHECKS
from tranche.kernel.operations.domain import Status

ROWS = [("S-1", "Mug", "4.50", ""), ("S-2", "Plate", "2", ""), ("", "Tray", "12", "")]


def order(owner: Connection, *, code: str) -> None:
    """One order for an item, written past the import of orders."""
    owner.execute(
        f"""
        WITH bob AS (
            INSERT INTO customers (organization_id, name, name_folded) SELECT organization_id, 'Bob', 'bob' FROM items
            WHERE code = '{code}' RETURNING organization_id, id
        ), made AS (
            INSERT INTO orders (organization_id, number, customer_id, currency, line_count, total)
            SELECT organization_id, 'A1', id, 'USD', 1, 5 FROM bob RETURNING organization_id, id
        )
        INSERT INTO order_lines (organization_id, order_id, line_number, item_id, quantity, unit_price, amount)
        SELECT m.organization_id, m.id, 1, i.id, 1, 5, 5 FROM made m
        JOIN items i ON i.organization_id = m.organization_id AND i.code = '{code}'
        """.encode()
    )


def test_items_that_nobody_uses_are_removed(importer: Importer, owner: Connection) -> None:
    brought = importer.bring_in(ROWS)
    ended = importer.end(importer.undo(brought.import_id))
    assert (ended.status, ended.total, ended.succeeded, ended.skipped) == (Status.COMPLETED, 3, 3, 0)
    assert importer.items() == []
    assert [found for check in CHECKS if (found := owner.execute(check.sql.encode()).fetchall())] == []


def test_what_is_used_or_changed_or_was_there_before_is_kept_and_says_why(
    importer: Importer, owner: Connection
) -> None:
    importer.bring_in([("S-0", "Spoon", "1", "")])
    brought = importer.bring_in([("S-0", "Spoon", "2", ""), *ROWS], on_duplicate=OnDuplicate.UPDATE)
    order(owner, code="S-1")
    importer.bring_in([("S-2", "Plate", "3", "")], on_duplicate=OnDuplicate.UPDATE)
    ended = importer.end(importer.undo(brought.import_id))
    assert (ended.status, ended.succeeded, ended.skipped) == (Status.COMPLETED, 1, 3)
    assert importer.kept(ended) == {"S-0": "was_there_before", "S-1": "in_use", "S-2": "changed_since"}
    assert [item.code for item in importer.items()] == ["S-1", "S-2", "S-0"]


def test_an_import_that_only_updated_is_not_undone_and_says_why(importer: Importer) -> None:
    made = importer.bring_in(ROWS[:2])
    updated = importer.bring_in([("S-1", "Cup", "5", "")], on_duplicate=OnDuplicate.UPDATE)
    with pytest.raises(NothingToUndo, match="its items were there before it, and what they held is not kept"):
        importer.undo(updated.import_id)
    with importer.database.transaction(importer.context.organization_id) as conn:
        works = [imports.get(conn, import_id=one.import_id) for one in (made, updated)]
        assert [service.find_undo_hindrance(conn, work) is None for work in works] == [True, False]


def test_an_order_that_comes_in_mid_undo_keeps_its_item(importer: Importer, owner: Connection) -> None:
    brought = importer.bring_in(ROWS)
    undo = importer.undo(brought.import_id)
    importer.step(undo)
    importer.step(undo)
    order(owner, code="S-1")
    assert (importer.end(undo).succeeded, importer.kept(undo)) == (2, {"S-1": "in_use"})


def test_an_undo_is_refused_while_work_goes_on_and_twice(importer: Importer) -> None:
    operation = importer.upload(ROWS)
    import_id = operation.payload["importId"]
    with pytest.raises(ImportBusy, match="still being worked on"):
        importer.undo(import_id)
    importer.end(operation)
    undo = importer.undo(import_id)
    with pytest.raises(ImportBusy, match="just being undone"):
        importer.undo(import_id)
    importer.end(undo)
    with pytest.raises(ImportUndone, match="nothing of it is left"):
        importer.undo(import_id)


def test_what_was_kept_goes_by_a_second_undo_when_nobody_uses_it_any_more(
    importer: Importer, owner: Connection
) -> None:
    brought = importer.bring_in(ROWS)
    order(owner, code="S-1")
    first = importer.end(importer.undo(brought.import_id))
    assert (first.succeeded, importer.kept(first)) == (2, {"S-1": "in_use"})
    owner.execute("DELETE FROM orders")
    with importer.database.transaction(importer.context.organization_id) as conn:
        second = importer.operations.undo(conn, importer.context, operation_id=brought.operation.id)
    ended = importer.end(second)
    assert (ended.total, ended.succeeded, importer.items()) == (1, 1, [])
    with pytest.raises(ImportUndone, match="nothing of it is left"):
        importer.undo(brought.import_id)


def test_what_brought_nothing_in_has_nothing_to_undo(importer: Importer) -> None:
    dry = importer.bring_in(ROWS, dry_run=True)
    importer.bring_in(ROWS)
    again = importer.bring_in(ROWS, on_duplicate=OnDuplicate.SKIP)
    for one in (dry, again):
        with pytest.raises(NothingToUndo, match="has brought nothing in"):
            importer.undo(one.import_id)


def test_what_was_undone_is_not_brought_in_again_by_a_retry(importer: Importer) -> None:
    brought = importer.bring_in([*ROWS, ("S-9", "", "", "")])
    importer.end(importer.undo(brought.import_id))
    with (
        importer.database.transaction(importer.context.organization_id) as conn,
        pytest.raises(ImportUndone),
    ):
        importer.operations.retry(conn, importer.context, operation_id=brought.operation.id, code=None)


def test_a_foreign_import_looks_like_an_unknown_one(
    importer: Importer, database: Database, organization: Callable[..., Organization]
) -> None:
    brought = importer.bring_in(ROWS)
    other = organization(name="Other").context()
    with database.transaction(other.organization_id) as conn, pytest.raises(ImportNotFound):
        service.undo(conn, other, importer.operations, import_id=brought.import_id)
    assert len(importer.items()) == 3
