"""The audit log: what is recorded, by whom, and who may see it."""

import contextlib
from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest

from tests.auditing import list_entries
from tests.factories import Organization
from tranche.kernel.audit import service
from tranche.kernel.audit.domain import AuditEntry
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database


def _list(database: Database, organization_id: int, **filters: object) -> list[AuditEntry]:
    with database.transaction(organization_id) as conn:
        return list_entries(conn, **filters)


def _record(database: Database, ctx: Context, *, action: str, subject_id: int | None = None) -> int:
    with database.transaction(ctx.organization_id) as conn:
        return service.record(conn, ctx, action=action, subject_id=subject_id, detail={"count": 2, "names": ["a"]})


def test_an_entry_tells_who_did_what_in_which_request(database: Database, context: Context) -> None:
    entry_id = _record(database, context, action="order_batch.delete", subject_id=9)
    (entry,) = _list(database, context.organization_id)
    assert entry.id == entry_id
    assert (entry.user_id, entry.actor) == (context.user_id, "Ada Admin")
    assert (entry.action, entry.subject_id, entry.detail) == ("order_batch.delete", 9, {"count": 2, "names": ["a"]})
    assert entry.request_id == "test"


@pytest.mark.parametrize(
    ("changes", "actor"), [({"api_key_id": 5}, "key:5"), ({}, "system")], ids=["key without a name", "nobody"]
)
def test_an_entry_always_has_an_actor(
    database: Database, context: Context, changes: dict[str, int], actor: str
) -> None:
    nameless = Context(organization_id=context.organization_id, role=Role.ADMIN, **changes)  # type: ignore[arg-type]
    _record(database, nameless, action="thing.done")
    (entry,) = _list(database, context.organization_id)
    assert entry.actor == actor


def test_an_entry_goes_with_its_deed_when_the_transaction_rolls_back(database: Database, context: Context) -> None:
    with (
        contextlib.suppress(ZeroDivisionError),
        database.transaction(context.organization_id) as conn,
    ):
        service.record(conn, context, action="thing.done", subject_id=None)
        raise ZeroDivisionError
    assert _list(database, context.organization_id) == []


def test_entries_are_listed_newest_first(database: Database, context: Context) -> None:
    ids = [_record(database, context, action="thing.done", subject_id=n) for n in range(5)]
    assert [entry.id for entry in _list(database, context.organization_id)] == ids[::-1]


def test_entries_are_filtered_by_action_person_and_time(
    database: Database, context: Context, owner: Connection
) -> None:
    first = _record(database, context, action="thing.made")
    second = _record(database, context, action="thing.done")
    owner.execute("UPDATE audit_entries SET at = at - interval '1 day' WHERE id = %(id)s", {"id": first})
    organization_id = context.organization_id
    at = next(entry.at for entry in _list(database, organization_id) if entry.id == first)

    def ids(**filters: object) -> list[int]:
        return [entry.id for entry in _list(database, organization_id, **filters)]

    assert ids(action="thing.made") == [first]
    assert ids(user_id=context.user_id) == [second, first]
    assert ids(user_id=(context.user_id or 0) + 1) == []
    assert ids(since=at) == [second, first]
    assert ids(until=at) == []
    assert ids(since=at, until=at + timedelta(hours=1)) == [first]


def test_another_organization_sees_no_entry(
    database: Database, context: Context, organization: Callable[..., Organization]
) -> None:
    _record(database, context, action="thing.done")
    assert _list(database, organization(name="Other").id) == []


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries"])
def test_the_plain_role_cannot_change_what_was_recorded(database: Database, context: Context, statement: str) -> None:
    _record(database, context, action="thing.done")
    with pytest.raises(psycopg.errors.InsufficientPrivilege), database.transaction(context.organization_id) as conn:
        conn.execute(statement.encode())


def test_an_action_is_subject_dot_verb(database: Database, context: Context) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        _record(database, context, action="Deleted everything")
