"""The undo of an upload: three buckets, exactly once, and what it does to the batch."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import Organization
from tests.invoicing.office import NOON, Office
from tests.orders.again import Desk
from tests.orders.importing import Imported, Importer
from tranche.imports.domain import OnDuplicate
from tranche.imports.undo import NothingToUndo, Outcome
from tranche.invoicing import service as invoicing
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Status
from tranche.kernel.operations.queries import watching
from tranche.orders import service
from tranche.orders.domain import (
    BatchBusy,
    BatchDeleted,
    BatchNotFound,
    BatchUndone,
    DuplicateFile,
    NotUndone,
)

ROWS = [(f"A{n}", f"Customer {n}", f"S-{n}", n, "9.99") for n in range(1, 6)]


@pytest.fixture
def desk(importer: Importer, owner: Connection) -> Desk:
    return Desk(importer, owner)


def bring(desk: Desk, rows: list[tuple[str, str, str, int, str]] = ROWS, **choices: object) -> int:
    """An upload to its end; the batch's id."""
    found: Imported = desk.importer.bring_in(rows, **choices)
    assert found.batch is not None
    return found.batch.id


def test_untouched_orders_are_removed_and_the_batch_stays_visible(desk: Desk) -> None:
    batch_id = bring(desk)
    ended = desk.undone(batch_id)
    assert (ended.status, ended.total, ended.succeeded, ended.skipped) == (Status.COMPLETED, 5, 5, 0)
    assert desk.numbers() == set()
    assert desk.importer.rows("SELECT 1 FROM order_lines") == []
    batch = desk.batch(batch_id)
    assert (batch.status, batch.successful_orders, batch.undone_orders, batch.kept_orders) == ("completed", 5, 5, 0)
    assert batch.undone_at is not None
    assert batch.undo_operation_id == ended.id
    assert desk.findings() == {}


def test_what_was_touched_since_is_kept_and_says_why(desk: Desk) -> None:
    batch_id = bring(desk)
    desk.change("UPDATE orders SET status = 'invoiced', updated_at = now() WHERE number = 'A1'")
    desk.change("UPDATE orders SET status = 'cancelled' WHERE number = 'A2'")
    desk.change("UPDATE orders SET notes = 'call first', updated_at = now() WHERE number = 'A3'")
    bring(desk, [("A4", "Customer 4", "S-4", 40, "9.99")], on_duplicate=OnDuplicate.UPDATE)
    ended = desk.undone(batch_id)
    assert (ended.status, ended.succeeded, ended.skipped, ended.failed) == (Status.COMPLETED, 1, 4, 0)
    assert desk.kept(batch_id) == {
        "A1": "invoiced",
        "A2": "cancelled",
        "A3": "changed_since",
        "A4": "taken_over",
    }
    assert desk.numbers() == {"A1", "A2", "A3", "A4"}
    assert (desk.batch(batch_id).undone_orders, desk.batch(batch_id).kept_orders) == (1, 4)
    assert desk.findings() == {}
    both = bring(desk, [("A4", "Customer 4", "S-4", 41, "9.99"), ("A6", *ROWS[0][1:])], on_duplicate=OnDuplicate.UPDATE)
    assert (desk.undone(both).succeeded, desk.kept(both)) == (1, {"A4": "was_there_before"})
    assert desk.findings() == {}


def test_an_upload_of_which_nothing_can_go_is_not_undone_and_says_why(desk: Desk) -> None:
    batch_id = bring(desk)
    later = bring(desk, [(*row[:3], 70, "9.99") for row in ROWS], on_duplicate=OnDuplicate.UPDATE)
    for one in (batch_id, later):
        assert not _can_undo(desk, one)
        with pytest.raises(NothingToUndo, match=f"Nothing of batch {one} can be undone: each of its orders was there"):
            desk.undo(one)
        assert desk.batch(one).undo_operation_id is None
    desk.change("UPDATE orders SET status = 'invoiced' WHERE number = 'A1'")
    third = bring(desk, [(*ROWS[1][:3], 71, "9.99"), ("A6", *ROWS[0][1:])], on_duplicate=OnDuplicate.UPDATE)
    assert _can_undo(desk, third)
    assert desk.undone(third).succeeded == 1
    assert not _can_undo(desk, third)


