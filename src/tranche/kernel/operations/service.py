"""The public door to operations: start, look, cancel, pause, resume, retry."""

import re
from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID, uuid4

from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Invalid
from tranche.kernel.jobs.queue import Queue
from tranche.kernel.operations import dispatch
from tranche.kernel.operations.domain import Item, Operation, OperationNotFound, Status, WrongState
from tranche.kernel.operations.handlers import Handler, Registry
from tranche.kernel.operations.items import retry_items
from tranche.kernel.operations.queries import blocks, items, operations, progress
from tranche.kernel.operations.queries.listing import ITEMS, OPERATIONS
from tranche.kernel.operations.queries.operations import Detail, operation_of

__all__ = ["ITEMS", "OPERATIONS", "Operations", "operation_of"]

_MOST_DIGITS = 18
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_RAISED_PRIORITY = 10


class Operations:
    """The verbs on operations for one process; it knows the kinds and the queue."""

    def __init__(self, queue: Queue, registry: Registry) -> None:
        self._queue = queue
        self._registry = registry

    def start(
        self,
        conn: Connection,
        ctx: Context,
        *,
        kind: str,
        label: str,
        payload: dict[str, Any],
        references: Sequence[int] | None = None,
        wanted: int | None = None,
        gradual: bool = False,
        phase: str | None = None,
        urgency: int = 0,
        is_small: bool = False,
    ) -> Operation:
        """Make an operation and its first slice in the caller's transaction.

        `references` become its items in that order, or the `wanted` rows of the TEMP table
        `wanted_items(position, reference, label)`; a kind with a ledger of its own has neither. With `gradual`,
        for an ItemPhase, what is not near stays in blocks, which cost little. `phase` passes over the phases
        before it. The first slice is raised, by `urgency` more or less, so that new work does not wait behind
        what has begun; that of small work, which one slice should end, goes the express way.
        """
        handler = self._handler(kind)
        operation = operations.insert_operation(
            conn,
            uuid=uuid4(),
            kind=kind,
            label=label,
            phase=handler.phase(phase).name if phase else handler.phases[0].name,
            priority=urgency,
            total=len(references or ()) if wanted is None else wanted,
            payload=payload,
            created_by=ctx.user_id,
            created_by_name=ctx.user_name,
        )
        if references:
            items.insert_items(conn, operation_id=operation.id, stage=operation.phase, references=list(references))
        if wanted is not None:
            keep = blocks.freeze_placed if gradual else items.insert_placed
            keep(conn, operation_id=operation.id, stage=operation.phase)
        operations.insert_event(conn, operation_id=operation.id, event="created", actor=ctx.user_name)
        self._wake(conn, operation, priority=_RAISED_PRIORITY + urgency, express=is_small)
        return operation

    def wake(self, conn: Connection, ctx: Context) -> int:
        """Give every operation of the caller's organization a slice that has work and none; returns how many."""
        return dispatch.wake(conn, self._queue, organization_id=ctx.organization_id)

    @property
    def kinds(self) -> list[str]:
        """All kinds that this release knows, in the order of their names."""
        return sorted(handler.kind for handler in self._registry)

    def units_of(self, operation: Operation) -> dict[str, str]:
        """The phases of its kind in their order, and what each counts, such as rows or orders."""
        handler = self._registry.find(operation.kind)
        return {phase.name: phase.unit for phase in handler.phases} if handler else {}

    def can_retry(self, operation: Operation) -> bool:
        """Whether a retry would have something to do, as far as the operation itself tells."""
        handler = self._registry.find(operation.kind)
        is_needed = operation.status in {Status.FAILED, Status.CANCELLED, Status.COMPLETED_WITH_ERRORS}
        return is_needed and handler is not None and handler.retry is not None

    def cancel(self, conn: Connection, ctx: Context, *, operation_id: int) -> Operation:
        """End between chunks; what is done stays done. A second call changes nothing.

        Raises:
            OperationNotFound, WrongState: it has already ended in another way.
        """
        operation = lock_operation(conn, operation_id=operation_id)
        if operation.status in {Status.CANCELLING, Status.CANCELLED}:
            return operation
        if operation.status.is_terminal:
            raise WrongState(
                f"Operation {operation_id} has already ended ({operation.status}); it cannot be cancelled."
            )
        return self._move(conn, ctx, operation, Status.CANCELLING, event="cancel_requested", action="cancel")

    def pause(self, conn: Connection, ctx: Context, *, operation_id: int) -> Operation:
        """Hand out no further chunk until `resume`. A second call changes nothing.

        Raises:
            OperationNotFound, WrongState: it has ended or is being cancelled.
        """
        operation = lock_operation(conn, operation_id=operation_id)
        if operation.status is Status.PAUSED:
            return operation
        if operation.status not in {Status.PENDING, Status.PROCESSING}:
            raise WrongState(f"Operation {operation_id} is {operation.status}; only running work can be paused.")
        return self._move(conn, ctx, operation, Status.PAUSED, event="paused", action="pause")

    def resume(self, conn: Connection, ctx: Context, *, operation_id: int) -> Operation:
        """Go on with paused work. On running work it changes nothing.

        Raises:
            OperationNotFound, WrongState: it has ended or is being cancelled.
        """
        operation = lock_operation(conn, operation_id=operation_id)
        if operation.status in {Status.PENDING, Status.PROCESSING}:
            return operation
        if operation.status is not Status.PAUSED:
            raise WrongState(f"Operation {operation_id} is {operation.status}; only paused work can be resumed.")
        status = Status.PROCESSING if operation.phase_started_at else Status.PENDING
        return self._move(conn, ctx, operation, status, event="resumed", action="resume")

    def retry(
        self,
        conn: Connection,
        ctx: Context,
        *,
        operation_id: int,
        code: str | None,
        positions: Sequence[int] | None = None,
    ) -> Operation:
        """Work again on what failed, all, by error code, or what is unknown of `positions`, in the same operation.

        Raises:
            OperationNotFound, WrongState: it still runs, its kind cannot be retried, or nothing failed.
        """
        operation = lock_operation(conn, operation_id=operation_id)
        handler = self._handler(operation.kind)
        if not operation.status.is_terminal:
            raise WrongState(f"Operation {operation_id} is {operation.status}; wait for its end, then retry.")
        if handler.retry is None:
            raise WrongState(f"Operations of the kind {operation.kind} cannot be retried; start a new one.")
        again = handler.retry if positions is None else partial(retry_items, positions=positions)
        retried = again(conn, operation, code)
        if not retried.phases:
            raise WrongState(f"Operation {operation_id} has no failed items{f' with code {code}' if code else ''}.")
        phase = next(phase.name for phase in handler.phases if phase.name in retried.phases)
        progress.take_back(
            conn,
            operation_id=operation_id,
            phase=phase,
            failed=retried.failed,
            unknown=retried.unknown,
            cancelled=retried.cancelled,
        )
        return self._move(conn, ctx, operation, Status.PENDING, event="retried", action="retry")

    def undo(self, conn: Connection, ctx: Context, *, operation_id: int) -> Operation:
        """Start the operation that takes back what this one did; returns that one.

        Raises:
            OperationNotFound, WrongState: it still runs, or its kind cannot be undone.
            Conflict: the domain's own reasons.
        """
        operation = lock_operation(conn, operation_id=operation_id)
        handler = self._handler(operation.kind)
        if handler.undo is None:
            raise WrongState(f"Operations of the kind {operation.kind} cannot be undone.")
        if not operation.status.is_terminal:
            raise WrongState(
                f"Operation {operation_id} is {operation.status}; cancel it or wait for its end, then undo."
            )
        return handler.undo(conn, ctx, self, operation)

    def redo(
        self, conn: Connection, ctx: Context, *, operation_id: int, event: str, payload: Detail, keeps_counts: bool
    ) -> Operation:
        """Begin an ended operation anew at its first phase, because what it works on has changed.

        The timeline calls it `event`. `payload` is added to what it carries. With `keeps_counts` what it did stays
        counted until it is judged again.

        Raises:
            OperationNotFound, WrongState: it still runs, or its kind never begins anew.
        """
        operation = lock_operation(conn, operation_id=operation_id)
        handler = self._handler(operation.kind)
        if not operation.status.is_terminal:
            raise WrongState(f"Operation {operation_id} is {operation.status}; wait for its end or cancel it first.")
        if handler.redo is None:
            raise WrongState(f"Operations of the kind {operation.kind} cannot begin anew; start a new one.")
        progress.begin_anew(
            conn, operation_id=operation_id, phase=handler.phases[0].name, payload=payload, keeps_counts=keeps_counts
        )
        handler.redo(conn, get_operation(conn, operation_id=operation_id))
        return self._move(conn, ctx, operation, Status.PENDING, event=event, action="redo")

    def _move(
        self, conn: Connection, ctx: Context, operation: Operation, status: Status, *, event: str, action: str
    ) -> Operation:
        operations.set_status(conn, operation_id=operation.id, status=status)
        operations.insert_event(conn, operation_id=operation.id, event=event, actor=ctx.user_name)
        audit.record(conn, ctx, action=f"operation.{action}", subject_id=operation.id, detail={"kind": operation.kind})
        if status is not Status.PAUSED:
            self._wake(conn, operation, priority=0)
        return get_operation(conn, operation_id=operation.id)

    def _wake(self, conn: Connection, operation: Operation, *, priority: int, express: bool = False) -> None:
        dispatch.enqueue(
            conn,
            self._queue,
            organization_id=operation.organization_id,
            operation_id=operation.id,
            priority=priority,
            express=express,
        )

    def _handler(self, kind: str) -> Handler:
        handler = self._registry.find(kind)
        if handler is None:
            raise Invalid(f"This release does not know operations of the kind {kind!r}.", code="unknown_kind")
        return handler


