"""The company whose billing stops: a source in a database of its own, in which a test may change things."""

import time
from dataclasses import dataclass

from tranche.billing_stops.sample import queries
from tranche.kernel.db.pool import Connection, Row, connect


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

    def wait_until_read(self, *, seconds: float = 20.0) -> None:
        """The query of a run is at work in the source."""
        at_work = (
            "SELECT FROM pg_stat_activity WHERE application_name = 'tranche snapshot' AND state = 'active' "
            "AND query LIKE 'COPY%' AND datname = current_database()"
        )
        ends = time.monotonic() + seconds
        with connect(self.url) as reader:  # whose own role sees what it does
            while not reader.execute(at_work.encode()).fetchall():
                assert time.monotonic() < ends, "nobody asks the source"
                time.sleep(0.02)
