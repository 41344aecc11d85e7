"""The stage that sends: one message for each position, by the organization's channel, with the printed files."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tranche.invoicing.bulk.domain import CUSTOMER, SEND
from tranche.invoicing.bulk.drafting import write_drafts
from tranche.invoicing.bulk.reaching import Refusal
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import TrancheError, Unavailable
from tranche.kernel.faults import words_of
from tranche.kernel.notify.domain import Outcome as Answer
from tranche.kernel.operations.domain import MOST_ATTEMPTS, ItemStatus, Operation, Status
from tranche.kernel.operations.handlers import Following, Group, Outcome, OutsideItem
from tranche.messaging import service as messaging
from tranche.messaging.delivery import ACCEPTED, Delivery, Ready
from tranche.messaging.domain import Message, State
from tranche.messaging.service import Attempt

_LEASE: Final = 90.0
_MOST_AT_ONCE: Final = 32
_RETRY_AFTER: Final = (2.0, 10.0, 30.0)


class SendPhase:
    """Outside, not repeatable: a message whose outcome was lost becomes unknown and is not sent again by itself."""

    name = SEND
    unit = "messages"
    parallel = True
    lease_seconds = _LEASE
    batch = 100
    most_at_once = _MOST_AT_ONCE
    repeatable = False
    following: Following = None

    def __init__(self, database: Database, delivery: Delivery) -> None:
        self._db = database
        self._delivery = delivery

    def perform_all(self, operation: Operation, items: Sequence[OutsideItem], *, is_over: Callable[[], bool]) -> Group:
        """Write the messages down, then hand them over. What cannot be written together is written one by one."""
        try:
            ready, refusals = self._write(operation, items)
        except Exception as error:  # noqa: BLE001  # whatever it is, nothing has left yet
            if len(items) > 1:
                return _join([self.perform_all(operation, [item], is_over=is_over) for item in items])
            return Group(outcomes={items[0].position: _unwritten(error)})
        attempts = self._delivery.hand_over(ready, is_over=is_over) if ready else []
        return _sum_up(items, attempts, refusals, ready)

    def lose(self, conn: Connection, operation: Operation, positions: Sequence[int]) -> None:
        """See KeepingPhase: also what was only written down, because a crash of the database may hide that it left."""
        messaging.lose(conn, operation_id=operation.id, positions=positions)

    def _write(self, operation: Operation, items: Sequence[OutsideItem]) -> tuple[Ready | None, Mapping[int, Refusal]]:
        with self._db.transaction(operation.organization_id) as conn:
            drafts, refusals = write_drafts(conn, operation, [item.position for item in items])
            return self._delivery.prepare(conn, drafts=drafts) if drafts else None, refusals


def settle(conn: Connection, operation: Operation, status: Status) -> None:
    """At the end of the operation no message may wait or stand as being sent."""
    del status
    messaging.settle_open(conn, operation_id=operation.id, stage=SEND)


def _sum_up(
    items: Sequence[OutsideItem],
    attempts: Sequence[Attempt],
    refusals: Mapping[int, Refusal],
    ready: Ready | None,
) -> Group:
    tries = {item.position: item.attempts for item in items}
    outcomes = {position: _refused(one) for position, one in refusals.items()}
    for one in attempts:
        if not one.put_off:
            outcomes[_position(one.message)] = _outcome(one, tries=tries[_position(one.message)])

    def note(conn: Connection) -> None:
        messaging.note_outcomes(
            conn, attempts=attempts, may_repeat=lambda message: tries[_position(message)] < MOST_ATTEMPTS
        )

    is_early = ready is not None and ready.turns.count == 0 and any(one.put_off for one in attempts)
    return Group(outcomes=outcomes, note=note, pause=ready.turns.following if ready and is_early else 0.0)


def _join(groups: Sequence[Group]) -> Group:
    def note(conn: Connection) -> None:
        for group in groups:
            group.note(conn)

    outcomes = {position: outcome for group in groups for position, outcome in group.outcomes.items()}
    return Group(outcomes=outcomes, note=note, pause=max(group.pause for group in groups))


def _position(message: Message) -> int:
    if message.position is None:
        raise ValueError("a message of an operation has a position")
    return message.position


def _refused(refusal: Refusal) -> Outcome:
    result = None if refusal.customer_id is None else {CUSTOMER: refusal.customer_id}
    return Outcome(status=ItemStatus.FAILED, error_code=refusal.code, error=refusal.message, result=result)


def _unwritten(error: Exception) -> Outcome:
    """Nothing has left, so that a fault that may pass can be tried again."""
    code, text = words_of(error)
    is_final = isinstance(error, TrancheError) and not isinstance(error, Unavailable)
    pause = None if is_final else _RETRY_AFTER[0]
    return Outcome(status=ItemStatus.FAILED, error_code=code, error=text, retry_after=pause)


def _outcome(attempt: Attempt, *, tries: int) -> Outcome:
    message, answer = attempt.message, attempt.outcome
    if answer is None and message.status in ACCEPTED:
        return _accepted(message, message.provider_id)
    if answer is None and message.status is State.BOUNCED:
        error, result = message.error or "The message bounced.", {"messageId": message.id}
        return Outcome(status=ItemStatus.FAILED, error_code="bounced", error=error, result=result)
    if answer is None:
        text = f"Message {message.id} is {message.status}; it is not sent again by itself."
        return Outcome(status=ItemStatus.UNKNOWN, error_code="unknown_outcome", error=text)
    if answer.is_sent:
        return _accepted(message, answer.provider_id)
    error, result = answer.error or "The message was not sent.", {"messageId": message.id}
    if answer.is_unknown:
        return Outcome(status=ItemStatus.UNKNOWN, error_code=answer.error_code, error=error, result=result)
    return Outcome(
        status=ItemStatus.FAILED,
        error_code=answer.error_code,
        error=error,
        result=result,
        retry_after=_pause(answer, tries=tries),
    )


def _accepted(message: Message, provider_id: str | None) -> Outcome:
    return Outcome(status=ItemStatus.SUCCEEDED, result={"messageId": message.id, "providerId": provider_id})


def _pause(answer: Answer, *, tries: int) -> float | None:
    if answer.is_permanent:
        return None
    return max(answer.retry_after or 0.0, _RETRY_AFTER[min(tries, len(_RETRY_AFTER)) - 1])
