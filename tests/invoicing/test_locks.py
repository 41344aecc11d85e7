"""Invoicing beside what takes orders away: whoever comes second waits, and neither is sent back."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.invoicing.office import NOON, Office
from tranche.invoicing.domain import Maker, Terms, Wishes
from tranche.invoicing.queries import gathering
from tranche.invoicing.service import freeze_terms, issue, judge_to_issue
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.items import try_items
from tranche.orders import service as orders
from tranche.orders.domain import InvoicedOrders
from tranche.orders.queries import undoing

_SECONDS = 20
_WAITING = "SELECT FROM pg_locks WHERE NOT granted"


class Beside:
    """Work in a thread of its own; `answer` is what it returned or raised."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self.answer: Any = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.answer = self._work()
        except Exception as error:  # noqa: BLE001  # the test looks at it
            self.answer = error

    def wait_until_it_waits(self, owner: Connection) -> None:
        ends = time.monotonic() + _SECONDS
        while not owner.execute(_WAITING).fetchall():
            assert time.monotonic() < ends, f"it waits for nobody: {self.answer!r}"
            time.sleep(0.01)

    def join(self) -> Any:
        self._thread.join(_SECONDS)
        assert not self._thread.is_alive()
        return self.answer


@pytest.fixture
def batch(office: Office) -> tuple[int, list[int]]:
    """An order batch and its two orders."""
    (row,) = office.rows(
        """
        INSERT INTO order_batches (organization_id, user_id, file_name, status, completed_at, total_orders,
            successful_orders)
        VALUES (current_organization(), %(user_id)s, 'a.xlsx', 'completed', now(), 2, 2) RETURNING id
        """,
        user_id=office.context.user_id,
    )
    return row["id"], office.orders(2, batch_id=row["id"])


def _terms(conn: Connection, office: Office) -> Terms:
    return freeze_terms(conn, office.context, wishes=Wishes(), now=NOON)


def _chunk(conn: Connection, order_ids: list[int]) -> None:
    gathering.want_listed(conn, order_ids=order_ids)
    try_items(conn)


def test_invoicing_waits_for_the_undo_of_an_upload_and_neither_stops_the_other(
    office: Office, batch: tuple[int, list[int]]
) -> None:
    batch_id, ids = batch
    office.rows("UPDATE order_batches SET undo_operation_id = %(id)s RETURNING id", id=office.start(ids).id)

    def judge() -> list[str]:
        with office.transaction() as conn:
            _chunk(conn, ids)
            judge_to_issue(conn, terms=_terms(conn, office))
            return [row["error_code"] for row in conn.execute("SELECT error_code FROM pg_temp.verdicts").fetchall()]

    with office.transaction() as conn:
        _chunk(conn, ids)
        undoing.hold(conn)
        undoing.judge(conn, batch_id=batch_id)
        beside = Beside(judge)
        beside.wait_until_it_waits(office.owner)
        undoing.remove(conn, batch_id=batch_id)
    assert beside.join() == ["order_not_found"] * 2
    assert office.rows("SELECT undone_orders FROM order_batches") == [{"undone_orders": 2}]


def test_a_batch_is_not_deleted_while_its_orders_are_being_invoiced(
    office: Office, batch: tuple[int, list[int]]
) -> None:
    batch_id, ids = batch

    def delete() -> orders.Deleted:
        with office.transaction() as conn:
            return orders.delete_batch(conn, office.context, office.operations, batch_id=batch_id)

    with office.transaction() as conn:
        terms = _terms(conn, office)
        _chunk(conn, ids)
        judge_to_issue(conn, terms=terms)
        deletion = Beside(delete)
        deletion.wait_until_it_waits(office.owner)
        issue(conn, office.context, terms=terms, maker=Maker(user_id=office.context.user_id))
    refusal = deletion.join()
    assert isinstance(refusal, InvoicedOrders), refusal
    assert len(office.numbers()) == 2
    assert office.is_sound()
