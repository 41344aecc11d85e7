"""The report of an upload: what it would bring in, what is wrong with the rest, and the way to bring it in."""

from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from tranche.imports import again
from tranche.imports.corrections import browsing
from tranche.imports.intakes import Intakes
from tranche.imports.service import list_error_groups
from tranche.imports.targets import Import
from tranche.imports.uploads import UploadLimits
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations, get_operation
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.orders import service
from tranche.orders.domain import DuplicateFile
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.pages import rows
from tranche.orders.pages.causes import describe_all
from tranche.orders.pages.columns import find_orders
from tranche.orders.pages.files import Reading
from tranche.orders.pages.places import REVIEW

_SAME: Final = "This file came in before. Tick “Bring the same file in again” if you mean it."
_COLUMN_CODES: Final = frozenset({"missing_columns", "invalid_mapping"})


class ConfirmForm(Body, frozen=True):
    """Whether the same file may come in once more."""

    allow_duplicate: bool = False


@page(REVIEW + "/{import_id:int}")
def review_page(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    import_id: FromPath[int],
) -> Html:
    """What the file would bring in, or has brought in, what is wrong with the rest, and where to put it right."""
    with database.transaction(ctx.organization_id) as conn:
        work = find_orders(conn, import_id)
        data = _report(conn, work)
        asked = rows.read_asked(conn, request, work, refused=data["counts"].refused)
        if not data["is_judged"]:
            return render(request, "orders/review.html", data)
        found = rows.find(conn, work, asked)
    reading = Reading.of(work, files=files, limits=upload_limits, ctx=ctx)
    shown = rows.show(work, asked, found, reading)
    return render(request, "orders/review.html", {**data, **shown, "asked": asked, "sorts": list(browsing.Sort)})


@form(REVIEW + "/{import_id:int}/confirm")
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
        intake = intakes.of(find_orders(conn, import_id))
    try:
        with database.transaction(ctx.organization_id) as conn:
            _, operation = again.confirm(
                conn, ctx, operations, import_id=import_id, intake=intake, allow_duplicate=data.allow_duplicate
            )
    except DuplicateFile:
        return redirect(f"{REVIEW}/{import_id}", say=_SAME, tone=Tone.BAD)
    except TrancheError as error:
        return redirect(f"{REVIEW}/{import_id}", say=error.message, tone=Tone.BAD)
    return redirect(f"/operations/{operation.id}")


def _report(conn: Connection, work: Import) -> dict[str, Any]:
    operation = get_operation(conn, operation_id=work.started_operation_id or 0)
    correction = _running_correction(conn, work)
    is_ended = operation.status.is_terminal
    return {
        "work": work,
        "operation": operation,
        "correction": correction,
        "watched": correction or operation,
        "is_ended": is_ended and correction is None,
        "is_judged": is_ended and work.staged_rows is not None,
        "lacks_columns": operation.error_code in _COLUMN_CODES,
        "counts": browsing.count_rows(conn, work),
        "groups": describe_all(list_error_groups(conn, import_id=work.id), work),
        "notices": (work.mapping or {}).get("notices", []),
        "same": service.find_same_file(conn, sha256=work.sha256) if work.is_dry_run else None,
        "fields": [(one.name, one.label) for one in ORDER_FIELDS],
    }


def _running_correction(conn: Connection, work: Import) -> Operation | None:
    found = browsing.find_correction(conn, import_id=work.id)
    correction = None if found is None else get_operation(conn, operation_id=found)
    return None if correction is None or correction.status.is_terminal else correction


ROUTES: Final[tuple[Any, ...]] = (review_page, bring_in)
