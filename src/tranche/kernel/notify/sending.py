"""Sending what is due: lease and commit, cause the effect with no open transaction, record."""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final
from uuid import UUID, uuid4

import structlog

from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Unavailable
from tranche.kernel.notify.carriers import WRONG_KEY, AlertCarrier, Carrier
from tranche.kernel.notify.domain import (
    PAUSES,
    TEST_EVENT,
    Channel,
    Endpoint,
    Notification,
    Outcome,
    Status,
    again,
    in_doubt,
    pause_after,
)
from tranche.kernel.notify.queries import endpoints, leases, notifications
from tranche.kernel.notify.service.outbox import alert

log = structlog.get_logger(__name__)

LEASE_SECONDS: Final = 60.0
MOST_FAILURES: Final = 10
PATIENCE_SECONDS: Final = 5 * 86_400.0

_MOST_ORGANIZATIONS: Final = 1_000
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_GONE: Final = "The receiver answered 410: it wants no more events."
_HOPELESS: Final = "Every delivery has failed for five days."


class Postman:
    """Sends what is due in one channel, one thing after another; several may work side by side."""

    def __init__(self, database: Database, carrier: Carrier, *, domain: str, jitter: Callable[[], float]) -> None:
        """`domain` ends the Message-IDs; `jitter` gives numbers between -1 and 1."""
        self._db = database
        self._carrier = carrier
        self._domain = domain
        self._jitter = jitter

    @property
    def channel(self) -> Channel:
        """What this postman carries."""
        return self._carrier.channel

    def drain(self, *, should_stop: Callable[[], bool]) -> int:
        """Send until nothing is due, one for each organization in turn; how many attempts that were.

        Raises:
            Unavailable: the database is away.
        """
        count = 0
        try:
            while not should_stop():
                with self._db.transaction(None) as conn:
                    due = leases.list_due(conn, channel=self.channel, most=_MOST_ORGANIZATIONS)
                carried = sum(self._carry_one(number) for number in due if not should_stop())
                if not carried:
                    return count
                count += carried
        finally:
            self._carrier.close()
        return count

    def _carry_one(self, organization_id: int) -> bool:
        lease = uuid4()
        with self._db.transaction(organization_id) as conn:
            self._settle(conn)
            sending = leases.lease_next(
                conn,
                channel=self.channel,
                lease=lease,
                seconds=LEASE_SECONDS,
                domain=self._domain,
                only_healthy=self._carrier.only_healthy,
            )
            endpoint = _endpoint_of(conn, sending)
        if sending is None:
            return False
        began = time.monotonic()
        outcome = self._effect(sending, endpoint)
        duration_ms = int((time.monotonic() - began) * 1000)
        self._record_surely(sending, lease, outcome, duration_ms=duration_ms, kept_until=began + LEASE_SECONDS)
        return True

    def _settle(self, conn: Connection) -> None:
        most = len(PAUSES[self.channel]) + 1 if self._carrier.is_repeatable else 0
        for lapsed in leases.settle_lapsed(conn, channel=self.channel, most_attempts=most):
            outcome = in_doubt(leases.LOST)
            leases.insert_attempt(
                conn, sending=lapsed, outcome=outcome, duration_ms=0, pause=0.0 if lapsed.status == "pending" else None
            )
            log.warning("notify.lapsed", channel=self.channel.value, id=lapsed.id, status=lapsed.status.value)
        if isinstance(self._carrier, AlertCarrier):
            leases.spread_alerts(conn, destinations=self._carrier.destinations)

    def _effect(self, sending: Notification, endpoint: Endpoint | None) -> Outcome:
        try:
            return self._carrier.carry(sending, endpoint)
        except Exception as error:  # one bad notification must not end the thread
            log.exception("notify.fault", channel=self.channel.value, id=sending.id)
            text = f"An unexpected fault ({type(error).__name__}) came up; the log of the worker says where."
            return again("unexpected", text) if self._carrier.is_repeatable else in_doubt(text)

    def _record_surely(
        self, sending: Notification, lease: UUID, outcome: Outcome, *, duration_ms: int, kept_until: float
    ) -> None:
        """What was done outside must not be forgotten because the database is away for a moment."""
        pause = _FIRST_PAUSE
        while True:
            try:
                with self._db.transaction(sending.organization_id) as conn:
                    self._record(conn, sending, lease, outcome, duration_ms=duration_ms)
            except Unavailable:
                if time.monotonic() + pause > kept_until:
                    raise
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return

    def _record(
        self, conn: Connection, sending: Notification, lease: UUID, outcome: Outcome, *, duration_ms: int
    ) -> None:
        number = sending.endpoint_id
        endpoint = endpoints.lock_endpoint(conn, endpoint_id=number) if number is not None else None
        if endpoint is not None and sending.event != TEST_EVENT and not (endpoint.is_enabled or outcome.is_sent):
            outcome = replace(outcome, is_permanent=True)
        if sending.event == TEST_EVENT:
            outcome = replace(outcome, is_permanent=not outcome.is_sent)
        pause = pause_after(self.channel, attempts=sending.attempts, outcome=outcome, jitter=self._jitter())
        is_ours = leases.record(
            conn,
            sending=sending,
            lease=lease,
            outcome=outcome,
            status=_status(outcome, pause),
            pause=pause,
            duration_ms=duration_ms,
        )
        if not outcome.is_sent:
            log.warning("notify.not_sent", channel=self.channel.value, id=sending.id, reason=outcome.error_code)
        if is_ours and endpoint is not None and outcome.error_code != WRONG_KEY:  # which is not the endpoint's fault
            _judge_endpoint(conn, sending, outcome)


def _endpoint_of(conn: Connection, sending: Notification | None) -> Endpoint | None:
    if sending is None or sending.endpoint_id is None:
        return None
    return endpoints.find_endpoint(conn, endpoint_id=sending.endpoint_id)


def _status(outcome: Outcome, pause: float | None) -> Status:
    if outcome.is_sent:
        return Status.SENT
    if outcome.is_unknown:
        return Status.UNKNOWN
    return Status.FAILED if pause is None else Status.PENDING


def _judge_endpoint(conn: Connection, sending: Notification, outcome: Outcome) -> None:
    """Count failures in a row, and stop asking who has not answered for days or wants no more."""
    number = sending.endpoint_id or 0
    if outcome.is_sent:
        endpoints.clear_failures(conn, endpoint_id=number)
        return
    is_hopeless = endpoints.count_failure(
        conn, endpoint_id=number, most=MOST_FAILURES, patience_seconds=PATIENCE_SECONDS
    )
    if not (is_hopeless or outcome.is_gone):
        return
    reason = _GONE if outcome.is_gone else _HOPELESS
    if endpoints.disable(conn, endpoint_id=number, reason=reason):
        notifications.end_waiting(
            conn, endpoint_id=number, code="webhook_disabled", error=f"The webhook was disabled. {reason}"
        )
        text = f"Webhook {number} of organization {sending.organization_id} was disabled. {reason}"
        alert(conn, event="webhook.disabled", text=text)
