"""Signing in: passwords, throttling, sessions, organizations; on the services themselves."""

import secrets
import threading
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher

from tests.factories import Organization, make_organization, make_user
from tranche.kernel.context import Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid, TooMany
from tranche.kernel.identity import passwords, service
from tranche.kernel.identity.domain import LOCAL_EMAIL, Setup
from tranche.kernel.identity.passwords import NOBODYS, Passwords, check_password
from tranche.kernel.identity.queries import credentials
from tranche.kernel.identity.service import Entrance, Entry, Lifetimes, Purpose
from tranche.kernel.identity.service.entering import MOST_BY_ACCOUNT, MOST_BY_ADDRESS, NoMembership, WrongPassword
from tranche.kernel.identity.service.inviting import BelongsElsewhere, LinkNotUsable
from tranche.kernel.web.visitors import Visitor

PASSWORD = "seven red boats"  # noqa: S105  # of a test
EMAIL = "ada.admin@example.test"
ENTRY = Entry(address="10.0.0.1", user_agent="Mozilla/5.0 (X11; Linux) Firefox/150")
Make = Callable[..., Organization]


@pytest.fixture
def entrance(database: Database, monkeypatch: pytest.MonkeyPatch) -> Entrance:
    """With a hasher that is quick, also for unknown addresses, because what is tested is not its strength."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "NOBODYS", quick.hash("nobody's"))
    lifetimes = Lifetimes(idle=3_600, whole=86_400)
    return Entrance(database, Passwords(quick), entropy=secrets.token_bytes, lifetimes=lifetimes)


def test_the_hash_that_is_nobodys_costs_as_much_as_anybodys() -> None:
    assert not Passwords().is_outdated(NOBODYS)


def join(database: Database, entrance: Entrance, acme: Organization, *, user_id: int | None = None) -> str:
    """Bring a user in by an invitation with PASSWORD; answers the session's token."""
    with database.transaction(acme.id) as conn:
        token = service.make_link(
            conn,
            acme.context(),
            user_id=user_id or acme.user_id,
            purpose=Purpose.INVITATION,
            entropy=secrets.token_bytes,
        )
    return service.accept(database, entrance, token=token, password=PASSWORD, entry=ENTRY)


def link(database: Database, of: Organization, user_id: int, purpose: Purpose = Purpose.RESET) -> str:
    with database.transaction(of.id) as conn:
        return service.make_link(conn, of.context(), user_id=user_id, purpose=purpose, entropy=secrets.token_bytes)


def visitor(database: Database, token: str, *, idle_seconds: float = 3_600) -> Visitor | None:
    return service.find_visitor(database, token, idle_seconds=idle_seconds)


def test_the_right_password_opens_a_session_and_a_wrong_one_says_not_what_is_wrong(
    database: Database, entrance: Entrance, organization: Make
) -> None:
    acme = organization()
    join(database, entrance, acme)
    found = visitor(database, entrance.sign_in(email=EMAIL.upper(), password=PASSWORD, entry=ENTRY))
    assert found is not None
    assert (found.email, found.organization, found.context.role) == (EMAIL, "Acme", Role.ADMIN)
    assert found.context.branch_id == acme.branch_id
    said = set()
    for email, password in ((EMAIL, "wrong"), ("nobody@example.test", PASSWORD)):
        with pytest.raises(WrongPassword) as refused:
            entrance.sign_in(email=email, password=password, entry=ENTRY)
        said.add(refused.value.message)
    assert len(said) == 1


def test_a_session_is_kept_as_a_hash_and_signing_in_again_ends_the_old_one(
    database: Database, entrance: Entrance, organization: Make, owner: Connection
) -> None:
    first = join(database, entrance, organization())
    kept = owner.execute("SELECT * FROM sessions").fetchall()
    assert first not in str(kept)
    second = entrance.sign_in(
        email=EMAIL, password=PASSWORD, entry=Entry(address="10.0.0.1", user_agent="", old_token=first)
    )
    assert second != first
    assert visitor(database, first) is None
    assert visitor(database, second) is not None


