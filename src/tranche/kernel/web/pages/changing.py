"""A button that changes something: done, or told why it could not be, on the same page."""

from collections.abc import Callable

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Conflict
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.render import Html, redirect


def change(database: Database, ctx: Context, act: Callable[[Connection], object], *, to: str, said: str) -> Html:
    """Run `act` in a transaction and go to the page `to`, which says `said`, or the conflict that was in the way."""
    try:
        with database.transaction(ctx.organization_id) as conn:
            act(conn)
    except Conflict as error:
        return redirect(to, say=error.message, tone=Tone.BAD)
    return redirect(to, say=said)