def test_an_upload_that_brought_nothing_in_is_not_undone(desk: Desk) -> None:
    refused = bring(desk, [("A1", "Customer 1", "S-1", 1, "no price")])
    bring(desk)
    skipped = bring(desk, on_duplicate=OnDuplicate.SKIP)
    for batch_id in (refused, skipped):
        assert not _can_undo(desk, batch_id)
        with pytest.raises(NothingToUndo, match=f"Batch {batch_id} has brought nothing in"):
            desk.undo(batch_id)
    assert len(desk.numbers()) == 5


def _can_undo(desk: Desk, batch_id: int) -> bool:
    with desk.importer.transaction() as conn:
        return service.find_undo_hindrance(conn, service.get_batch(conn, batch_id=batch_id)) is None


def test_an_order_that_is_gone_is_not_called_kept(desk: Desk) -> None:
    batch_id = bring(desk)
    undo = desk.undo(batch_id)
    desk.importer.step(undo)
    desk.importer.step(undo)
    assert desk.importer.rows("SELECT count(*) AS n FROM operation_items")[0]["n"] == 5
    desk.change("DELETE FROM order_lines; DELETE FROM orders WHERE number = 'A1'")
    assert desk.end(undo).skipped == 1
    assert desk.kept(batch_id) == {"A1": "already_gone"}
    assert desk.batch(batch_id).kept_orders == 0


def test_an_order_taken_over_in_mid_undo_is_kept(desk: Desk) -> None:
    batch_id = bring(desk)
    undo = desk.undo(batch_id)
    desk.importer.step(undo)
    desk.importer.step(undo)
    bring(desk, [("A4", "Customer 4", "S-4", 40, "9.99")], on_duplicate=OnDuplicate.UPDATE)
    assert (desk.end(undo).succeeded, desk.kept(batch_id)) == (4, {"A4": "taken_over"})
    assert desk.findings() == {}


def test_a_batch_undone_as_a_whole_does_not_block_its_file_and_a_partly_undone_one_does(desk: Desk) -> None:
    batch_id = bring(desk, allow_duplicate=False)
    with pytest.raises(DuplicateFile):
        bring(desk, allow_duplicate=False)
    desk.undone(batch_id)
    again = bring(desk, allow_duplicate=False)
    assert desk.numbers() == {row[0] for row in ROWS}
    desk.change("UPDATE orders SET status = 'invoiced' WHERE number = 'A1'")
    desk.undone(again)
    with pytest.raises(DuplicateFile):
        bring(desk, allow_duplicate=False)


def test_a_batch_in_processing_is_not_undone(desk: Desk) -> None:
    operation = desk.importer.upload(ROWS)
    with pytest.raises(BatchBusy, match="Cancel operation"):
        desk.undo(operation.payload["batchId"])


def test_twice_is_refused_while_it_runs_and_after_its_end(desk: Desk) -> None:
    batch_id = bring(desk)
    undo = desk.undo(batch_id)
    with pytest.raises(BatchBusy, match="just being undone"):
        desk.undo(batch_id)
    with pytest.raises(BatchBusy, match="just being undone"):
        _delete(desk, batch_id)
    desk.end(undo)
    with pytest.raises(BatchUndone, match="5 orders were removed, and nothing of it is left"):
        desk.undo(batch_id)


def test_one_order_is_told_as_one(desk: Desk) -> None:
    batch_id = bring(desk, ROWS[:1])
    desk.undone(batch_id)
    with pytest.raises(BatchUndone, match="undone already: 1 order was removed, and nothing of it is left"):
        desk.undo(batch_id)


