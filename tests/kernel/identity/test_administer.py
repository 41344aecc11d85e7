"""The organization's settings, its branches and its users."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.factories import Organization, make_user
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid, TrancheError
from tranche.kernel.identity import service
from tranche.kernel.identity.domain import (
    BranchNameTaken,
    EmailTaken,
    ForeignBranch,
    LastAdmin,
    NoBranchNumber,
    RoleTooHigh,
    UnknownBranch,
    UnknownUser,
)


def test_settings_change_one_by_one(database: Database, context: Context, owner: Connection) -> None:
    with database.transaction(context.organization_id) as conn:
        changed = service.update_organization(conn, context, zone="Asia/Dhaka")
    assert (changed.name, changed.zone, changed.currency) == ("Acme", "Asia/Dhaka", "USD")
    with database.transaction(context.organization_id) as conn:
        assert service.organization_zone(conn).key == "Asia/Dhaka"
        assert service.get_organization(conn) == changed
    (entry,) = owner.execute("SELECT action, detail FROM audit_entries").fetchall()
    assert entry == {"action": "organization.update", "detail": {"zone": "Asia/Dhaka"}}


def test_all_faults_of_the_settings_are_named_at_once(database: Database, context: Context) -> None:
    with pytest.raises(Invalid) as caught, database.transaction(context.organization_id) as conn:
        service.update_organization(conn, context, name="", zone="Nowhere", currency="Taler", language="?")
    assert [fault.pointer for fault in caught.value.errors] == ["/name", "/zone", "/currency", "/language"]


def test_a_zone_that_only_python_knows_is_refused(
    database: Database, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tranche.kernel.identity.domain.zones", lambda: {"Moon/Tranquility"})
    with (
        pytest.raises(Invalid, match="not known to the database"),
        database.transaction(context.organization_id) as conn,
    ):
        service.update_organization(conn, context, zone="Moon/Tranquility")


def test_settings_of_another_organization_stay(
    database: Database, context: Context, organization: Callable[..., Organization]
) -> None:
    other = organization(name="Other", zone="Europe/Paris")
    with database.transaction(context.organization_id) as conn:
        service.update_organization(conn, context, name="Renamed", zone="Asia/Tokyo")
    with database.transaction(other.id) as conn:
        assert (service.get_organization(conn).name, service.organization_zone(conn).key) == ("Other", "Europe/Paris")


def test_branches_are_made_found_and_listed(database: Database, context: Context) -> None:
    with database.transaction(context.organization_id) as conn:
        branch = service.create_branch(conn, context, name=" Port ")
        assert service.find_branch(conn, branch_id=branch.id) == branch
        branches, total = service.list_branches(conn, limit=10, offset=0)
    assert ([one.name for one in branches], total) == (["Main", "Port"], 2)
    assert not branch.is_default
    with pytest.raises(BranchNameTaken), database.transaction(context.organization_id) as conn:
        service.create_branch(conn, context, name="Port")


def test_a_foreign_branch_is_as_unknown_as_none(
    database: Database, context: Context, organization: Callable[..., Organization]
) -> None:
    foreign = organization(name="Other").branch_id
    for branch_id in (foreign, 999_999):
        with pytest.raises(ForeignBranch):
            service.read_branch(database, context.organization_id, str(branch_id))
        there_are = f"There is no branch with the id {branch_id}; there are {context.branch_id} \\(Main\\)."
        with pytest.raises(UnknownBranch, match=there_are), database.transaction(context.organization_id) as conn:
            service.find_branch(conn, branch_id=branch_id)
    own = context.branch_id
    assert service.read_branch(database, context.organization_id, str(own)) == own


@pytest.mark.parametrize(
    ("text", "refusal", "sentence"),
    [
        ("Main", NoBranchNumber, "x-branch-id must be the number of a branch. There are {} (Main), "),
        ("", NoBranchNumber, "x-branch-id must be the number of a branch. There are {} (Main), "),
        ("٣", NoBranchNumber, "x-branch-id must be the number of a branch. There are {} (Main), "),
        ("0", ForeignBranch, "This branch is not one of yours. There are {} (Main), "),
        ("9" * 40, ForeignBranch, "This branch is not one of yours. There are {} (Main), "),
    ],
)
def test_who_names_a_branch_wrongly_is_told_which_there_are(
    database: Database, context: Context, text: str, refusal: type[TrancheError], sentence: str
) -> None:
    with database.transaction(context.organization_id) as conn:
        for number in range(2, 8):
            service.create_branch(conn, context, name=f"Port {number}")
    with pytest.raises(refusal) as caught:
        service.read_branch(database, context.organization_id, text)
    assert caught.value.message.startswith(sentence.format(context.branch_id))
    assert caught.value.message.endswith("(Port 5) and 2 more.")


def test_users_are_made_with_small_addresses_and_listed(database: Database, context: Context) -> None:
    with database.transaction(context.organization_id) as conn:
        user = service.create_user(conn, context, email=" Olga@Example.test", name="Olga", role=Role.OPERATOR)
        assert service.find_user(conn, user_id=user.id) == user
        users, total = service.list_users(conn, limit=1, offset=1)
    assert (user.email, user.role, user.is_active) == ("olga@example.test", Role.OPERATOR, True)
    assert (users, total) == ([user], 2)
    with pytest.raises(EmailTaken), database.transaction(context.organization_id) as conn:
        service.create_user(conn, context, email="OLGA@example.test", name="Twin", role=Role.VIEWER)


@pytest.mark.parametrize("email", ["", "x", "a@", "@b", "a b@c", "a@b@c", "a@b\nBcc: c@d", "x" * 251 + "@b.c"])
def test_what_is_no_address_is_refused(database: Database, context: Context, email: str) -> None:
    with pytest.raises(Invalid) as caught, database.transaction(context.organization_id) as conn:
        service.create_user(conn, context, email=email, name="X", role=Role.VIEWER)
    assert caught.value.errors[0].pointer == "/email"


def test_nobody_gives_a_role_above_their_own(
    database: Database, organization: Callable[..., Organization], owner: Connection
) -> None:
    acme = organization()
    user_id = make_user(owner, acme.id, name="Vera Viewer", role=Role.VIEWER)
    operator = acme.context(role=Role.OPERATOR)
    with pytest.raises(RoleTooHigh), database.transaction(acme.id) as conn:
        service.create_user(conn, operator, email="a@b.test", name="A", role=Role.ADMIN)
    with pytest.raises(RoleTooHigh), database.transaction(acme.id) as conn:
        service.update_user(conn, operator, user_id=user_id, role=Role.ADMIN)


@pytest.mark.parametrize("changes", [{"is_active": False}, {"role": Role.OPERATOR}])
def test_the_last_active_admin_stays(database: Database, context: Context, changes: dict[str, object]) -> None:
    with pytest.raises(LastAdmin), database.transaction(context.organization_id) as conn:
        service.update_user(conn, context, user_id=context.user_id or 0, **changes)  # type: ignore[arg-type]


def test_two_admins_cannot_remove_each_other_at_the_same_time(
    database: Database, context: Context, owner: Connection
) -> None:
    other = make_user(owner, context.organization_id, name="Bob Admin", role=Role.ADMIN)

    def remove(user_id: int) -> bool:
        try:
            with database.transaction(context.organization_id) as conn:
                service.update_user(conn, context, user_id=user_id, is_active=False)
        except LastAdmin:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(remove, [context.user_id or 0, other])) == [False, True]


def test_a_foreign_user_is_as_unknown_as_none(
    database: Database, context: Context, organization: Callable[..., Organization]
) -> None:
    foreign = organization(name="Other").user_id
    for user_id in (foreign, 999_999):
        with pytest.raises(UnknownUser), database.transaction(context.organization_id) as conn:
            service.find_user(conn, user_id=user_id)
        with pytest.raises(UnknownUser), database.transaction(context.organization_id) as conn:
            service.update_user(conn, context, user_id=user_id, name="Mine")
