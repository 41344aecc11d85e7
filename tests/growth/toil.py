"""How many rows the plans of real statements touch, so that one that grows with the square of the work is seen.

A careless plan reads all of one set for each row of another. It is chosen where statistics know nothing: of an
organization or an operation that is new, or of a temporary table that was filled after it was analyzed. No clock is
needed to see it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from tests.plans import nodes_of

_PLANNED: Final = re.compile(r"\s*(WITH|SELECT|UPDATE|INSERT|DELETE|CREATE\s+TEMP\s+TABLE\s+\w+\s+ON COMMIT DROP AS)\b")
_REMOVED: Final = ("Rows Removed by Join Filter", "Rows Removed by Filter", "Rows Removed by Index Recheck")


@dataclass(frozen=True, slots=True, order=True)
class Toil:
    """The node of a statement's plan that touched most rows: how many in all its loops, and what it was."""

    rows: int
    node: str
    statement: str


@contextmanager
def toiling() -> Iterator[list[Toil]]:
    """Within the block each statement of a transaction runs twice: explained with its rows and undone, then for good.

    The list has one entry for each statement of this process, whichever thread it came from.
    """
    found: list[Toil] = []
    execute: Any = psycopg.Connection.execute

    def watched(conn: Any, query: Any, params: Any = None, **more: Any) -> Any:
        text = query.decode() if isinstance(query, bytes) else query
        is_open = conn.info.transaction_status == TransactionStatus.INTRANS
        if is_open and isinstance(text, str) and _PLANNED.match(text):
            execute(conn, "SAVEPOINT toil")
            with suppress(psycopg.DatabaseError):  # a statement that is refused is refused once more below
                row = execute(conn, f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {text}", params).fetchone()
                found.append(max(_toil(node, text) for node in nodes_of(row)))
            execute(conn, "ROLLBACK TO SAVEPOINT toil")
            execute(conn, "RELEASE SAVEPOINT toil")
        return execute(conn, query, params, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.Connection, "execute", watched)
        yield found


def _toil(node: dict[str, Any], statement: str) -> Toil:
    rows = node.get("Actual Loops", 0) * sum(node.get(name, 0) for name in ("Actual Rows", *_REMOVED))
    name = f"{node['Node Type']} {node.get('Relation Name') or node.get('CTE Name', '')}"
    return Toil(int(rows), name, statement)