def test_what_was_kept_goes_by_a_second_undo_when_it_is_free(desk: Desk) -> None:
    office = Office(desk.importer.database, desk.owner, desk.importer.context)
    batch_id = bring(desk)
    found = desk.importer.rows("SELECT id FROM orders WHERE number IN ('A1', 'A2') ORDER BY number")
    invoices = _invoice(office, [row["id"] for row in found])
    assert (desk.undone(batch_id).succeeded, desk.kept(batch_id)) == (3, {"A1": "invoiced", "A2": "invoiced"})
    with office.transaction() as conn:
        invoicing.void_invoice(conn, office.context, invoice_id=invoices[0], reason="Wrong file")
    second = desk.undo(batch_id)
    assert (desk.batch(batch_id).undone_at, desk.batch(batch_id).kept_orders) == (None, 2)
    with pytest.raises(BatchBusy, match="just being undone"):
        desk.undo(batch_id)
    ended = desk.end(second)
    assert (ended.total, ended.succeeded, desk.kept(batch_id)) == (2, 1, {"A2": "invoiced"})
    assert desk.numbers() == {"A2"}
    assert (desk.batch(batch_id).undone_orders, desk.batch(batch_id).kept_orders) == (4, 1)
    assert (desk.findings(), office.is_sound()) == ({}, True)
    with office.transaction() as conn:
        invoicing.credit_invoice(conn, office.context, invoice_id=invoices[1], reason="Returned", now=NOON)
    assert desk.undone(batch_id).succeeded == 1
    assert (desk.numbers(), desk.batch(batch_id).undone_orders, desk.batch(batch_id).kept_orders) == (set(), 5, 0)
    with pytest.raises(BatchUndone, match="nothing of it is left"):
        desk.undo(batch_id)
    asked = desk.importer.rows("SELECT count(*) AS n FROM audit_entries WHERE action = 'order_batch.undo'")
    assert (asked[0]["n"], desk.findings()) == (3, {})


def test_an_undo_that_another_one_followed_is_not_retried(desk: Desk) -> None:
    batch_id = bring(desk)
    first = desk.undo(batch_id)
    desk.importer.step(first)
    desk.importer.step(first)
    _ask(desk, "cancel", first.id)
    desk.end(first)
    second = desk.undo(batch_id)
    with pytest.raises(BatchUndone, match=f"undone again by operation {second.id}"):
        _ask(desk, "retry", first.id)
    assert (desk.end(second).succeeded, desk.findings()) == (5, {})


def test_a_second_undo_that_is_cancelled_loses_no_count(desk: Desk) -> None:
    batch_id = bring(desk)
    desk.change("UPDATE orders SET status = 'invoiced' WHERE number IN ('A1', 'A2')")
    desk.undone(batch_id)
    second = desk.undo(batch_id)
    _ask(desk, "cancel", second.id)
    assert desk.end(second).status is Status.CANCELLED
    batch = desk.batch(batch_id)
    assert (batch.undone_orders, batch.kept_orders, batch.undone_at) == (3, 2, None)
    assert (desk.undone(batch_id).skipped, desk.findings()) == (2, {})


def test_an_order_that_was_changed_after_its_invoice_was_voided_is_kept(desk: Desk) -> None:
    office = Office(desk.importer.database, desk.owner, desk.importer.context)
    batch_id = bring(desk)
    found = desk.importer.rows("SELECT id FROM orders WHERE number = 'A1'")
    (invoice_id,) = _invoice(office, [found[0]["id"]])
    with office.transaction() as conn:
        invoicing.void_invoice(conn, office.context, invoice_id=invoice_id, reason="Wrong file")
    desk.change("UPDATE orders SET notes = 'call first', updated_at = now() WHERE number = 'A1'")
    assert (desk.undone(batch_id).succeeded, desk.kept(batch_id)) == (4, {"A1": "changed_since"})


def test_a_cancelled_undo_may_be_started_again_or_retried(desk: Desk) -> None:
    batch_id = bring(desk)
    first = desk.undo(batch_id)
    _ask(desk, "cancel", first.id)
    assert desk.end(first).status is Status.CANCELLED
    assert desk.batch(batch_id).undone_at is None
    second = desk.undo(batch_id)
    desk.importer.step(second)
    desk.importer.step(second)
    _ask(desk, "cancel", second.id)
    assert desk.end(second).cancelled == 5
    assert (desk.batch(batch_id).undone_orders, desk.batch(batch_id).kept_orders) == (0, 5)
    assert desk.findings() == {}
    _ask(desk, "retry", second.id)
    assert desk.end(second).succeeded == 5
    assert desk.batch(batch_id).undone_at is not None
    assert desk.findings() == {}


