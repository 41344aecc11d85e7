"""A lot is kept back, let go, switched off and on; an operation is undone."""

from collections.abc import Callable
from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.inventory import service
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Conflict, Invalid
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.render import Html, is_own_path, redirect
from tranche.kernel.web.pages.routes import form


class HoldForm(Body, frozen=True):
    """Why a lot is kept back."""

    reason: str = ""


class UndoForm(Body, frozen=True):
    """The page to return to."""

    back: str = "/stock"


@form("/stock/lots/{lot_id:int}/hold")
def hold(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    lot_id: FromPath[int],
    data: URLEncodedBody[HoldForm],
) -> Html:
    """Keep it back."""
    return _do(
        ctx,
        database,
        lambda conn: service.hold(conn, ctx, lot_id=lot_id, reason=data.reason),
        back=f"/stock/lots/{lot_id}",
        say="The lot is on hold: nothing of it goes out.",
    )


@form("/stock/lots/{lot_id:int}/release")
def release(ctx: NamedDependency[Context], database: NamedDependency[Database], lot_id: FromPath[int]) -> Html:
    """Let it go."""
    return _do(
        ctx,
        database,
        lambda conn: service.release(conn, ctx, lot_id=lot_id),
        back=f"/stock/lots/{lot_id}",
        say="The lot is released.",
    )


@form("/stock/lots/{lot_id:int}/deactivate")
def deactivate(ctx: NamedDependency[Context], database: NamedDependency[Database], lot_id: FromPath[int]) -> Html:
    """Switch it off."""
    return _do(
        ctx,
        database,
        lambda conn: service.set_active(conn, ctx, lot_id=lot_id, is_active=False),
        back=f"/stock/lots/{lot_id}",
        say="The lot is inactive: it takes no part in anything.",
    )


@form("/stock/lots/{lot_id:int}/activate")
def activate(ctx: NamedDependency[Context], database: NamedDependency[Database], lot_id: FromPath[int]) -> Html:
    """Switch it on again."""
    return _do(
        ctx,
        database,
        lambda conn: service.set_active(conn, ctx, lot_id=lot_id, is_active=True),
        back=f"/stock/lots/{lot_id}",
        say="The lot is active again.",
    )


@form("/stock/operations/{movement_id:int}/undo")
def undo(
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    movement_id: FromPath[int],
    data: URLEncodedBody[UndoForm],
) -> Html:
    """Take the whole operation back by the opposite one."""
    return _do(
        ctx,
        database,
        lambda conn: service.reverse(conn, ctx, movement_id=movement_id),
        back=data.back if is_own_path(data.back) else "/stock",
        say="It is undone: everything is where it was.",
    )


def _do(ctx: Context, database: Database, act: Callable[[Connection], object], *, back: str, say: str) -> Html:
    """Do it and return; what is refused is said on the page that it came from."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            act(conn)
    except (Invalid, Conflict) as error:
        return redirect(back, say=error.message, tone=Tone.BAD)
    return redirect(back, say=say)


PAGES: Final[tuple[Any, ...]] = (hold, release, deactivate, activate, undo)