def test_a_session_ends_by_idleness_by_age_by_signing_out_and_with_its_user(
    database: Database, entrance: Entrance, organization: Make, owner: Connection
) -> None:
    acme = organization()
    token = join(database, entrance, acme)
    owner.execute("UPDATE sessions SET seen_at = now() - interval '2 hours'")
    assert visitor(database, token, idle_seconds=3_600) is None
    assert visitor(database, token, idle_seconds=10_000) is not None
    owner.execute("UPDATE sessions SET seen_at = now(), expires_at = now() - interval '1 second'")
    assert visitor(database, token) is None
    owner.execute("UPDATE sessions SET expires_at = now() + interval '1 day'")
    owner.execute("UPDATE users SET is_active = false")
    assert visitor(database, token) is None
    owner.execute("UPDATE users SET is_active = true")
    found = visitor(database, token)
    assert found is not None
    with database.transaction(acme.id) as conn:
        service.sign_out(conn, found.context, session_id=found.session_id)
    assert visitor(database, token) is None


def test_use_is_recorded_at_most_once_a_minute(
    database: Database, entrance: Entrance, organization: Make, owner: Connection
) -> None:
    token = join(database, entrance, organization())
    owner.execute("UPDATE sessions SET seen_at = now() - interval '61 seconds'")
    visitor(database, token)
    fresh = owner.execute("SELECT seen_at, seen_at > now() - interval '5 seconds' AS is_fresh FROM sessions").fetchone()
    visitor(database, token)
    again = owner.execute("SELECT seen_at FROM sessions").fetchone()
    assert fresh is not None
    assert again is not None
    assert fresh["is_fresh"]
    assert again["seen_at"] == fresh["seen_at"]


def test_guessing_is_slowed_down_by_account_and_the_right_password_has_to_wait_too(
    database: Database, entrance: Entrance, organization: Make
) -> None:
    acme = organization()
    join(database, entrance, acme)
    for _ in range(MOST_BY_ACCOUNT):
        with pytest.raises(WrongPassword):
            entrance.sign_in(email=EMAIL, password="guess", entry=ENTRY)  # noqa: S106  # of a test
    with pytest.raises(TooMany) as refused:
        entrance.sign_in(email=EMAIL, password=PASSWORD, entry=Entry(address="10.9.9.9", user_agent=""))
    assert refused.value.retry_after == 900
    service.accept(database, entrance, token=link(database, acme, acme.user_id), password="nine old maps", entry=ENTRY)  # noqa: S106  # of a test
    assert entrance.sign_in(email=EMAIL, password="nine old maps", entry=ENTRY)  # noqa: S106  # of a test


def test_guessing_is_slowed_down_by_the_address_of_the_network(entrance: Entrance) -> None:
    for number in range(MOST_BY_ADDRESS):
        with pytest.raises(WrongPassword):
            entrance.sign_in(email=f"user{number}@example.test", password="guess", entry=ENTRY)  # noqa: S106  # of a test
    with pytest.raises(TooMany):
        entrance.sign_in(email="another@example.test", password="guess", entry=ENTRY)  # noqa: S106  # of a test


