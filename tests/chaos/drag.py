"""Making the import slow or stopping it at a known place: triggers of the test in the test's own database."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.house import House
from tests.chaos.waiting import eventually
from tranche.kernel.db.pool import connect

_GATE = 47_110_815


def slow_down(house: House, *, seconds_per_order: float) -> None:
    """Every order that comes in costs that long, asleep, so that a fault has time to strike."""
    drag(house, table="orders", event="INSERT", seconds_each=seconds_per_order)


def drag(house: House, *, table: str, event: str, seconds_each: float) -> None:
    """A statement that writes to the table sleeps so long for each of its rows."""
    name = f"chaos_drag_{table}_{event.lower()}"
    house_do(
        house,
        f"""
        CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            PERFORM pg_sleep({seconds_each:f} * (SELECT count(*) FROM made));
            RETURN NULL;
        END $$;
        CREATE OR REPLACE TRIGGER {name} AFTER {event} ON {table} REFERENCING NEW TABLE AS made
            FOR EACH STATEMENT EXECUTE FUNCTION {name}();
        """,
    )


class Gate:
    """While it is shut every chunk waits, with its orders and lines written and nothing committed.

    `table` and `event` name another statement behind which to wait.
    """

    def __init__(self, house: House, *, table: str = "order_lines", event: str = "INSERT") -> None:
        self._house = house
        house_do(
            house,
            f"""
            CREATE FUNCTION chaos_gate() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock_shared({_GATE});
                RETURN NULL;
            END $$;
            CREATE TRIGGER chaos_gate AFTER {event} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION chaos_gate();
            """,
        )

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Nobody passes as long as the block lasts."""
        with connect(self._house.owner_url, name="chaos gate") as conn:
            conn.execute(f"SELECT pg_advisory_lock({_GATE})".encode())
            yield

    def wait_for_one(self) -> None:
        """Wait until a chunk stands before the gate."""
        eventually(self.is_waited_for, seconds=60, what="a chunk before the gate")

    def is_waited_for(self) -> bool:
        """Whether a chunk stands before the gate now."""
        return bool(
            self._house.rows(
                "SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %(gate)s AND NOT granted",
                {"gate": _GATE},
            )
        )


def house_do(house: House, statements: str) -> None:
    """Run statements as the owner of the test's database."""
    with connect(house.owner_url, name="chaos owner") as conn:
        conn.execute(statements.encode())
