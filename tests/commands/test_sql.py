"""`tranche sql`: SQL as one organization sees the data, and never as another one does."""

import io
import json
from collections.abc import Callable

import pytest

from tests.commands.conftest import Ran
from tests.factories import Organization
from tranche.kernel.db.pool import Connection

Call = Callable[..., Ran]
Make = Callable[..., Organization]

DOCUMENT_1 = """SELECT b.fileName, b.totalOrders, u.name, b.importedAt
FROM batches b
JOIN users u ON b.userId = u.id
ORDER BY b.importedAt DESC;
"""


@pytest.fixture
def batch(owner: Connection) -> Callable[[Organization, str], None]:
    """A batch of 250 orders, of which two failed."""

    def make(organization: Organization, name: str) -> None:
        owner.execute(
            """
            INSERT INTO order_batches (organization_id, user_id, file_name, status, total_orders, successful_orders,
                failed_orders, imported_at, completed_at)
            VALUES (%(organization)s, %(user)s, %(name)s, 'completed', 250, 248, 2, '2025-10-29 08:00:00Z',
                '2025-10-29 08:00:05Z')
            """,
            {"organization": organization.id, "user": organization.user_id, "name": name},
        )

    return make


def test_the_sql_of_document_1_runs_as_printed_and_sees_one_organization(
    tranche: Call, organization: Make, batch: Callable[[Organization, str], None]
) -> None:
    ours, theirs = organization(name="Acme", zone="Asia/Dhaka"), organization(name="Other")
    batch(ours, "october_trades.xlsx")
    batch(theirs, "secret.xlsx")
    ran = tranche("sql", "--organization", "Acme", "--csv", DOCUMENT_1)
    assert ran.code == 0
    assert ran.out == ("filename,totalorders,name,importedat\noctober_trades.xlsx,250,Ada Admin,2025-10-29 14:00:00\n")
    assert "secret" not in tranche("sql", "-o", ours.id, "SELECT * FROM batches, order_batches").out
    assert "secret.xlsx" in tranche("sql", "-o", theirs.id, "SELECT filename FROM batches").out


def test_it_runs_as_the_plain_role(tranche: Call, organization: Make) -> None:
    ran = tranche("sql", "-o", organization().id, "SELECT current_user, is_superuser() AS su")
    assert ran.code == 1
    ran = tranche("sql", "-o", 1, "--json", "SELECT current_user")
    assert json.loads(ran.out) == [{"current_user": "tranche_app"}]
    assert tranche("sql", "-o", 1, "TRUNCATE orders").code == 1


def test_nothing_can_be_written_for_another_organization(tranche: Call, organization: Make, owner: Connection) -> None:
    ours, theirs = organization(name="Acme"), organization(name="Other")
    changed = tranche("sql", "-o", ours.id, "UPDATE branches SET name = 'taken'")
    assert (changed.code, changed.out, changed.err) == (0, "", "UPDATE 1\n")
    assert tranche("sql", "-o", ours.id, f"UPDATE branches SET organization_id = {theirs.id}").code == 1
    rows = owner.execute("SELECT name FROM branches WHERE organization_id = %(id)s", {"id": theirs.id}).fetchall()
    assert [row["name"] for row in rows] == ["Main"]


def test_values_keep_their_type_in_json_and_are_exact(tranche: Call, organization: Make) -> None:
    statement = "SELECT 12345678901234567.10::numeric AS sum, NULL AS none, true AS yes, '[1]'::jsonb AS list"
    ran = tranche("sql", "-o", organization().id, "--json", statement)
    assert '"sum": 12345678901234567.10' in ran.out
    assert json.loads(ran.out)[0] | {"sum": 0} == {"sum": 0, "none": None, "yes": True, "list": [1]}


def test_standard_input_may_hold_several_statements(
    tranche: Call, organization: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 1 AS a;\nSELECT 2 AS b, 'x' AS b;"))
    ran = tranche("sql", "-o", organization().id)
    assert ran.out == "a\n1\nb\tb\n2\tx\n"


def test_a_refused_statement_says_why_and_where_and_changes_nothing(
    tranche: Call, organization: Make, owner: Connection
) -> None:
    ours = organization()
    ran = tranche("sql", "-o", ours.id, "UPDATE branches SET name = 'x';\nSELECT nothing FROM orders")
    assert ran.code == 1
    assert 'line 2: column "nothing" does not exist' in ran.err
    assert owner.execute("SELECT FROM branches WHERE name = 'x'").rowcount == 0


@pytest.mark.parametrize(("name", "code"), [("Nobody", 4), ("99", 4), ("Twin", 6)])
def test_the_organization_must_be_one(tranche: Call, organization: Make, name: str, code: int) -> None:
    organization(name="Twin")
    organization(name="Twin")
    ran = tranche("sql", "-o", name, "SELECT 1")
    assert ran.code == code
    assert ran.out == ""


def test_a_name_needs_the_owner(tranche: Call, organization: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = organization(name="Acme")
    monkeypatch.delenv("TRANCHE_OWNER_URL")
    assert tranche("sql", "-o", "Acme", "SELECT 1").code == 2
    assert tranche("sql", "-o", ours.id, "SELECT 1").code == 0


def test_a_long_table_is_cut_and_says_so(tranche: Call, organization: Make) -> None:
    number = organization().id
    ran = tranche("sql", "-o", number, "SELECT generate_series(1, 1500)")
    assert ran.out.count("\n") == 1001
    assert "1,000 of 1,500" in ran.err
    assert tranche("sql", "-o", number, "--csv", "SELECT generate_series(1, 1500)").out.count("\n") == 1501