def test_what_was_undone_is_not_brought_in_again_by_a_retry_of_the_import(desk: Desk) -> None:
    batch_id = bring(desk, [*ROWS, ("", "Nobody", "S", 1, "1")])
    desk.undone(batch_id)
    batch = desk.batch(batch_id)
    assert batch.operation_id is not None
    with pytest.raises(BatchUndone):
        _ask(desk, "retry", batch.operation_id)


def test_a_batch_may_be_deleted_after_its_undo_and_then_its_undo_is_not_retried(desk: Desk) -> None:
    batch_id = bring(desk)
    undo = desk.undo(batch_id)
    desk.importer.step(undo)
    desk.importer.step(undo)
    _ask(desk, "cancel", undo.id)
    desk.end(undo)
    _delete(desk, batch_id)
    assert desk.numbers() == set()
    with pytest.raises(BatchNotFound):
        desk.undo(batch_id)
    with pytest.raises(BatchDeleted):
        _ask(desk, "retry", undo.id)
    assert desk.findings() == {}


def test_customers_and_items_that_the_upload_made_stay(desk: Desk) -> None:
    desk.undone(bring(desk))
    counts = desk.importer.rows("SELECT (SELECT count(*) FROM customers) AS c, (SELECT count(*) FROM items) AS i")
    assert counts == [{"c": 5, "i": 5}]


def test_each_bucket_can_be_asked_for(desk: Desk) -> None:
    batch_id = bring(desk)
    with desk.importer.database.transaction(desk.importer.context.organization_id) as conn, pytest.raises(NotUndone):
        service.look_at_undo(conn, batch_id=batch_id, outcome=None, limit=10, offset=0)
    desk.change("UPDATE orders SET status = 'cancelled' WHERE number = 'A2'")
    desk.undone(batch_id)
    for outcome, numbers in (
        (Outcome.REVERSED, ["A1", "A3", "A4", "A5"]),
        (Outcome.KEPT, ["A2"]),
        (Outcome.ERRORED, []),
    ):
        with desk.importer.database.transaction(desk.importer.context.organization_id) as conn:
            report = service.look_at_undo(conn, batch_id=batch_id, outcome=outcome, limit=10, offset=0)
        assert ([row["number"] for row in report.orders], report.total) == (numbers, len(numbers))


def test_a_foreign_batch_looks_like_an_unknown_one(
    desk: Desk, database: Database, organization: Callable[..., Organization]
) -> None:
    batch_id = bring(desk)
    other = organization(name="Other").context()
    with database.transaction(other.organization_id) as conn, pytest.raises(BatchNotFound):
        service.undo_batch(conn, other, desk.importer.operations, batch_id=batch_id)
    with database.transaction(other.organization_id) as conn, pytest.raises(BatchNotFound):
        service.look_at_undo(conn, batch_id=batch_id, outcome=None, limit=10, offset=0)


def _invoice(office: Office, order_ids: list[int]) -> list[int]:
    items = office.items(office.invoice(order_ids))
    return [item.result["invoiceId"] for item in items if item.result]


def _ask(desk: Desk, verb: str, operation_id: int) -> None:
    importer = desk.importer
    with importer.database.transaction(importer.context.organization_id) as conn:
        if verb == "cancel":
            importer.operations.cancel(conn, importer.context, operation_id=operation_id)
        else:
            importer.operations.retry(conn, importer.context, operation_id=operation_id, code=None)


def _delete(desk: Desk, batch_id: int) -> None:
    importer = desk.importer
    with importer.database.transaction(importer.context.organization_id) as conn:
        service.delete_batch(conn, importer.context, importer.operations, batch_id=batch_id)