def test_many_guesses_at_once_are_counted_one_by_one(entrance: Entrance) -> None:
    outcomes: list[type[Exception]] = []

    def guess() -> None:
        try:
            entrance.prove(email=EMAIL, password="guess", address="10.0.0.2")  # noqa: S106  # of a test
        except (WrongPassword, TooMany) as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=guess) for _ in range(MOST_BY_ACCOUNT * 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(WrongPassword) == MOST_BY_ACCOUNT
    assert outcomes.count(TooMany) == MOST_BY_ACCOUNT


def test_a_changed_password_ends_all_other_sessions_in_all_organizations(
    database: Database, entrance: Entrance, organization: Make, owner: Connection
) -> None:
    acme, other = organization(), make_organization(owner, name="Other")
    here, there = join(database, entrance, acme), join(database, entrance, other)
    found = visitor(database, here)
    assert found is not None
    with pytest.raises(Invalid) as refused:
        entrance.change_password(
            found.context, email=EMAIL, old="wrong", new="nine old maps", session_id=found.session_id, address="x"
        )
    assert refused.value.errors[0].pointer == "/oldPassword"
    entrance.change_password(
        found.context, email=EMAIL, old=PASSWORD, new="nine old maps", session_id=found.session_id, address="x"
    )
    assert visitor(database, here) is not None
    assert visitor(database, there) is None


def test_one_person_switches_between_the_organizations_that_they_have_joined(
    database: Database, entrance: Entrance, organization: Make, owner: Connection
) -> None:
    acme, other, third = organization(), make_organization(owner, name="Other"), make_organization(owner, name="Third")
    token = join(database, entrance, acme)
    join(database, entrance, other)
    found = visitor(database, token)
    assert found is not None
    assert [one.name for one in found.organizations] == ["Acme", "Other"]
    moved = entrance.switch(
        found.context, email=EMAIL, organization_id=other.id, session_id=found.session_id, entry=ENTRY
    )
    there = visitor(database, moved)
    assert there is not None
    assert (there.organization, visitor(database, token)) == ("Other", None)
    with pytest.raises(NoMembership):
        entrance.switch(there.context, email=EMAIL, organization_id=third.id, session_id=there.session_id, entry=ENTRY)


def test_an_administrator_elsewhere_gets_nowhere_by_adding_the_same_address(
    database: Database, entrance: Entrance, organization: Make, owner: Connection
) -> None:
    acme, evil = organization(), organization(name="Evil")
    join(database, entrance, acme)
    victim = evil.user_id  # the same address, by the factory
    invitation = link(database, evil, victim, Purpose.INVITATION)
    with pytest.raises(WrongPassword):
        service.accept(database, entrance, token=invitation, password="chosen by evil", entry=ENTRY)  # noqa: S106  # of a test
    with pytest.raises(BelongsElsewhere):
        link(database, evil, victim, Purpose.RESET)
    assert entrance.sign_in(email=EMAIL, password=PASSWORD, entry=ENTRY)
    joined = owner.execute("SELECT joined_at FROM users WHERE organization_id = %s", [evil.id]).fetchone()
    assert joined == {"joined_at": None}


def test_who_takes_an_address_first_does_not_get_into_an_organization_that_invited_it_later(
    database: Database, entrance: Entrance, organization: Make
) -> None:
    evil, acme = organization(name="Evil"), organization()
    token = join(database, entrance, evil)
    link(database, acme, acme.user_id, Purpose.INVITATION)
    found = visitor(database, token)
    assert found is not None
    assert [one.name for one in found.organizations] == ["Evil"]
    with pytest.raises(NoMembership):
        entrance.switch(found.context, email=EMAIL, organization_id=acme.id, session_id=found.session_id, entry=ENTRY)


def test_a_link_works_once_ends_with_a_newer_one_and_with_time(
    database: Database, entrance: Entrance, organization: Make, owner: Connection
) -> None:
    acme = organization()
    old = link(database, acme, acme.user_id, Purpose.INVITATION)
    new = link(database, acme, acme.user_id, Purpose.INVITATION)
    for bad in (old, "trn_nonsense", new[:-1] + "x"):
        with pytest.raises(LinkNotUsable):
            service.look_at_link(database, bad)
    with pytest.raises(Invalid):
        service.accept(database, entrance, token=new, password="short", entry=ENTRY)  # noqa: S106  # of a test
    assert service.accept(database, entrance, token=new, password=PASSWORD, entry=ENTRY)
    with pytest.raises(LinkNotUsable):
        service.accept(database, entrance, token=new, password=PASSWORD, entry=ENTRY)
    late = link(database, acme, acme.user_id)
    owner.execute("UPDATE entry_links SET expires_at = now() - interval '1 second'")
    with pytest.raises(LinkNotUsable):
        service.look_at_link(database, late)


def test_of_two_who_use_a_link_at_once_one_gets_in(database: Database, entrance: Entrance, organization: Make) -> None:
    acme = organization()
    token = link(database, acme, acme.user_id, Purpose.INVITATION)
    outcomes: list[str] = []

    def use() -> None:
        try:
            outcomes.append(service.accept(database, entrance, token=token, password=PASSWORD, entry=ENTRY)[:4])
        except LinkNotUsable:
            outcomes.append("refused")

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "refused", "refused", "trn_"]


def wanted(**changes: str) -> Setup:
    return Setup(
        **{
            "organization": "Harbour",
            "zone": "Europe/Berlin",
            "currency": "EUR",
            "language": "en",
            "name": "Ada",
            "email": "Ada@Harbour.test",
            "password": PASSWORD,
            **changes,
        }
    )


def test_the_set_up_makes_the_organization_and_its_administrator_once(
    database: Database, entrance: Entrance, owner: Connection
) -> None:
    token = service.make_setup_link(database, entropy=secrets.token_bytes)
    assert token is not None
    assert token not in str(owner.execute("SELECT * FROM setup_links").fetchall())
    odd = wanted(organization="", zone="x", name="", email="ada", password=PASSWORD[:5])
    with pytest.raises(Invalid) as refused:
        service.set_up(database, entrance, token=token, wanted=odd, entry=ENTRY)
    told = [fault.pointer for fault in refused.value.errors]
    assert told == ["/organization", "/zone", "/email", "/name", "/password"]
    found = visitor(database, service.set_up(database, entrance, token=token, wanted=wanted(), entry=ENTRY))
    assert found is not None
    assert (found.organization, found.zone, found.email) == ("Harbour", "Europe/Berlin", "ada@harbour.test")
    with pytest.raises(LinkNotUsable):
        service.set_up(database, entrance, token=token, wanted=wanted(), entry=ENTRY)
    assert service.make_setup_link(database, entropy=secrets.token_bytes) is None


