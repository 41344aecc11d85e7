"""Customers as answers to the search in the top bar: by the beginning of their code or name."""

from collections.abc import Sequence
from typing import Final

from tranche.customers import service
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.web.pages.ports import Hit, Searcher


def find_customers(conn: Connection, ctx: Context, /, *, text: str, limit: int) -> Sequence[Hit]:
    """The first customers whose code or name begins so, whatever the case."""
    del ctx
    return [
        Hit(
            kind="Customer",
            label=customer.name,
            path=f"/customers/{customer.id}",
            detail=" · ".join(part for part in (customer.code, customer.email) if part),
        )
        for customer in service.list_first(conn, beginning=text, limit=limit)
    ]


SEARCHERS: Final[tuple[Searcher, ...]] = (find_customers,)
