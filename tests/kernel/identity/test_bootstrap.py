"""The first steps of an organization."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.kernel.identity.factories import bootstrap
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid
from tranche.kernel.identity import service
from tranche.kernel.identity.domain import AlreadySetUp, Bootstrapped


def _bootstrap(database: Database, *, another: bool = False, **changes: str) -> Bootstrapped:
    given = {"name": "Acme", "admin_email": "Ada@Example.test", "admin_name": "Ada", **changes}
    return service.bootstrap(database, entropy=secrets.token_bytes, another=another, **given)


def _count(owner: Connection, table: str) -> int:
    (row,) = owner.execute(f"SELECT count(*) AS n FROM {table}".encode()).fetchall()
    return int(row["n"])


def test_it_makes_an_organization_a_default_branch_an_admin_and_a_key_that_opens(database: Database) -> None:
    made = _bootstrap(database, zone="Asia/Dhaka", currency="BDT", language="bn")
    assert (made.organization.name, made.organization.zone, made.organization.currency) == ("Acme", "Asia/Dhaka", "BDT")
    assert (made.branch.name, made.branch.is_default) == ("Main", True)
    assert (made.user.email, made.user.role, made.user.is_active) == ("ada@example.test", Role.ADMIN, True)
    found = service.authenticate(database, made.issued.secret)
    assert found is not None
    assert (found.organization_id, found.user_id, found.role) == (made.organization.id, made.user.id, Role.ADMIN)


def test_the_deed_is_in_the_audit_log(database: Database, owner: Connection) -> None:
    made = _bootstrap(database)
    (entry,) = owner.execute("SELECT action, user_id, organization_id FROM audit_entries").fetchall()
    assert entry == {
        "action": "organization.bootstrap",
        "user_id": made.user.id,
        "organization_id": made.organization.id,
    }


def test_a_second_one_is_refused_unless_another_is_asked_for(database: Database, owner: Connection) -> None:
    first = _bootstrap(database)
    with pytest.raises(AlreadySetUp):
        _bootstrap(database, name="Second")
    assert _count(owner, "organizations") == 1
    second = _bootstrap(database, name="Second", another=True)
    assert second.organization.id != first.organization.id


def test_of_four_at_the_same_time_one_wins(database: Database, owner: Connection) -> None:
    def attempt(_: int) -> bool:
        try:
            _bootstrap(database)
        except AlreadySetUp:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(attempt, range(4))) == [False, False, False, True]
    assert _count(owner, "organizations") == 1


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"name": " "}, "/name"),
        ({"zone": "Mars/Olympus"}, "/zone"),
        ({"zone": "Europe"}, "/zone"),
        ({"zone": "../../etc/passwd"}, "/zone"),
        ({"currency": "eur"}, "/currency"),
        ({"currency": "EURO"}, "/currency"),
        ({"language": "English"}, "/language"),
        ({"admin_email": "nobody"}, "/email"),
        ({"admin_name": ""}, "/name"),
        ({"branch_name": "A\nB"}, "/name"),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_made(
    database: Database, owner: Connection, changes: dict[str, str], pointer: str
) -> None:
    with pytest.raises(Invalid) as caught:
        _bootstrap(database, another=False, **changes)
    assert [fault.pointer for fault in caught.value.errors] == [pointer]
    assert _count(owner, "organizations") == 0


def test_a_printed_key_does_not_show_its_secret(database: Database) -> None:
    made = bootstrap(database)
    assert made.issued.secret not in f"{made!r} {made} {made.issued!r}"
