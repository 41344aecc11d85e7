"""What orders add to the home page: the first step of an empty house, and what came in last."""

import tempfile
from collections.abc import Mapping as AbstractMapping
from pathlib import Path
from typing import Any, Final

from litestar.di import NamedDependency

from tranche.imports.domain import Mapping
from tranche.imports.sample import write_sample
from tranche.imports.uploads import UploadLimits
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Conflict
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.ports import HomeCard
from tranche.kernel.web.pages.render import Html, redirect
from tranche.kernel.web.pages.routes import form
from tranche.orders import service
from tranche.orders.service import Upload

_ORDERS: Final = 400
_BAD_EVERY: Final = 25
_SEED: Final = 1
_NAME: Final = "sample-orders.xlsx"
_SHOWN: Final = 6


@form("/sample")
def load_sample(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
) -> Html:
    """Upload a sample workbook, as a person would who drops it on the page; some of its orders are bad on purpose."""
    with tempfile.TemporaryDirectory(prefix="tranche-sample-") as folder:
        path = Path(folder) / _NAME
        write_sample(path, orders=_ORDERS, bad_every=_BAD_EVERY, seed=_SEED)
        with path.open("rb") as stream:
            stored = files.put(ctx.organization_id, stream, limit=upload_limits.max_bytes)
    try:
        with database.transaction(ctx.organization_id) as conn:
            service.upload(conn, ctx, operations, wanted=Upload(stored=stored, file_name=_NAME, mapping=Mapping()))
    except Conflict as error:
        return redirect("/", say=error.message, tone=Tone.BAD)
    return redirect("/", say=f"{_ORDERS} sample orders are coming in, some of them bad on purpose.")


def _load_first_step(conn: Connection, ctx: Context, /) -> AbstractMapping[str, Any] | None:
    may_load = ctx.role.covers(Role.OPERATOR)
    return None if service.list_batches(conn, limit=1) else {"may_load": may_load}


def _load_recent(conn: Connection, ctx: Context, /) -> AbstractMapping[str, Any] | None:
    del ctx
    batches = service.list_batches(conn, limit=_SHOWN)
    return {"batches": batches, "stats": service.get_stats(conn)} if batches else None


PAGES: Final[tuple[Any, ...]] = (load_sample,)
CARDS: Final = (
    HomeCard(
        name="first step", template="orders/first_step_card.html", load=_load_first_step, position=5, is_wide=True
    ),
    HomeCard(name="recent uploads", template="orders/recent_card.html", load=_load_recent, position=30, is_wide=True),
)
