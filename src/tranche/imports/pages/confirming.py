"""The word that makes an import of a dry run."""

from typing import Any

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.imports import again
from tranche.imports.intakes import Intakes
from tranche.imports.pages.uploading import Uploading
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.operations.service import Operations
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.render import Html, redirect
from tranche.kernel.web.pages.routes import form


class ConfirmForm(Body, frozen=True):
    """Whether the same file may come in once more."""

    allow_duplicate: bool = False


def make_confirmation(uploading: Uploading) -> tuple[Any, ...]:
    """The last step for one target."""

    @form(uploading.one + "/{import_id:int}/confirm")
    def bring_in(
        *,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        operations: NamedDependency[Operations],
        intakes: NamedDependency[Intakes],
        import_id: FromPath[int],
        data: URLEncodedBody[ConfirmForm],
    ) -> Html:
        """Bring in what the report found valid."""
        with database.transaction(ctx.organization_id) as conn:
            work = uploading.find(conn, import_id)
        try:
            with database.transaction(ctx.organization_id) as conn:
                _, operation = again.confirm(
                    conn,
                    ctx,
                    operations,
                    import_id=import_id,
                    intake=intakes.of(work),
                    allow_duplicate=data.allow_duplicate,
                )
        except TrancheError as error:
            return redirect(uploading.report_of(work), say=uploading.in_words(error), tone=Tone.BAD)
        return redirect(f"/operations/{operation.id}")

    return (bring_in,)
