"""Customers made, changed and found by people."""

from collections.abc import Callable

import pytest

from tests.factories import Organization
from tranche.customers import queries, service
from tranche.customers.domain import CodeTaken, Customer, CustomerFields, NameTaken, UnknownCustomer
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid
from tranche.kernel.text import after_prefix


def _create(database: Database, ctx: Context, **fields: str | None) -> Customer:
    with database.transaction(ctx.organization_id) as conn:
        return service.create(conn, ctx, fields=CustomerFields(**fields))  # type: ignore[typeddict-item]


def _update(database: Database, ctx: Context, customer_id: int, **fields: str | None) -> Customer:
    with database.transaction(ctx.organization_id) as conn:
        return service.update(
            conn,
            ctx,
            customer_id=customer_id,
            fields=CustomerFields(**fields),  # type: ignore[typeddict-item]
        )


def _search(database: Database, ctx: Context, text: str | None, *, limit: int = 50, offset: int = 0) -> list[str]:
    with database.transaction(ctx.organization_id) as conn:
        customers, _ = service.list_page(conn, search=text, limit=limit, offset=offset)
    return [customer.name for customer in customers]


def test_a_customer_is_made_with_cut_ends_and_empty_fields_as_none(database: Database, context: Context) -> None:
    made = _create(
        database, context, code=" C1 ", name=" Acme  Ltd ", email="a@b.test", phone="", address=" 1 Road\nX "
    )
    assert (made.code, made.name, made.email, made.phone, made.address) == (
        "C1",
        "Acme  Ltd",
        "a@b.test",
        None,
        "1 Road\nX",
    )
    with database.transaction(context.organization_id) as conn:
        assert service.find(conn, customer_id=made.id) == made


def test_making_and_changing_are_in_the_audit_log_without_personal_data(
    database: Database, context: Context, owner: Connection
) -> None:
    made = _create(database, context, code="C1", name="Acme", email="secret@b.test")
    _update(database, context, made.id, email="other@b.test", phone="1")
    _update(database, context, made.id, phone="1")
    rows = owner.execute("SELECT action, subject_id, detail FROM audit_entries ORDER BY id").fetchall()
    assert [(row["action"], row["subject_id"], row["detail"]) for row in rows] == [
        ("customer.create", made.id, {"code": "C1"}),
        ("customer.update", made.id, {"changed": ["email", "phone"]}),
    ]


@pytest.mark.parametrize(
    ("fields", "pointers"),
    [
        ({}, ["/name"]),
        ({"name": "  "}, ["/name"]),
        ({"name": "\u00a0"}, ["/name"]),
        ({"name": "A\nB"}, ["/name"]),
        ({"name": "x" * 301}, ["/name"]),
        ({"name": "A", "email": "nobody"}, ["/email"]),
        ({"name": "A", "phone": "ask Ada"}, ["/phone"]),
        ({"name": "A", "email": "a@b.test\r\nBcc: c@d.test"}, ["/email"]),
        ({"name": "", "code": "x" * 101}, ["/name", "/code"]),
    ],
)
def test_what_cannot_be_taken_is_named(
    database: Database, context: Context, fields: dict[str, str], pointers: list[str]
) -> None:
    with pytest.raises(Invalid) as caught:
        _create(database, context, **fields)
    assert [fault.pointer for fault in caught.value.errors] == pointers


def test_a_code_is_unique_and_without_one_the_name_is(database: Database, context: Context) -> None:
    _create(database, context, code="C1", name="Acme")
    with pytest.raises(CodeTaken):
        _create(database, context, code="C1", name="Other")
    plain = _create(database, context, name="Acme")
    with pytest.raises(NameTaken):
        _create(database, context, name=" ACME ")
    with pytest.raises(CodeTaken):
        _update(database, context, plain.id, code="C1")
    second = _create(database, context, code="C2", name="acme")
    with pytest.raises(NameTaken):
        _update(database, context, second.id, code=None)


def test_a_refused_change_leaves_the_transaction_usable(database: Database, context: Context) -> None:
    _create(database, context, code="C1", name="Acme")
    other = _create(database, context, code="C2", name="Other")
    with database.transaction(context.organization_id) as conn:
        with pytest.raises(CodeTaken):
            service.update(conn, context, customer_id=other.id, fields={"code": "C1"})
        assert service.find(conn, customer_id=other.id) == other


