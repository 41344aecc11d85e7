"""The report of an upload: what it would bring in, what is wrong with the rest, and the way to bring it in."""

from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath

from tranche.imports.corrections import browsing
from tranche.imports.service import list_error_groups
from tranche.imports.targets import Import
from tranche.imports.uploads import UploadLimits
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import get_operation
from tranche.kernel.storage.domain import Files
from tranche.kernel.web.pages.render import Html, render
from tranche.kernel.web.pages.routes import page
from tranche.kernel.web.requests import AnyRequest
from tranche.orders import service
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.pages import rows
from tranche.orders.pages.causes import describe_all
from tranche.orders.pages.places import REVIEW
from tranche.orders.pages.uploading import ORDERS

_COLUMN_CODES: Final = frozenset({"missing_columns", "invalid_mapping"})


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
        work = ORDERS.find(conn, import_id)
        data = _report(conn, work)
        asked = rows.read_asked(conn, request, work, refused=data["counts"].refused)
        if not data["is_judged"]:
            return render(request, "orders/review.html", data)
        found = rows.find(conn, work, asked)
    reading = ORDERS.reading_of(work, ctx=ctx, files=files, limits=upload_limits)
    shown = rows.show(work, asked, found, reading)
    return render(request, "orders/review.html", {**data, **shown, "asked": asked, "sorts": list(browsing.Sort)})


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
        "notices": work.notices,
        "same": service.find_same_file(conn, sha256=work.sha256) if work.is_dry_run else None,
        "fields": [(one.name, one.label) for one in ORDER_FIELDS],
    }


def _running_correction(conn: Connection, work: Import) -> Operation | None:
    found = browsing.find_correction(conn, import_id=work.id)
    correction = None if found is None else get_operation(conn, operation_id=found)
    return None if correction is None or correction.status.is_terminal else correction


ROUTES: Final[tuple[Any, ...]] = (review_page,)
