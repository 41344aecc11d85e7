"""From a key to its actor: who gets in, with which rights, and who does not."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import make_user
from tests.kernel.identity.factories import admin_of, bootstrap, issue
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.identity import keys, service
from tranche.kernel.identity.domain import Bootstrapped


@pytest.fixture
def made(database: Database) -> Bootstrapped:
    return bootstrap(database)


@pytest.fixture
def admin(made: Bootstrapped) -> Context:
    return admin_of(made)


def test_a_key_opens_with_the_organization_user_branch_scopes_and_role(
    database: Database, made: Bootstrapped, admin: Context
) -> None:
    issued = issue(database, admin, role=Role.OPERATOR, branch_id=made.branch.id, scopes=("orders", "customers"))
    assert service.authenticate(database, issued.secret) == Context(
        organization_id=made.organization.id,
        role=Role.OPERATOR,
        user_id=made.user.id,
        user_name="Ada Admin",
        branch_id=made.branch.id,
        api_key_id=issued.key.id,
        scopes=frozenset({"orders", "customers"}),
    )


def test_each_key_opens_its_own_organization(database: Database, made: Bootstrapped) -> None:
    other = bootstrap(database, name="Other")
    for one in (made, other):
        found = service.authenticate(database, one.issued.secret)
        assert found is not None
        assert found.organization_id == one.organization.id


def test_a_mistyped_key_is_refused_without_the_database() -> None:
    # this pool was never opened: whoever asks it for a connection fails
    nowhere = Database("host=/nowhere", size=1, timeout=0.1)
    assert service.authenticate(nowhere, "trn_mistyped") is None
    assert service.authenticate(nowhere, "") is None


@pytest.mark.usefixtures("made")
def test_a_well_formed_key_that_nobody_made_is_refused(database: Database) -> None:
    assert service.authenticate(database, keys.mint(secrets.token_bytes)) is None


def test_an_expired_key_is_refused(database: Database, admin: Context, owner: Connection) -> None:
    issued = issue(database, admin, expires_at=datetime.now(UTC) + timedelta(hours=1))
    assert service.authenticate(database, issued.secret)
    owner.execute(
        "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = %(id)s", {"id": issued.key.id}
    )
    assert service.authenticate(database, issued.secret) is None


def test_a_revoked_key_is_refused_at_once(database: Database, admin: Context) -> None:
    issued = issue(database, admin)
    with database.transaction(admin.organization_id) as conn:
        service.revoke_key(conn, admin, key_id=issued.key.id)
    assert service.authenticate(database, issued.secret) is None


def test_the_key_of_an_inactive_user_is_refused(database: Database, admin: Context, owner: Connection) -> None:
    user_id = make_user(owner, admin.organization_id, name="Olga Operator", role=Role.OPERATOR)
    issued = issue(database, admin, role=Role.VIEWER, user_id=user_id)
    assert service.authenticate(database, issued.secret)
    with database.transaction(admin.organization_id) as conn:
        service.update_user(conn, admin, user_id=user_id, is_active=False)
    assert service.authenticate(database, issued.secret) is None


def test_a_key_never_has_more_rights_than_its_user_has_now(
    database: Database, admin: Context, owner: Connection
) -> None:
    user_id = make_user(owner, admin.organization_id, name="Olga Operator", role=Role.OPERATOR)
    issued = issue(database, admin, role=Role.OPERATOR, user_id=user_id)
    with database.transaction(admin.organization_id) as conn:
        service.update_user(conn, admin, user_id=user_id, role=Role.VIEWER)
    found = service.authenticate(database, issued.secret)
    assert found is not None
    assert found.role is Role.VIEWER


def test_the_time_of_use_is_recorded_at_most_once_a_minute(
    database: Database, made: Bootstrapped, owner: Connection
) -> None:
    last_use = _LastUse(owner, made.issued.key.id)
    assert last_use.read() is None
    service.authenticate(database, made.issued.secret)
    first = last_use.read()
    assert first is not None
    last_use.move(30)
    half_a_minute_ago = last_use.read()
    service.authenticate(database, made.issued.secret)
    assert last_use.read() == half_a_minute_ago
    last_use.move(31)
    service.authenticate(database, made.issued.secret)
    assert (last_use.read() or first) > first


def test_nobody_waits_for_the_record_of_use(database: Database, made: Bootstrapped) -> None:
    with database.transaction(made.organization.id) as conn:
        conn.execute("SELECT id FROM api_keys FOR UPDATE")
        assert service.authenticate(database, made.issued.secret)


class _LastUse:
    """Reads and moves the time at which a key was last used."""

    def __init__(self, owner: Connection, key_id: int) -> None:
        self._owner = owner
        self._key_id = key_id

    def read(self) -> datetime | None:
        (row,) = self._owner.execute(
            "SELECT last_used_at FROM api_keys WHERE id = %(id)s", {"id": self._key_id}
        ).fetchall()
        used: datetime | None = row["last_used_at"]
        return used

    def move(self, seconds: int) -> None:
        self._owner.execute(
            "UPDATE api_keys SET last_used_at = last_used_at - make_interval(secs => %(seconds)s) WHERE id = %(id)s",
            {"seconds": seconds, "id": self._key_id},
        )
