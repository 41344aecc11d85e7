"""The wire contract of imports of items."""

from litestar.datastructures import UploadFile

from tranche.imports.targets import Import
from tranche.kernel.operations.domain import Operation
from tranche.kernel.web.json import Body, Out


class UploadForm(Body, frozen=True):
    """The multipart form of an upload; `mapping` is JSON, as in the query."""

    file: UploadFile
    mapping: str | None = None


class ItemImportOut(Out, frozen=True):
    """An import of items that has begun: its figures are at `/api/operations/{operationId}`.

    Its errors are at `/api/imports/{importId}/errors`.
    """

    import_id: int
    operation_id: int
    file_name: str
    dry_run: bool
    status: str


def item_import_out(work: Import, operation: Operation) -> ItemImportOut:
    return ItemImportOut(
        import_id=work.id,
        operation_id=operation.id,
        file_name=work.file_name,
        dry_run=work.is_dry_run,
        status=operation.status.value,
    )