def test_only_given_fields_change_and_none_empties(database: Database, context: Context) -> None:
    made = _create(database, context, code="C1", name="Acme", email="a@b.test", phone="1")
    changed = _update(database, context, made.id, name="Acme Ltd", phone=None)
    assert (changed.code, changed.name, changed.email, changed.phone) == ("C1", "Acme Ltd", "a@b.test", None)
    assert changed.updated_at > made.updated_at
    assert _search(database, context, "acme l") == ["Acme Ltd"]


def test_a_foreign_customer_is_as_unknown_as_none(
    database: Database, context: Context, organization: Callable[..., Organization]
) -> None:
    foreign = _create(database, organization(name="Other").context(), name="Theirs").id
    for customer_id in (foreign, 999_999):
        with pytest.raises(UnknownCustomer), database.transaction(context.organization_id) as conn:
            service.find(conn, customer_id=customer_id)
        with pytest.raises(UnknownCustomer):
            _update(database, context, customer_id, name="Mine")
    assert _search(database, context, None) == []
    assert _search(database, context, "theirs") == []


def test_two_organizations_may_use_the_same_code(
    database: Database, context: Context, organization: Callable[..., Organization]
) -> None:
    _create(database, context, code="C1", name="Ours")
    assert _create(database, organization(name="Other").context(), code="C1", name="Theirs").code == "C1"


def test_the_search_finds_prefixes_whatever_the_case_and_spacing(database: Database, context: Context) -> None:
    for name in ("Straße 5", "Strand", "ΟΔΟΣ Α", "شركة النور", "ঢাকা ট্রেডার্স", "100% _Real_", "100 Percent"):
        _create(database, context, name=name)
    assert _search(database, context, "STRASSE") == ["Straße 5"]
    assert _search(database, context, " stra") == ["Strand", "Straße 5"]
    assert _search(database, context, "οδος") == ["ΟΔΟΣ Α"]
    assert _search(database, context, "شركة") == ["شركة النور"]
    assert _search(database, context, "ঢাকা") == ["ঢাকা ট্রেডার্স"]
    assert _search(database, context, "100%") == ["100% _Real_"]
    assert _search(database, context, "rand") == []
    assert len(_search(database, context, "  ")) == 7


def test_the_customer_with_exactly_this_code_comes_first_and_once_over_all_pages(
    database: Database, context: Context
) -> None:
    _create(database, context, code="ab", name="Zebra")
    for n in range(5):
        _create(database, context, code=f"k{n}", name=f"Ab {n}")
    _create(database, context, code="zz", name="ab")
    expected = ["Zebra", "ab", "Ab 0", "Ab 1", "Ab 2", "Ab 3", "Ab 4"]
    assert _search(database, context, "ab") == expected
    pages = [_search(database, context, "ab", limit=3, offset=offset) for offset in (0, 3, 6, 9)]
    assert pages == [expected[:3], expected[3:6], expected[6:], []]
    assert [_search(database, context, "ab", limit=1, offset=n) for n in range(7)] == [[name] for name in expected]
    with database.transaction(context.organization_id) as conn:
        assert service.list_page(conn, search="ab", limit=1, offset=0)[1] == 7


def test_the_list_is_in_the_order_of_names_then_ids(database: Database, context: Context) -> None:
    for code, name in (("3", "beta"), ("1", "Alpha"), ("2", "ALPHA"), ("4", "alpha")):
        _create(database, context, code=code, name=name)
    assert _search(database, context, None) == ["Alpha", "ALPHA", "alpha", "beta"]


def test_list_and_search_reach_the_index_behind_the_tenant_wall(
    database: Database, context: Context, owner: Connection
) -> None:
    owner.execute(
        """
        INSERT INTO customers (organization_id, code, name, name_folded)
        SELECT %(id)s, 'c' || n, 'name ' || n, 'name ' || n FROM generate_series(1, 20000) n
        """,
        {"id": context.organization_id},
    )
    owner.execute("ANALYZE customers")
    values = {"besides": 0, "low": "name 77", "high": after_prefix("name 77")}
    with database.transaction(context.organization_id) as conn:
        for which, condition in queries._FILTERS.items():
            rows = conn.execute(
                f"EXPLAIN SELECT c.* FROM customers c WHERE {condition} "
                "ORDER BY c.name_folded USING ~<~, c.id LIMIT 20".encode(),
                values,
            ).fetchall()
            plan = "\n".join(row["QUERY PLAN"] for row in rows)
            assert "customers_by_name" in plan, plan
            assert "Sort" not in plan, plan
            assert ("~>=~" in plan.split("Index Cond", 1)[1].split("Filter", 1)[0]) == (which == "named"), plan
