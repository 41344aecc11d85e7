"""Judging an import again under another mapping, and making a dry run the real thing."""

import pytest

from tests.orders.again import Desk
from tests.orders.importing import HEADER, Importer
from tranche.imports.again import NoDryRun, NotConfirmable
from tranche.imports.domain import Mapping, OnDuplicate
from tranche.imports.service import ImportNotFound
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Operation, Status, WrongState
from tranche.orders import service
from tranche.orders.domain import BatchDeleted, BatchUndone, DuplicateFile

ODD = ("ref", "who", "what", "how many", "each")
ROWS = [
    ("A1", "Bob", "S-1", 2, "9.99"),
    ("A1", "Bob", "S-2", 1, "1"),
    ("A2", "Eve", "S-1", 1, "5"),
    ("A3", "Eve", "S", 0, "1"),
]
COLUMNS = {"orderId": "ref", "customerName": "who", "itemSku": "what", "quantity": "how many", "unitPrice": "each"}


@pytest.fixture
def desk(importer: Importer, owner: Connection) -> Desk:
    return Desk(importer, owner)


def counts(operation: Operation) -> tuple[int, int, int, int]:
    """Total, succeeded, failed, skipped."""
    return operation.total, operation.succeeded, operation.failed, operation.skipped


def test_a_file_whose_columns_were_not_known_comes_in_when_the_mapping_is_said(desk: Desk) -> None:
    first = desk.importer.bring_in(ROWS, header=ODD)
    assert (first.operation.status, first.operation.error_code) == (Status.FAILED, "missing_columns")
    assert first.batch is not None
    import_id = first.operation.payload["importId"]
    judged = desk.judge(import_id, Mapping(columns=COLUMNS))
    assert (judged.id, judged.status) == (first.operation.id, Status.PENDING)
    assert desk.batch(first.batch.id).status == "processing"
    ended = desk.end(judged)
    assert counts(ended) == (3, 2, 1, 0)
    batch = desk.batch(first.batch.id)
    assert (batch.status, batch.total_orders, batch.successful_orders, batch.failure) == ("completed", 3, 2, None)
    assert desk.findings() == {}


def test_a_dry_run_gets_a_new_report_in_the_same_operation(desk: Desk) -> None:
    dry = desk.importer.bring_in(ROWS, dry_run=True)
    assert counts(dry.operation) == (3, 2, 1, 0)
    import_id = dry.operation.payload["importId"]
    swapped = {"quantity": "unitPrice", "unitPrice": "quantity"}
    judged = desk.end(desk.judge(import_id, Mapping(columns=swapped)))
    assert judged.id == dry.operation.id
    assert counts(judged) == (3, 3, 0, 0)
    assert desk.numbers() == set()
    assert judged.summary["errors"] == 0


def test_a_dry_run_whose_new_mapping_fits_nothing_counts_nothing(desk: Desk) -> None:
    dry = desk.importer.bring_in(ROWS, dry_run=True)
    judged = desk.end(desk.judge(dry.operation.payload["importId"], Mapping(columns={"orderId": "colour"})))
    assert (judged.status, judged.error_code, counts(judged)) == (Status.FAILED, "invalid_mapping", (0, 0, 0, 0))
    assert judged.summary == {}


def test_orders_that_are_in_stay_and_the_rest_is_judged_anew(desk: Desk) -> None:
    header = (*HEADER, "amount")
    rows = [("A1", "Bob", "S", 1, "5", 1), ("A2", "Eve", "S", 0, "5", 3), ("A3", "Eve", "S", "x", "5", 2)]
    first = desk.importer.bring_in(rows, header=header)
    assert counts(first.operation) == (3, 1, 2, 0)
    assert first.batch is not None
    before = desk.importer.rows("SELECT id, updated_at FROM orders")
    ended = desk.end(desk.judge(first.operation.payload["importId"], Mapping(columns={"quantity": "amount"})))
    assert counts(ended) == (3, 3, 0, 0)
    assert desk.importer.rows("SELECT id, updated_at FROM orders ORDER BY id LIMIT 1") == before
    assert desk.batch(first.batch.id).successful_orders == 3
    assert desk.importer.rows("SELECT quantity::text AS q FROM order_lines ORDER BY order_id")[1]["q"] == "3"
    assert desk.findings() == {}


def test_orders_that_the_new_mapping_does_not_name_any_more_stay_counted(desk: Desk) -> None:
    header = (*HEADER, "number")
    rows = [("A1", "Bob", "S", 1, "5", "N1"), ("A2", "Eve", "S", 2, "5", "N2"), ("A3", "Eve", "S", 0, "5", "N3")]
    first = desk.importer.bring_in(rows, header=header)
    assert first.batch is not None
    ended = desk.end(desk.judge(first.operation.payload["importId"], Mapping(columns={"orderId": "number"})))
    assert counts(ended) == (5, 4, 1, 0)
    assert desk.numbers() == {"A1", "A2", "N1", "N2"}
    assert desk.batch(first.batch.id).successful_orders == 4
    assert desk.findings() == {}


