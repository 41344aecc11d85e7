"""API keys: shown once, kept nowhere, never above their maker."""

import logging
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from psycopg import sql

from tests.factories import make_user
from tests.kernel.identity.factories import admin_of, bootstrap, issue
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid
from tranche.kernel.identity import service
from tranche.kernel.identity.domain import SCOPES, IssuedKey, KeyNotUsable, RoleTooHigh, UnknownKey


@pytest.fixture
def admin(database: Database) -> Context:
    return admin_of(bootstrap(database))


def _rotate(database: Database, ctx: Context, key_id: int) -> IssuedKey:
    with database.transaction(ctx.organization_id) as conn:
        return service.rotate_key(conn, ctx, entropy=secrets.token_bytes, now=datetime.now(UTC), key_id=key_id)


def _dump(owner: Connection) -> str:
    """Every row of every table of ours as text."""
    tables = owner.execute(
        "SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'"
    ).fetchall()
    query = sql.SQL("SELECT coalesce(string_agg(t::text, chr(10)), '') AS dump FROM {} t")
    return "\n".join(
        owner.execute(query.format(sql.Identifier(table["name"]))).fetchall()[0]["dump"] for table in tables
    )


def test_a_secret_stands_in_no_table_and_no_log(
    database: Database, admin: Context, owner: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        issued = issue(database, admin)
        rotated = _rotate(database, admin, issued.key.id)
        service.authenticate(database, rotated.secret)
        service.authenticate(database, issued.secret)
    dump = _dump(owner)
    assert issued.key.prefix in dump
    for secret in (issued.secret, rotated.secret):
        assert secret not in dump
        assert secret[8:] not in dump
        assert secret.encode().hex() not in dump
        assert secret not in caplog.text


def test_listed_keys_have_no_secret(database: Database, admin: Context) -> None:
    issued = issue(database, admin)
    with database.transaction(admin.organization_id) as conn:
        keys, total = service.list_keys(conn, limit=10, offset=0)
    assert total == 2
    assert keys[1] == issued.key
    assert issued.secret[8:] not in repr(keys)


@pytest.mark.parametrize(
    ("maker", "wanted"), [(Role.OPERATOR, Role.ADMIN), (Role.VIEWER, Role.OPERATOR), (Role.VIEWER, Role.ADMIN)]
)
def test_nobody_hands_out_or_rotates_a_key_above_their_own_role(
    database: Database, admin: Context, maker: Role, wanted: Role
) -> None:
    lesser = Context(organization_id=admin.organization_id, role=maker, user_id=admin.user_id, user_name="x")
    with pytest.raises(RoleTooHigh):
        issue(database, lesser, role=wanted)
    key = issue(database, admin, role=wanted).key
    with pytest.raises(RoleTooHigh):
        _rotate(database, lesser, key.id)


def test_a_key_may_not_be_above_its_user(database: Database, admin: Context, owner: Connection) -> None:
    user_id = make_user(owner, admin.organization_id, name="Vera Viewer", role=Role.VIEWER)
    with pytest.raises(Invalid) as caught:
        issue(database, admin, role=Role.OPERATOR, user_id=user_id)
    assert caught.value.errors[0].pointer == "/role"


@pytest.mark.parametrize("scopes", [("Orders",), ("a b",), ("",), ("nope",), ("orders", "nope"), ("orders",) * 2])
def test_scopes_that_there_are_not_are_refused_with_those_that_there_are(
    database: Database, admin: Context, scopes: tuple[str, ...]
) -> None:
    with pytest.raises(Invalid) as caught:
        issue(database, admin, scopes=scopes)
    (fault,) = caught.value.errors
    assert fault.pointer == "/scopes"
    assert ", ".join(SCOPES) in fault.detail


def test_a_key_can_be_made_for_every_scope(database: Database, admin: Context) -> None:
    assert issue(database, admin, scopes=SCOPES).key.scopes == SCOPES


def test_a_key_that_has_expired_already_is_refused(database: Database, admin: Context) -> None:
    with pytest.raises(Invalid) as caught:
        issue(database, admin, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert caught.value.errors[0].pointer == "/expiresAt"


def test_a_branch_or_user_of_another_organization_is_as_unknown_as_none(database: Database, admin: Context) -> None:
    other = bootstrap(database, name="Other")

    def refusal(**changes: int) -> str:
        with pytest.raises(Invalid) as caught:
            issue(database, admin, **changes)  # type: ignore[arg-type]
        return f"{caught.value.message} {caught.value.errors}"

    assert refusal(branch_id=other.branch.id) == refusal(branch_id=999_999)
    assert refusal(user_id=other.user.id) == refusal(user_id=999_999)


def test_rotation_ends_the_old_secret_and_keeps_the_rest(database: Database, admin: Context) -> None:
    issued = issue(database, admin, role=Role.OPERATOR, scopes=("orders",))
    service.authenticate(database, issued.secret)
    rotated = _rotate(database, admin, issued.key.id)
    assert rotated.secret != issued.secret
    assert service.authenticate(database, issued.secret) is None
    found = service.authenticate(database, rotated.secret)
    assert found is not None
    assert (found.api_key_id, found.role, found.scopes) == (issued.key.id, Role.OPERATOR, frozenset({"orders"}))


def test_a_revoked_key_stays_revoked(database: Database, admin: Context) -> None:
    issued = issue(database, admin)
    with database.transaction(admin.organization_id) as conn:
        first = service.revoke_key(conn, admin, key_id=issued.key.id)
    with database.transaction(admin.organization_id) as conn:
        assert service.revoke_key(conn, admin, key_id=issued.key.id) == first
    with pytest.raises(KeyNotUsable):
        _rotate(database, admin, issued.key.id)


def test_an_expired_key_cannot_be_rotated_back_to_life(database: Database, admin: Context, owner: Connection) -> None:
    issued = issue(database, admin, expires_at=datetime.now(UTC) + timedelta(hours=1))
    owner.execute("UPDATE api_keys SET expires_at = now() WHERE id = %(id)s", {"id": issued.key.id})
    with pytest.raises(KeyNotUsable):
        _rotate(database, admin, issued.key.id)


def test_a_foreign_key_is_as_unknown_as_none_and_stays_untouched(database: Database, admin: Context) -> None:
    other = bootstrap(database, name="Other")
    foreign = other.issued.key.id
    for key_id in (foreign, 999_999):
        with pytest.raises(UnknownKey), database.transaction(admin.organization_id) as conn:
            service.revoke_key(conn, admin, key_id=key_id)
        with pytest.raises(UnknownKey):
            _rotate(database, admin, key_id)
    assert service.authenticate(database, other.issued.secret)


def test_every_deed_on_keys_is_in_the_audit_log(database: Database, admin: Context, owner: Connection) -> None:
    issued = issue(database, admin)
    _rotate(database, admin, issued.key.id)
    with database.transaction(admin.organization_id) as conn:
        service.revoke_key(conn, admin, key_id=issued.key.id)
    entries = owner.execute("SELECT action, subject_id FROM audit_entries ORDER BY id").fetchall()
    assert [(entry["action"], entry["subject_id"]) for entry in entries[1:]] == [
        ("api_key.create", issued.key.id),
        ("api_key.rotate", issued.key.id),
        ("api_key.revoke", issued.key.id),
    ]
