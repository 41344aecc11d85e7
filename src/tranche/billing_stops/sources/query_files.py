"""Queries are files: the operator's own in TRANCHE_HOME/queries, else those that come along."""

import re
from importlib import resources
from pathlib import Path
from typing import Final

from tranche.billing_stops.domain import SourceRefused

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}\.sql")
_MOST_BYTES: Final = 1_000_000
_MOST_NAMES: Final = 200


def read_query(home: Path, name: str) -> str:
    """The text of a query, without the semicolon at its end.

    Raises:
        SourceRefused: there is none of this name; the message says where it belongs.
    """
    if not _NAME.fullmatch(name):
        raise SourceRefused(f"{name!r} is not the name of a query; it is a file such as my_query.sql.")
    own = home / "queries" / name
    shipped = resources.files("tranche.billing_stops").joinpath("reports", name)
    for place in (own, shipped):
        if place.is_file():
            text = place.read_bytes()[:_MOST_BYTES].decode("utf-8-sig").strip().rstrip(";").strip()
            if text:
                return text
    raise SourceRefused(f"There is no query {name}. Put it into the folder queries of TRANCHE_HOME, on every worker.")


def list_queries(home: Path) -> list[str]:
    """The names of the queries that `read_query` finds on this machine, the first of them."""
    shipped = resources.files("tranche.billing_stops").joinpath("reports")
    own = home / "queries"
    names = {file.name for file in shipped.iterdir()} | {file.name for file in (own.iterdir() if own.is_dir() else ())}
    return sorted(name for name in names if _NAME.fullmatch(name))[:_MOST_NAMES]