def test_the_set_up_takes_over_the_organization_that_was_made_for_the_commands(
    database: Database, entrance: Entrance, owner: Connection
) -> None:
    made = service.bootstrap(
        database, entropy=secrets.token_bytes, name="My company", admin_email=LOCAL_EMAIL, admin_name="Administrator"
    )
    older = service.make_setup_link(database, entropy=secrets.token_bytes)
    token = service.make_setup_link(database, entropy=secrets.token_bytes)
    assert older is not None
    assert token is not None
    with pytest.raises(LinkNotUsable):
        service.look_at_setup(database, older)
    service.set_up(database, entrance, token=token, wanted=wanted(), entry=ENTRY)
    users = owner.execute("SELECT id, email, name, role FROM users").fetchall()
    assert users == [{"id": made.user.id, "email": "ada@harbour.test", "name": "Ada", "role": "admin"}]
    assert service.authenticate(database, made.issued.secret) is not None


def test_with_several_organizations_nobody_is_set_up_by_a_link(database: Database, organization: Make) -> None:
    organization()
    organization(name="Other")
    assert service.make_setup_link(database, entropy=secrets.token_bytes) is None


def test_the_operator_helps_a_person_who_belongs_to_several_organizations(
    database: Database, entrance: Entrance, organization: Make
) -> None:
    acme, other = organization(), organization(name="Other")
    here, there = join(database, entrance, acme), join(database, entrance, other)
    token = service.make_person_link(database, email=EMAIL, purpose=Purpose.RESET, entropy=secrets.token_bytes)
    service.accept(database, entrance, token=token, password="nine old maps", entry=ENTRY)  # noqa: S106  # of a test
    assert (visitor(database, here), visitor(database, there)) == (None, None)
    assert entrance.sign_in(email=EMAIL, password="nine old maps", entry=ENTRY)  # noqa: S106  # of a test
    assert service.end_person_sessions(database, email=EMAIL) == 2
    with pytest.raises(service.UnknownPerson):
        service.end_person_sessions(database, email="nobody@example.test")


def test_the_plain_role_can_neither_list_nor_change_passwords_and_sees_no_session_of_others(
    database: Database, entrance: Entrance, organization: Make
) -> None:
    acme, other = organization(), organization(name="Other")
    join(database, entrance, acme)
    with database.transaction(other.id) as conn:
        assert conn.execute("SELECT * FROM credentials").fetchall() == []
        assert conn.execute("UPDATE credentials SET changed_at = now()").rowcount == 0
        assert conn.execute("SELECT * FROM sessions").fetchall() == []
        assert conn.execute("SELECT * FROM entry_links").fetchall() == []


def test_what_is_kept_of_a_password_is_argon2id_and_is_renewed_with_the_parameters(
    database: Database, entrance: Entrance, organization: Make
) -> None:
    join(database, entrance, organization())

    def kept() -> str:
        with database.transaction(None) as conn:
            return credentials.find_hash(conn, email=EMAIL) or ""

    before = kept()
    assert before.startswith("$argon2id$v=19$m=8,")
    stronger = PasswordHasher(time_cost=1, memory_cost=16, parallelism=1)
    later = Entrance(database, Passwords(stronger), entropy=secrets.token_bytes, lifetimes=Lifetimes(idle=60, whole=60))
    assert later.sign_in(email=EMAIL, password=PASSWORD, entry=ENTRY)
    assert kept().startswith("$argon2id$v=19$m=16,")


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaa", "password123", "ada.admin@example.test", "x" * 201])
def test_a_password_that_is_soon_guessed_is_refused(password: str) -> None:
    with pytest.raises(Invalid):
        check_password(password, email=EMAIL)


def test_a_user_who_is_shut_out_has_no_session_left(
    database: Database, entrance: Entrance, organization: Make, owner: Connection
) -> None:
    acme = organization()
    user_id = make_user(owner, acme.id, name="Omar", role=Role.OPERATOR)
    token = join(database, entrance, acme, user_id=user_id)
    assert visitor(database, token) is not None
    with database.transaction(acme.id) as conn:
        service.update_user(conn, acme.context(), user_id=user_id, is_active=False)
    assert owner.execute("SELECT FROM sessions").rowcount == 0
