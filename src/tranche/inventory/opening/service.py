"""The verbs of imports of opening stock: bring in, refuse what it has no choice for."""

from typing import Final

from tranche.imports import service as imports
from tranche.imports.domain import OnDuplicate
from tranche.imports.targets import Import
from tranche.inventory.opening.target import BRANCH, USER, StockTarget
from tranche.inventory.service.moving import branch_of
from tranche.kernel.audit import service as audit
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Connection
from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage import service as storage

TARGET: Final = StockTarget.name
IMPORT_KIND: Final = "stock_import"


def bring_in_stock(
    conn: Connection, ctx: Context, operations: Operations, *, wanted: imports.Sent
) -> tuple[Import, Operation]:
    """Start the import of a file of opening stock into the caller's branch, or its dry run.

    Raises:
        NoBranch
        Invalid: stock that is there cannot be updated by a file.
    """
    branch_id = branch_of(conn, ctx)
    refuse_update(wanted.on_duplicate)
    storage.register(conn, stored=wanted.stored)
    links = {BRANCH: branch_id, USER: ctx.user_id}
    work, operation = imports.begin(conn, ctx, operations, target=TARGET, kind=IMPORT_KIND, sent=wanted, links=links)
    if not wanted.dry_run:
        audit.record(
            conn,
            ctx,
            action="stock_import.upload",
            subject_id=work.id,
            detail={"fileName": work.file_name, "branchId": branch_id},
        )
    return work, operation


def refuse_update(on_duplicate: OnDuplicate) -> None:
    """Raises Invalid: stock that is there cannot be updated by a file."""
    if on_duplicate is OnDuplicate.UPDATE:
        detail = "must be error or skip: stock that is there is corrected by adjustments"
        raise Invalid(f"onDuplicate {detail}.", errors=[FieldError("onDuplicate", detail)])
