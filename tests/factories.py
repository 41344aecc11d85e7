"""Rows that most tests need: an organization with its default branch and its first user."""

from dataclasses import dataclass

from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """The ids of an organization, its default branch and its admin."""

    id: int
    branch_id: int
    user_id: int
    user_name: str

    def context(self, *, role: Role = Role.ADMIN) -> Context:
        """The admin of this organization at work."""
        return Context(
            organization_id=self.id,
            role=role,
            user_id=self.user_id,
            user_name=self.user_name,
            branch_id=self.branch_id,
            request_id="test",
        )


def make_organization(
    owner: Connection, *, name: str = "Acme", zone: str = "UTC", currency: str = "USD"
) -> Organization:
    """Insert an organization as the owner, whom the tenant walls let pass."""
    organization_id = _insert(
        owner,
        "INSERT INTO organizations (name, zone, currency) VALUES (%(name)s, %(zone)s, %(currency)s) RETURNING id",
        {"name": name, "zone": zone, "currency": currency},
    )
    branch_id = _insert(
        owner,
        "INSERT INTO branches (organization_id, name, is_default) VALUES (%(organization)s, 'Main', true) RETURNING id",
        {"organization": organization_id},
    )
    user_id = make_user(owner, organization_id, name="Ada Admin", role=Role.ADMIN)
    return Organization(id=organization_id, branch_id=branch_id, user_id=user_id, user_name="Ada Admin")


def make_user(owner: Connection, organization_id: int, *, name: str, role: Role) -> int:
    """Insert a user and return the id; the address is made from the name."""
    return _insert(
        owner,
        "INSERT INTO users (organization_id, email, name, role) "
        "VALUES (%(organization)s, %(email)s, %(name)s, %(role)s) RETURNING id",
        {
            "organization": organization_id,
            "email": f"{name.lower().replace(' ', '.')}@example.test",
            "name": name,
            "role": str(role),
        },
    )


def _insert(conn: Connection, statement: str, values: dict[str, object]) -> int:
    row = conn.execute(statement.encode(), values).fetchone()
    assert row is not None
    return int(row["id"])