def test_an_order_that_cannot_be_removed_is_errored_and_the_others_go(desk: Desk) -> None:
    batch_id = bring(desk)
    desk.change(
        "CREATE TABLE clinging (organization_id bigint, order_id bigint, "
        "FOREIGN KEY (organization_id, order_id) REFERENCES orders); "
        "INSERT INTO clinging SELECT organization_id, id FROM orders WHERE number = 'A3'"
    )
    undo = desk.undo(batch_id)
    ended = desk.end(undo)
    assert (ended.status, ended.succeeded, ended.failed) == (Status.COMPLETED_WITH_ERRORS, 4, 1)
    assert desk.numbers() == {"A3"}
    batch = desk.batch(batch_id)
    assert (batch.undone_orders, batch.kept_orders, batch.undone_at) == (4, 1, None)
    assert desk.findings() == {}
    desk.change("DROP TABLE clinging")
    _ask(desk, "retry", undo.id)
    assert desk.end(undo).status is Status.COMPLETED
    assert (desk.numbers(), desk.batch(batch_id).undone_orders) == (set(), 5)
    assert desk.findings() == {}


def test_a_cancelled_upload_is_undone_too(desk: Desk) -> None:
    operation = desk.importer.upload(ROWS)
    for _ in range(40):
        desk.importer.step(operation)
        if desk.numbers():
            break
    _ask(desk, "cancel", operation.id)
    assert desk.end(operation).status is Status.CANCELLED
    batch = desk.batch(operation.payload["batchId"])
    assert (batch.status, batch.successful_orders) == ("failed", 5)
    assert desk.undone(batch.id).succeeded == 5
    assert desk.numbers() == set()
    assert desk.findings() == {}


def test_undone_orders_no_longer_count_as_imported(desk: Desk) -> None:
    bring(desk)
    batch_id = bring(desk, [("B1", "Customer 1", "S-1", 1, "9.99")])
    desk.undone(batch_id)
    with desk.importer.database.transaction(desk.importer.context.organization_id) as conn:
        assert service.get_stats(conn).total_orders_imported == 5


def _troubled(desk: Desk) -> list[tuple[str, str]]:
    """What needs a hand, by label and kind."""
    with desk.importer.transaction() as conn:
        found = watching.list_troubled(conn, since=datetime.now(UTC) - timedelta(days=7), limit=10)
    return [(operation.label, operation.kind) for operation in found]


def test_an_upload_that_was_undone_needs_no_hand_and_is_not_left_as_failed(desk: Desk) -> None:
    rows = [*ROWS, ("B1", "Customer 1", "S-1", 0, "9.99")]
    batch_id = bring(desk, rows)
    assert len(_troubled(desk)) == 1
    desk.undone(batch_id)
    assert _troubled(desk) == []
    desk.change(f"UPDATE order_batches SET status = 'failed', failure = 'It was.' WHERE id = {batch_id}")
    with desk.importer.transaction() as conn:
        stats = service.get_stats(conn)
    assert (stats.failed_batches, stats.left_failed_batches) == (1, 0)


def test_a_dry_run_needs_no_hand_once_its_file_came_in(desk: Desk) -> None:
    rows = [*ROWS, ("B1", "Customer 1", "S-1", 0, "9.99")]
    dry = desk.importer.bring_in(rows, dry_run=True).operation
    assert _troubled(desk) == [(dry.label, dry.kind)]
    batch_id = bring(desk)
    assert _troubled(desk) == []
    desk.undone(batch_id)
    desk.importer.bring_in(rows, dry_run=True)
    assert _troubled(desk) == [(dry.label, dry.kind)]


def test_an_upload_of_bad_rows_alone_is_no_matter_of_the_operators(desk: Desk) -> None:
    found = desk.importer.bring_in([("A1", "Customer 1", "S-1", "many", "9.99")])
    assert (found.operation.status, found.operation.error_code) == (Status.FAILED, "all_failed")
    channels = {row["channel"] for row in desk.importer.rows("SELECT channel FROM notifications")}
    assert "mail" in channels
    assert "alert" not in channels
