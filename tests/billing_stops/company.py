"""The company whose billing stops: a source in a database of its own, in which a test may change things."""

from dataclasses import dataclass

from tranche.billing_stops.sample import queries
from tranche.kernel.db.pool import Connection, Row


@dataclass(frozen=True, slots=True)
class Company:
    """`url` is how a run reaches it; `conn` is the owner's own connection."""

    name: str
    url: str
    conn: Connection

    def run(self, statement: str) -> int:
        """Change something; how many rows it were."""
        return self.conn.execute(statement.encode()).rowcount

    def ask(self, query: str) -> list[Row]:
        """Look something up."""
        return self.conn.execute(query.encode()).fetchall()

    def live_a_day(self, *, customers: int, seed: str) -> None:
        """Bills, payments, moves: the sample's own changes."""
        queries.change(self.conn, customers=customers, seed=seed)
