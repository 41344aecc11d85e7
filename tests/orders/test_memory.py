"""Remembered mappings: learned from imports of orders, used by the next file with that header, forgotten on request."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.factories import Organization
from tests.orders.again import Desk
from tests.orders.importing import Importer
from tranche.imports.domain import Mapping
from tranche.imports.memory import service as memory
from tranche.imports.memory.domain import MappingNotFound
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Status

ODD = ("ref", "who", "what", "how many", "each")
ROWS = [("A1", "Bob", "S-1", 2, "9.99"), ("A2", "Eve", "S-1", 1, "5")]
MORE = [("B1", "Bob", "S-1", 2, "9.99"), ("B2", "Eve", "S-1", 1, "5")]
COLUMNS = {"orderId": "ref", "customerName": "who", "itemSku": "what", "quantity": "how many", "unitPrice": "each"}


@pytest.fixture
def desk(importer: Importer, owner: Connection) -> Desk:
    return Desk(importer, owner)


def matches(desk: Desk, operation: Any) -> dict[str, str]:
    """Why each field has its column."""
    mapping = desk.work(operation.payload["importId"]).mapping
    assert mapping is not None
    return dict(mapping["matches"])


def test_what_a_person_said_serves_the_next_file_with_this_header(desk: Desk) -> None:
    desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS, sheet=None, default_customer="Nobody"))
    (known,) = desk.memories()
    assert (known.target, known.header, known.columns, known.options) == ("order", list(ODD), COLUMNS, {})
    assert (known.uses, known.created_by) == (1, desk.importer.context.user_id)
    found = desk.importer.bring_in(MORE, header=[" REF.", "Who", "what", "How  Many", "each"])
    assert found.operation.status is Status.COMPLETED
    assert set(matches(desk, found.operation).values()) == {"remembered"}
    used = desk.work(found.operation.payload["importId"]).mapping
    assert used is not None
    assert used["remembered"]["id"] == known.id
    assert desk.memories()[0].uses == 2


def test_another_header_is_not_taken_for_a_known_one(desk: Desk) -> None:
    desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS))
    for header in (("who", "ref", *ODD[2:]), (*ODD[:4], "price")):
        assert desk.importer.bring_in(MORE, header=header).operation.error_code == "missing_columns"


def test_the_automatic_matching_fills_what_the_memory_does_not_say(desk: Desk) -> None:
    header = ("ref", "customer", "sku", "quantity", "unitPrice")
    desk.importer.bring_in(ROWS, header=header, mapping=Mapping(columns={"orderId": "ref"}))
    found = desk.importer.bring_in(MORE, header=header)
    assert matches(desk, found.operation) == {
        "orderId": "remembered",
        "customerName": "synonym",
        "itemSku": "synonym",
        "quantity": "name",
        "unitPrice": "name",
    }


def test_what_is_said_now_goes_before_what_is_remembered_and_replaces_it(desk: Desk) -> None:
    header = ("one", "two", "customer", "quantity", "unitPrice")
    rows = [("A1", "X1", "Bob", 1, 2)]
    desk.importer.bring_in(rows, header=header, mapping=Mapping(columns={"orderId": "one"}))
    found = desk.importer.bring_in(rows, header=header, mapping=Mapping(columns={"orderId": "two"}))
    assert matches(desk, found.operation)["orderId"] == "explicit"
    assert desk.numbers() == {"A1", "X1"}
    (known,) = desk.memories()
    assert (known.columns, known.uses) == ({"orderId": "two"}, 2)


def test_a_letter_is_remembered_as_its_header(desk: Desk) -> None:
    header = ("ref", "customer", "sku", "quantity", "unitPrice")
    desk.importer.bring_in(ROWS, header=header, mapping=Mapping(columns={"orderId": "A"}))
    assert desk.memories()[0].columns == {"orderId": "ref"}


def test_a_column_that_only_a_letter_can_name_is_not_remembered(desk: Desk) -> None:
    header = ("ref", "ref", "customer", "quantity", "unitPrice")
    found = desk.importer.bring_in([("A1", "X", "Bob", 1, 2)], header=header, mapping=Mapping(columns={"orderId": "A"}))
    assert found.operation.status is Status.COMPLETED
    assert desk.memories() == []


def test_nothing_is_learned_from_what_did_not_come_in(desk: Desk) -> None:
    desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS), dry_run=True)
    desk.importer.bring_in([("A1", "Bob", "S", 0, 1)], header=ODD, mapping=Mapping(columns=COLUMNS))
    desk.importer.bring_in(ROWS, header=ODD)
    assert desk.memories() == []


def test_a_person_who_confirms_a_dry_run_is_remembered_even_before_its_end(desk: Desk) -> None:
    dry = desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS), dry_run=True)
    confirmed = desk.confirm(dry.operation.payload["importId"])
    assert [known.uses for known in desk.memories()] == [0]
    desk.end(confirmed)
    assert [known.uses for known in desk.memories()] == [1]


def test_an_import_that_is_read_again_is_read_as_the_first_time(desk: Desk) -> None:
    desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS))
    dry = desk.importer.bring_in(MORE, header=ODD, dry_run=True)
    assert dry.operation.status is Status.COMPLETED
    _forget(desk, desk.memories()[0].id)
    ended = desk.end(desk.confirm(dry.operation.payload["importId"]))
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 2)
    assert desk.memories() == []


def test_a_mapping_by_which_the_file_could_not_be_read_is_not_remembered(desk: Desk) -> None:
    found = desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS))
    ended = desk.end(desk.judge(found.operation.payload["importId"], Mapping(columns={"orderId": "colour"})))
    assert (ended.status, ended.succeeded) == (Status.FAILED, 2)
    assert [known.columns for known in desk.memories()] == [COLUMNS]


def test_an_import_that_is_judged_again_with_an_empty_mapping_asks_the_memory_anew(desk: Desk) -> None:
    failed = desk.importer.bring_in(MORE, header=ODD)
    desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS))
    ended = desk.end(desk.judge(failed.operation.payload["importId"], Mapping()))
    assert (ended.status, ended.succeeded) == (Status.COMPLETED, 2)


def test_whether_the_day_comes_first_is_remembered_and_the_column_itself_goes_before(desk: Desk) -> None:
    header = ("orderId", "customer", "sku", "quantity", "unitPrice", "date")

    def day_of(number: str, text: str, *, day_first: bool | None = None) -> datetime | None:
        mapping = Mapping(day_first=day_first)
        rows = [(number, "Bob", "S", 1, 2, text)]
        desk.importer.bring_in(rows, header=header, mapping=mapping)
        found = desk.importer.rows(f"SELECT order_date FROM orders WHERE number = '{number}'")
        return found[0]["order_date"] if found else None

    assert day_of("A1", "03/04/2026") is None
    said = day_of("A2", "03/04/2026", day_first=True)
    remembered = day_of("A3", "03/04/2026")
    settled = day_of("A4", "03/25/2026")
    assert said is not None
    assert remembered is not None
    assert settled is not None
    assert [(day.month, day.day) for day in (said, remembered, settled)] == [(4, 3), (4, 3), (3, 25)]
    assert desk.memories()[0].options == {"dayFirst": True}


def test_default_customer_and_returns_are_not_remembered(desk: Desk) -> None:
    header = ("ref", "sku", "quantity", "unitPrice")
    said = Mapping(columns={"orderId": "ref"}, default_customer="Walk-in", accept_returns=True)
    desk.importer.bring_in([("A1", "S", -1, 5)], header=header, mapping=said)
    (known,) = desk.memories()
    assert (known.columns, known.options) == ({"orderId": "ref"}, {})
    again = desk.importer.bring_in([("A2", "S", -1, 5)], header=header)
    assert [code for _, code in again.codes] == ["looks_like_return", "missing_customer"]


def test_a_workbook_of_errors_is_known_when_it_comes_back(desk: Desk) -> None:
    desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS))
    rows = [(*MORE[0], 2, "quantity: it was wrong")]
    assert desk.importer.bring_in(rows, header=(*ODD, "_row", "_errors")).operation.status is Status.COMPLETED


def test_a_title_above_the_header_does_not_hide_it(desk: Desk) -> None:
    desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS))
    found = desk.importer.bring_in([ODD, *MORE], header=("Orders of March", "2026", "", "", ""))
    assert (found.operation.status, found.operation.succeeded) == (Status.COMPLETED, 2)


def test_a_forgotten_mapping_is_not_used(desk: Desk) -> None:
    desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS))
    _forget(desk, desk.memories()[0].id)
    assert desk.importer.bring_in(MORE, header=ODD).operation.error_code == "missing_columns"
    with pytest.raises(MappingNotFound):
        _forget(desk, 1)


def test_what_one_organization_said_serves_no_other(
    desk: Desk, database: Database, organization: Callable[..., Organization], tmp_path: Any
) -> None:
    desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS))
    (known,) = desk.memories()
    other = Desk(Importer(database, organization(name="Other").context(), tmp_path / "other"), desk.owner)
    assert other.memories() == []
    assert other.importer.bring_in(ROWS, header=ODD).operation.error_code == "missing_columns"
    with pytest.raises(MappingNotFound):
        _forget(other, known.id)
    assert len(desk.memories()) == 1


def _forget(desk: Desk, memory_id: int) -> None:
    importer = desk.importer
    with importer.database.transaction(importer.context.organization_id) as conn:
        memory.forget(conn, importer.context, memory_id=memory_id)


def test_a_column_that_was_left_out_stays_left_out(desk: Desk) -> None:
    header, rows = (*ODD, "Notes"), [(*row, "private") for row in ROWS]
    desk.importer.bring_in(rows, header=header, mapping=Mapping(columns=COLUMNS, left_out=("Notes",)))
    assert desk.memories()[0].options == {"leaveOut": ["Notes"]}
    found = desk.importer.bring_in([(*row, "private") for row in MORE], header=header)
    assert "notes" not in matches(desk, found.operation)
    assert desk.importer.rows("SELECT DISTINCT notes FROM orders") == [{"notes": None}]