def get_operation(conn: Connection, *, operation_id: int) -> Operation:
    """One operation.

    Raises:
        OperationNotFound
    """
    operation = operations.find_operation(conn, operation_id=operation_id)
    if operation is None:
        raise OperationNotFound.of(operation_id)
    return operation


def lock_operation(conn: Connection, *, operation_id: int) -> Operation:
    """One operation, locked to the end of the transaction; take it before the rows of what it works on.

    Raises:
        OperationNotFound
    """
    operation = operations.lock_operation(conn, operation_id=operation_id)
    if operation is None:
        raise OperationNotFound.of(operation_id)
    return operation


def get_by_reference(conn: Connection, *, reference: str) -> Operation:
    """One operation by its number or its public UUID, as people write them.

    Raises:
        OperationNotFound
    """
    operation = None
    if reference.isascii() and reference.isdigit() and len(reference) <= _MOST_DIGITS:
        operation = operations.find_operation(conn, operation_id=int(reference))
    elif _UUID.fullmatch(reference):
        operation = operations.find_operation_by_uuid(conn, uuid=UUID(reference))
    if operation is None:
        raise OperationNotFound.of(reference)
    return operation


def list_items(
    conn: Connection,
    *,
    operation_id: int,
    statuses: Sequence[str] | None,
    code: str | None,
    after: tuple[int, str] = (0, ""),
    limit: int,
) -> list[Item]:
    """Items of an operation behind the position and stage `after`.

    Raises:
        OperationNotFound
    """
    get_operation(conn, operation_id=operation_id)
    return items.list_items(conn, operation_id=operation_id, statuses=statuses, code=code, after=after, limit=limit)