def test_a_mapping_that_fits_nothing_takes_no_order_away(desk: Desk) -> None:
    first = desk.importer.bring_in(ROWS)
    assert first.batch is not None
    ended = desk.end(desk.judge(first.operation.payload["importId"], Mapping(columns={"orderId": "colour"})))
    assert (ended.status, ended.succeeded, ended.cancelled) == (Status.FAILED, 2, 1)
    batch = desk.batch(first.batch.id)
    assert (batch.status, batch.total_orders, batch.successful_orders, batch.failed_orders) == ("failed", 3, 2, 1)
    assert desk.numbers() == {"A1", "A2"}
    assert desk.findings() == {}


def test_what_becomes_of_existing_orders_may_be_chosen_again(desk: Desk) -> None:
    desk.importer.bring_in(ROWS[:3])
    second = desk.importer.bring_in(ROWS)
    assert counts(second.operation) == (3, 0, 3, 0)
    ended = desk.end(desk.judge(second.operation.payload["importId"], Mapping(), on_duplicate=OnDuplicate.SKIP))
    assert counts(ended) == (3, 0, 1, 2)
    assert desk.findings() == {}


def test_work_in_progress_is_not_judged_again(desk: Desk) -> None:
    operation = desk.importer.upload(ROWS)
    with pytest.raises(WrongState, match="wait for its end"):
        desk.judge(operation.payload["importId"], Mapping())
    with pytest.raises(ImportNotFound):
        desk.judge(999, Mapping())


def test_what_was_deleted_or_undone_is_not_judged_again(desk: Desk) -> None:
    for take_away, refusal in ((_delete, BatchDeleted), (Desk.undone, BatchUndone)):
        found = desk.importer.bring_in(ROWS)
        assert found.batch is not None
        take_away(desk, found.batch.id)
        with pytest.raises(refusal):
            desk.judge(found.operation.payload["importId"], Mapping())
        assert desk.findings() == {}


def test_a_dry_run_is_confirmed_and_brings_in_what_it_reported(desk: Desk) -> None:
    dry = desk.importer.bring_in(ROWS, header=ODD, mapping=Mapping(columns=COLUMNS), dry_run=True)
    assert desk.importer.rows("SELECT 1 FROM order_batches") == []
    confirmed = desk.confirm(dry.operation.payload["importId"])
    assert (confirmed.id, counts(confirmed)) == (dry.operation.id, (0, 0, 0, 0))
    batch_id = confirmed.payload["batchId"]
    assert desk.batch(batch_id).status == "processing"
    ended = desk.end(confirmed)
    assert counts(ended) == counts(dry.operation)
    assert desk.numbers() == {"A1", "A2"}
    batch = desk.batch(batch_id)
    assert (batch.import_id, batch.operation_id, batch.successful_orders) == (
        dry.operation.payload["importId"],
        ended.id,
        2,
    )
    assert desk.findings() == {}


def test_a_dry_run_is_confirmed_once(desk: Desk) -> None:
    dry = desk.importer.bring_in(ROWS, dry_run=True)
    import_id = dry.operation.payload["importId"]
    confirmed = desk.confirm(import_id)
    for _ in range(2):
        with pytest.raises(NoDryRun):
            desk.confirm(import_id)
        desk.end(confirmed)
    assert len(desk.importer.rows("SELECT 1 FROM order_batches")) == 1


def test_a_confirmation_is_refused_where_the_file_came_in_before(desk: Desk) -> None:
    dry = desk.importer.bring_in(ROWS, dry_run=True)
    desk.importer.bring_in(ROWS)
    import_id = dry.operation.payload["importId"]
    with pytest.raises(DuplicateFile):
        desk.confirm(import_id)
    assert desk.work(import_id).is_dry_run
    assert counts(desk.end(desk.confirm(import_id, allow_duplicate=True))) == (3, 0, 3, 0)


def test_a_report_by_which_nothing_could_come_in_is_not_confirmed(desk: Desk) -> None:
    running = desk.importer.upload(ROWS, dry_run=True)
    with pytest.raises(WrongState, match="wait for its end"):
        desk.confirm(running.payload["importId"])
    for rows, header in ((ROWS, ODD), (ROWS[3:], HEADER)):
        dry = desk.importer.bring_in(rows, header=header, dry_run=True)
        with pytest.raises(NotConfirmable, match="found nothing"):
            desk.confirm(dry.operation.payload["importId"])


def _delete(desk: Desk, batch_id: int) -> None:
    importer = desk.importer
    with importer.database.transaction(importer.context.organization_id) as conn:
        service.delete_batch(conn, importer.context, importer.operations, batch_id=batch_id)
