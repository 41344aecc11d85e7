"""Lots as answers to the search in the top bar: by the beginning of their number."""

from collections.abc import Sequence
from typing import Final

from tranche.inventory import service
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.text import spellings
from tranche.kernel.web.pages.ports import Hit, Searcher


def find_lots(conn: Connection, ctx: Context, /, *, text: str, limit: int) -> Sequence[Hit]:
    """The first lots whose number begins so, written as it stands or in capitals."""
    del ctx
    found = [lot for one in spellings(text) for lot in service.list_first_lots(conn, beginning=one, limit=limit)]
    return [
        Hit(kind="Lot", label=lot["number"], path=f"/stock/lots/{lot['id']}", detail=lot["item_name"])
        for lot in found[:limit]
    ]


SEARCHERS: Final[tuple[Searcher, ...]] = (find_lots,)
