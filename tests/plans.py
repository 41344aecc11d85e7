"""Reads the plans of a query function's statements, as the role and under the walls that it really runs with."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from tranche.kernel.db.pool import Connection


class Explaining:
    """Stands in for a connection: explains every statement, then runs it."""

    def __init__(self, conn: Connection) -> None:
        self._conn = conn
        self.nodes: list[dict[str, Any]] = []

    def execute(self, statement: str, params: Any = None, *, prepare: bool | None = None) -> Any:
        del prepare
        (row,) = self._conn.execute(f"EXPLAIN (FORMAT JSON) {statement}", params).fetchall()
        self.nodes += nodes_of(row)
        return self._conn.execute(statement, params)

    def scans(self, table: str) -> set[str]:
        """How a table was read: "Seq Scan", or the name of an index."""
        return {
            node.get("Index Name", node["Node Type"])
            for node in self.nodes
            if node.get("Relation Name") == table or node["Node Type"] == "Bitmap Index Scan"
        }


def explain(conn: Connection, ask: Callable[[Connection], object]) -> Explaining:
    """Ask a question and keep its plans."""
    explaining = Explaining(conn)
    ask(cast("Connection", explaining))
    return explaining


def nodes_of(row: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every node of the plan in the answer to EXPLAIN (FORMAT JSON)."""
    plan = row["QUERY PLAN"]
    return _walk((json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"])


def _walk(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _walk(child)
