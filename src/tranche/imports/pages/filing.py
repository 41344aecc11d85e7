"""The first step of an upload: a file is dropped. A known header goes on to the report, another to its columns."""

from typing import Any, Final

from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import MultipartBody

from tranche.imports.detect import detect
from tranche.imports.domain import Mapping
from tranche.imports.memory import service as memory
from tranche.imports.pages.uploading import Uploading
from tranche.imports.service import Sent
from tranche.imports.uploads import UploadLimits, clean_name
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import TrancheError
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage import service as storage
from tranche.kernel.storage.domain import Files, readable_size
from tranche.kernel.web.application import UPLOAD
from tranche.kernel.web.json import Body
from tranche.kernel.web.pages.render import Html, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

_PAGE: Final = "imports/new_upload.html"


class FileForm(Body, frozen=True):
    """The dropped file; a browser that was given none sends an empty one."""

    file: UploadFile | None = None


def make_file_pages(uploading: Uploading) -> tuple[Any, ...]:
    """The first step for one target."""

    @page(uploading.new, role=Role.OPERATOR)
    def new_upload_page(request: AnyRequest, upload_limits: NamedDependency[UploadLimits]) -> Html:
        """Asks for a file."""
        return _ask(request, uploading, upload_limits)

    @form(uploading.new, opt={UPLOAD: True})
    def take_file(
        *,
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        operations: NamedDependency[Operations],
        files: NamedDependency[Files],
        upload_limits: NamedDependency[UploadLimits],
        data: MultipartBody[FileForm],
    ) -> Html:
        """Keep the file. A header that is known is tried out at once; nothing comes in yet."""
        if data.file is None or not data.file.filename:
            return _ask(request, uploading, upload_limits, fault="Choose a file first.")
        name = clean_name(data.file.filename)
        try:
            uploading.require(ctx)
            stored = files.put(ctx.organization_id, data.file.file, limit=upload_limits.max_bytes)
            detect(files.path(ctx.organization_id, stored.sha256), file_name=name, limits=upload_limits.parsing)
            with database.transaction(ctx.organization_id) as conn:
                storage.register(conn, stored=stored)
                mapping = memory.offer(conn, target=uploading.target, said=Mapping())
            reading = uploading.reading(stored.sha256, name, ctx=ctx, files=files, limits=upload_limits)
            matching = reading.look(mapping).matching
            if matching.remembered is None or matching.missing:
                return redirect(uploading.columns_of(stored, name))
            wanted = Sent(stored=stored, file_name=name, mapping=Mapping(), dry_run=True)
            with database.transaction(ctx.organization_id) as conn:
                operation = uploading.try_out(conn, ctx, operations, wanted)
        except TrancheError as error:
            return _ask(request, uploading, upload_limits, fault=uploading.in_words(error))
        return redirect(uploading.report_by(operation))

    return (new_upload_page, take_file)


def _ask(request: AnyRequest, uploading: Uploading, limits: UploadLimits, *, fault: str = "") -> Html:
    data = {"uploading": uploading, "fault": fault, "most": limits.max_bytes, "size": readable_size(limits.max_bytes)}
    return render(request, _PAGE, data, status=400 if fault else 200)
