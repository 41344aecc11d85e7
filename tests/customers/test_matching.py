"""Finding or making many customers at once."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.customers.factories import Wish, answers, refusals, want
from tests.factories import Organization
from tranche.customers import service
from tranche.customers.domain import Customer
from tranche.kernel.context import Context
from tranche.kernel.db.matching import MatchCounts
from tranche.kernel.db.pool import Connection, Database


def _run(database: Database, organization_id: int, *wishes: Wish) -> tuple[MatchCounts, list[int | None]]:
    with database.transaction(organization_id) as conn:
        want(conn, *wishes)
        counts = service.match_or_create(conn)
        return counts, list(answers(conn))


def _customers(database: Database, organization_id: int) -> list[Customer]:
    with database.transaction(organization_id) as conn:
        return service.list_page(conn, search=None, limit=1000, offset=0)[0]


def test_missing_customers_are_made_and_found_again(database: Database, context: Context) -> None:
    wishes = (Wish(code="C1", name="Acme", email="a@b.test"), Wish(name="Solo"), Wish(code="C3"))
    counts, first = _run(database, context.organization_id, *wishes)
    assert counts == MatchCounts(answered=3, ambiguous=0, unnamed=0, created=3)
    counts, second = _run(database, context.organization_id, *wishes)
    assert counts == MatchCounts(answered=3, ambiguous=0, unnamed=0, created=0)
    assert second == first
    made = {
        customer.id: (customer.code, customer.name, customer.email)
        for customer in _customers(database, context.organization_id)
    }
    assert [made[i or 0] for i in first] == [("C1", "Acme", "a@b.test"), (None, "Solo", None), ("C3", "C3", None)]


def test_the_same_wish_many_times_is_one_customer(database: Database, context: Context) -> None:
    counts, ids = _run(
        database,
        context.organization_id,
        Wish(name="Straße  5"),
        Wish(name="STRASSE 5"),
        Wish(name=" straße 5 "),
        Wish(code="C1", name="One"),
        Wish(code=" C1 ", name="Two"),
        Wish(code="C1", name="Two"),
    )
    assert counts.created == 2
    assert len(set(ids[:3])) == 1
    assert len(set(ids[3:])) == 1
    names = {customer.code: customer.name for customer in _customers(database, context.organization_id)}
    assert names["C1"] == "Two"
    assert names[None] in {"STRASSE 5", "Straße  5"}


def test_a_code_decides_and_a_name_beside_it_does_not(database: Database, context: Context) -> None:
    _, (first,) = _run(database, context.organization_id, Wish(code="C1", name="Acme"))
    counts, ids = _run(database, context.organization_id, Wish(code="C1", name="Renamed"), Wish(code="C2", name="Acme"))
    assert ids[0] == first
    assert ids[1] != first
    assert counts.created == 1
    assert [customer.name for customer in _customers(database, context.organization_id)] == ["Acme", "Acme"]


def test_a_name_alone_finds_the_only_customer_of_that_name_also_one_with_a_code(
    database: Database, context: Context
) -> None:
    counts, ids = _run(database, context.organization_id, Wish(name="acme"), Wish(code="C1", name="ACME"))
    assert counts == MatchCounts(answered=2, ambiguous=0, unnamed=0, created=1)
    assert ids[0] == ids[1]


def test_a_name_that_several_customers_have_stays_open_and_is_called_ambiguous(
    database: Database, context: Context
) -> None:
    _run(database, context.organization_id, Wish(code="C1", name="Acme"), Wish(code="C2", name="ACME"))
    with database.transaction(context.organization_id) as conn:
        want(conn, Wish(name="acme"), Wish(name="Solo"), Wish(code="C2"))
        counts = service.match_or_create(conn)
        ids = answers(conn)
        assert refusals(conn) == ["ambiguous", None, None]
    assert counts == MatchCounts(answered=2, ambiguous=1, unnamed=0, created=1)
    assert ids[0] is None


def test_a_wish_without_code_and_name_stays_open(database: Database, context: Context) -> None:
    with database.transaction(context.organization_id) as conn:
        want(conn, Wish(email="a@b.test"), Wish(code=" ", name=" \t"), Wish(name="\u00a0"))
        counts = service.match_or_create(conn)
        assert answers(conn) == [None, None, None]
        assert set(refusals(conn)) == {"unnamed"}
    assert counts == MatchCounts(answered=0, ambiguous=0, unnamed=3)
    assert _customers(database, context.organization_id) == []


def test_empty_fields_are_filled_and_full_ones_never_overwritten(database: Database, context: Context) -> None:
    _run(database, context.organization_id, Wish(code="C1", name="Acme", email="old@b.test"), Wish(name="Solo"))
    counts, _ = _run(
        database,
        context.organization_id,
        Wish(code="C1", email="new@b.test", phone="1"),
        Wish(code="C1", address="Road"),
        Wish(name="Solo", email=" "),
    )
    assert counts.filled == 1
    acme, solo = _customers(database, context.organization_id)
    assert (acme.email, acme.phone, acme.address) == ("old@b.test", "1", "Road")
    assert acme.updated_at > acme.created_at
    assert (solo.email, solo.updated_at) == (None, solo.created_at)


def test_the_most_frequent_of_several_values_counts(database: Database, context: Context) -> None:
    wishes = [Wish(code="C1", name=name, phone=phone) for name, phone in (("?", "2"), ("Acme", "1"), ("Acme", "2"))]
    _run(database, context.organization_id, *wishes)
    (acme,) = _customers(database, context.organization_id)
    assert (acme.name, acme.phone) == ("Acme", "2")


def test_matching_alone_makes_nothing_and_foresees_what_would_be(database: Database, context: Context) -> None:
    _, (old, *_) = _run(database, context.organization_id, Wish(code="C1", name="Acme"))
    wishes = (
        Wish(code="C1"),
        Wish(name="acme"),
        Wish(code="N1", name="New"),
        Wish(name="new"),
        Wish(code="T1", name="Twin"),
        Wish(code="T2", name="TWIN"),
        Wish(name="twin"),
        Wish(name="Solo"),
        Wish(name="SOLO"),
        Wish(),
    )
    with database.transaction(context.organization_id) as conn:
        want(conn, *wishes)
        foreseen = service.match(conn)
        assert answers(conn) == [old, old, *[None] * 8]
        assert refusals(conn) == [None] * 6 + ["ambiguous", None, None, "unnamed"]
    assert len(_customers(database, context.organization_id)) == 1
    done, _ = _run(database, context.organization_id, *wishes)
    assert (foreseen.ambiguous, foreseen.unnamed, foreseen.missing) == (done.ambiguous, done.unnamed, done.created)
    assert done.created == 4


def test_customers_of_another_organization_are_neither_found_nor_changed(
    database: Database, context: Context, organization: Callable[..., Organization]
) -> None:
    other = organization(name="Other")
    _, theirs = _run(database, other.id, Wish(code="C1", name="Acme"), Wish(name="Solo"))
    wishes = (Wish(code="C1", name="Acme", email="ours@b.test"), Wish(name="Solo"))
    counts, ours = _run(database, context.organization_id, *wishes)
    assert counts.created == 2
    assert not set(ours) & set(theirs)
    assert all(customer.email is None for customer in _customers(database, other.id))


def test_it_may_be_called_twice_in_one_transaction(database: Database, context: Context) -> None:
    with database.transaction(context.organization_id) as conn:
        want(conn, Wish(code="C1"), Wish(name="Solo"))
        service.match_or_create(conn)
        first = answers(conn)
        assert service.match_or_create(conn).created == 0
        assert answers(conn) == first


def test_nothing_wanted_is_nothing_done(database: Database, context: Context) -> None:
    assert _run(database, context.organization_id) == (MatchCounts(answered=0, ambiguous=0, unnamed=0), [])


def test_four_at_the_same_time_make_no_duplicate(database: Database, context: Context, owner: Connection) -> None:
    wishes = [Wish(code=f"C{n}", name=f"Coded {n}", email=f"{n}@b.test") for n in range(2000)]
    wishes += [Wish(name=f"Named {n}", phone=str(n)) for n in range(2000)]
    start = Barrier(4)

    def run(seed: int) -> dict[Wish, int | None]:
        mine = _shuffled(wishes, seed)
        with database.transaction(context.organization_id) as conn:
            want(conn, *mine)
            start.wait()
            service.match_or_create(conn)
            return dict(zip(mine, answers(conn), strict=True))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, range(4)))
    assert results[0] == results[1] == results[2] == results[3]
    assert len(set(results[0].values()) - {None}) == len(wishes)
    (row,) = owner.execute(
        "SELECT count(*) AS n, count(DISTINCT code) AS codes, count(DISTINCT name_folded) AS names FROM customers"
    ).fetchall()
    assert row == {"n": 4000, "codes": 2000, "names": 4000}


@pytest.mark.parametrize(
    ("wishes", "held"),
    [
        ([Wish(code=f"C{n}") for n in range(400)], Wish(code="C250")),
        ([Wish(name=f"N{n}") for n in range(400)], Wish(name="N250")),
        ([Wish(code=f"old{n}", phone="1") for n in range(400)], Wish(code="old250", phone="2")),
    ],
    ids=["new codes", "new names", "old records to fill"],
)
def test_those_who_wait_for_each_other_wait_in_one_order(
    database: Database, context: Context, wishes: list[Wish], held: Wish
) -> None:
    _run(database, context.organization_id, *[Wish(code=f"old{n}") for n in range(400)])

    def run(seed: int) -> None:
        _run(database, context.organization_id, *_shuffled(wishes, seed))

    with ThreadPoolExecutor(3) as pool:
        # all three stop in the middle of their work, at the record that this transaction holds
        with database.transaction(context.organization_id) as conn:
            want(conn, held)
            service.match_or_create(conn)
            runs = [pool.submit(run, seed) for seed in range(3)]
            _wait_until_blocked(conn, count=3)
        for finished in runs:
            finished.result()


def _shuffled(wishes: list[Wish], seed: int) -> list[Wish]:
    return random.Random(seed).sample(wishes, len(wishes))  # noqa: S311  # the same disorder in every run


def _wait_until_blocked(conn: Connection, *, count: int) -> None:
    for _ in range(500):
        blocked = conn.execute("SELECT FROM pg_locks WHERE NOT granted").rowcount
        if blocked >= count:
            return
        time.sleep(0.02)
    raise TimeoutError
