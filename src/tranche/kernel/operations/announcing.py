"""What an operation's end puts out, in its own transaction: a mail to its starter, webhooks, an alert."""

from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog

from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import Invalid
from tranche.kernel.notify import service as notify
from tranche.kernel.notify.domain import without_control
from tranche.kernel.operations.domain import HALF_DONE, Operation, Status
from tranche.kernel.operations.queries import starters

log = structlog.get_logger(__name__)

LONG: Final = timedelta(seconds=10)  # who has waited so long has turned to something else

_ENDED: Final = {
    Status.COMPLETED: "is done",
    Status.COMPLETED_WITH_ERRORS: "is done, with errors",
    Status.FAILED: "has failed",
    Status.CANCELLED: "was cancelled",
}
_LONGEST_LABEL: Final = 100


def announce(conn: Connection, operation: Operation, *, alerts: bool) -> None:
    """Put everything out that somebody wants to hear of an operation that has just ended.

    `alerts` says whether its failure is the operators' matter: bad rows are not.
    """
    ended_at = operation.finished_at or operation.updated_at
    notify.publish(conn, event=f"operation.{operation.status}", data=event_data(operation), at=ended_at)
    if _is_failure(operation) and alerts:
        ended = f"failed: {operation.error_code or 'failed'}"
        if operation.is_half_done:
            ended = "did nothing to the end, though its first steps succeeded"
        text = f"Operation {operation.id} ({operation.kind}) of organization {operation.organization_id} {ended}."
        notify.alert(conn, event="operation.failed", text=text)
    if operation.created_by is not None:
        _mail(conn, operation, user_id=operation.created_by, ended_at=ended_at)


def wants_mail(operation: Operation, *, wish: str) -> bool:
    """`auto`: what took longer than ten seconds or failed, unless a person ended it; else `always` or `never`."""
    if wish != "auto":
        return wish == "always"
    if _is_failure(operation):
        return True
    waited = (operation.finished_at or operation.updated_at) - operation.created_at
    return operation.status is not Status.CANCELLED and waited > LONG


def event_data(operation: Operation) -> dict[str, Any]:
    """The `data` of an event, under the names that /api/operations uses."""
    error = None
    if operation.error is not None:
        error = {"code": operation.error_code or "failed", "message": operation.error}
    return {
        "id": operation.id,
        "uuid": str(operation.uuid),
        "kind": operation.kind,
        "label": operation.label,
        "dryRun": operation.is_dry_run,
        "status": operation.status.value,
        "version": operation.version,
        "total": operation.total,
        "succeeded": operation.succeeded,
        "failed": operation.failed,
        "skipped": operation.skipped,
        "cancelled": operation.cancelled,
        "unknown": operation.unknown,
        "error": error,
        "createdBy": {"id": operation.created_by, "name": operation.created_by_name},
        "createdAt": _instant(operation.created_at),
        "startedAt": _instant(operation.started_at),
        "finishedAt": _instant(operation.finished_at),
        "links": {"self": f"/api/operations/{operation.id}"},
    }


def write_mail(operation: Operation, *, name: str, ended_at: datetime, zone: str) -> tuple[str, str]:
    """Subject and text for the person who started it."""
    what = _what(operation)
    ended = _ENDED[operation.status]
    lines = [
        f"Hello {name},",
        "",
        f"your {what}, operation {operation.id}, {ended}.",
        "",
        *_counts(operation),
        *([HALF_DONE] if operation.is_half_done else []),
        *([f"Reason: {without_control(operation.error)}"] if operation.error else []),
        f"Started {_moment(operation.created_at, zone)}, ended {_moment(ended_at, zone)} ({zone}).",
        "",
    ]
    return f"Your {what} {ended}", "\n".join(lines)


def _is_failure(operation: Operation) -> bool:
    """Whether nothing came to its end, which people want to know at once."""
    return operation.status is Status.FAILED or operation.is_half_done


def _mail(conn: Connection, operation: Operation, *, user_id: int, ended_at: datetime) -> None:
    starter = starters.find_starter(conn, user_id=user_id)
    if starter is None or not wants_mail(operation, wish=starter["operation_mails"]):
        return
    name = without_control(starter["name"])
    subject, text = write_mail(operation, name=name, ended_at=ended_at, zone=starter["zone"])
    try:
        notify.put_mail(
            conn,
            event=f"operation.{operation.status}",
            address=starter["email"],
            name=name,
            subject=subject,
            text=text,
            link=f"/operations/{operation.id}",
        )
    except Invalid as error:  # the operation has ended, whatever the address is
        log.warning("operation.no_mail", operation=operation.id, reason=error.error_code)


def _what(operation: Operation) -> str:
    kind = f"{'dry run of ' if operation.is_dry_run else ''}{operation.kind.replace('_', ' ')}"
    label = without_control(operation.label)
    if len(label) > _LONGEST_LABEL:
        label = label[:_LONGEST_LABEL] + "…"
    return f'{kind} "{label}"' if label else kind


def _counts(operation: Operation) -> list[str]:
    if not operation.total:
        return []
    parts = [f"{operation.succeeded:,} of {operation.total:,} succeeded"]
    parts += [
        f"{count:,} {word}"
        for count, word in (
            (operation.failed, "failed"),
            (operation.skipped, "skipped"),
            (operation.cancelled, "cancelled"),
            (operation.unknown, "with an unknown outcome"),
        )
        if count
    ]
    return [", ".join(parts) + "."]


def _moment(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S}"


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(ZoneInfo("UTC")).isoformat().replace("+00:00", "Z")
