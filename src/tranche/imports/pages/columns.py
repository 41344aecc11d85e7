"""The page of a file's columns: column, samples, our field, status. What is chosen is remembered for the header."""

from typing import Any, Final

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from msgspec.structs import replace

from tranche.imports import again
from tranche.imports.choices import read_mapping
from tranche.imports.domain import FileHeader
from tranche.imports.fitting import require_fit
from tranche.imports.intakes import Intakes
from tranche.imports.memory import service as memory
from tranche.imports.pages.choosing import ColumnsForm, form_of, mapping_of, place_of_table, show
from tranche.imports.pages.uploading import Uploading
from tranche.imports.service import Sent
from tranche.imports.targets import Import
from tranche.imports.uploads import UploadLimits, clean_name
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database, Row
from tranche.kernel.errors import Invalid, TrancheError
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage import service as storage
from tranche.kernel.storage.domain import FileMissing, Files, StoredFile
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest

_PAGE: Final = "imports/columns.html"
_HASH_DIGITS: Final = 64
_PLACES: Final = frozenset({"", "onDuplicate"})


def make_new_columns_pages(uploading: Uploading) -> tuple[Any, ...]:
    """The columns of a file that is not an import yet."""

    @page(uploading.new_columns, role=Role.OPERATOR)
    def new_columns_page(
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        files: NamedDependency[Files],
        upload_limits: NamedDependency[UploadLimits],
    ) -> Html:
        """The columns of a file that was just dropped, as they would be read."""
        given = request.query_params
        data = ColumnsForm(
            file=given.get("file", ""),
            name=clean_name(given.get("name", "")),
            sheet=given.get("sheet", ""),
            header_row=given.get("headerRow", ""),
        )
        with database.transaction(ctx.organization_id) as conn:
            stored = _stored(conn, data.file)
            mapping = memory.offer(conn, target=uploading.target, said=place_of_table(data))
            same = uploading.find_same_file(conn, sha256=stored.sha256)
        reading = uploading.reading(stored.sha256, data.name, ctx=ctx, files=files, limits=upload_limits)
        try:
            header = reading.look(mapping)
        except TrancheError as error:
            return redirect(uploading.new, say=uploading.in_words(error), tone=Tone.BAD)
        return _render(request, uploading, header, data, same=same)

    @form(uploading.new_columns)
    def choose_new(
        *,
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        operations: NamedDependency[Operations],
        files: NamedDependency[Files],
        upload_limits: NamedDependency[UploadLimits],
        data: URLEncodedBody[ColumnsForm],
    ) -> Html:
        """Try the file out with these columns."""
        name = clean_name(data.name)
        with database.transaction(ctx.organization_id) as conn:
            stored = _stored(conn, data.file)
            same = uploading.find_same_file(conn, sha256=stored.sha256)
        try:
            mapping = mapping_of(uploading, data)
            uploading.require(ctx)
            wanted = Sent(stored=stored, file_name=name, mapping=mapping, on_duplicate=data.on_duplicate, dry_run=True)
            with database.transaction(ctx.organization_id) as conn:
                operation = uploading.try_out(conn, ctx, operations, wanted)
        except Invalid as error:
            reading = uploading.reading(stored.sha256, name, ctx=ctx, files=files, limits=upload_limits)
            header = reading.look_anyhow(place_of_table(data))
            return _render(request, uploading, header, data, same=same, error=error)
        return redirect(uploading.report_by(operation))

    return (new_columns_page, choose_new)


def make_columns_pages(uploading: Uploading) -> tuple[Any, ...]:
    """The columns of an import, which may be read anew by others."""

    @page(uploading.one + "/{import_id:int}/columns", role=Role.OPERATOR)
    def columns_page(
        *,
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        files: NamedDependency[Files],
        upload_limits: NamedDependency[UploadLimits],
        import_id: FromPath[int],
    ) -> Html:
        """The columns of an import as they were read, to be changed."""
        with database.transaction(ctx.organization_id) as conn:
            work = uploading.find(conn, import_id)
            said = read_mapping(work.options.get("mapping") or {}, fields=uploading.fields)
            mapping = memory.recall(conn, work, said=said)
        data = form_of(said, on_duplicate=work.options.get("onDuplicate", "error"))
        asked = request.query_params
        if "sheet" in asked:
            data = replace(data, sheet=asked["sheet"], header_row=asked.get("headerRow", ""))
            mapping = place_of_table(data)
        reading = uploading.reading_of(work, ctx=ctx, files=files, limits=upload_limits)
        return _render(request, uploading, reading.look_anyhow(mapping), data, work=work)

    @form(uploading.one + "/{import_id:int}/columns")
    def choose(
        *,
        request: AnyRequest,
        ctx: NamedDependency[Context],
        database: NamedDependency[Database],
        operations: NamedDependency[Operations],
        files: NamedDependency[Files],
        intakes: NamedDependency[Intakes],
        upload_limits: NamedDependency[UploadLimits],
        import_id: FromPath[int],
        data: URLEncodedBody[ColumnsForm],
    ) -> Html:
        """Read the stored file again with these columns."""
        with database.transaction(ctx.organization_id) as conn:
            work = uploading.find(conn, import_id)
        try:
            choice = again.Choice(mapping=mapping_of(uploading, data), on_duplicate=data.on_duplicate)
            intakes.of(work).check(on_duplicate=data.on_duplicate)
        except Invalid as error:
            reading = uploading.reading_of(work, ctx=ctx, files=files, limits=upload_limits)
            header = reading.look_anyhow(place_of_table(data))
            return _render(request, uploading, header, data, work=work, error=error)
        try:
            require_fit(
                database,
                ctx,
                work=work,
                mapping=choice.mapping,
                fields=uploading.fields,
                files=files,
                limits=upload_limits.parsing,
            )
            with database.transaction(ctx.organization_id) as conn:
                again.judge_again(conn, ctx, operations, import_id=import_id, choice=choice)
        except TrancheError as error:
            return redirect(uploading.report_of(work), say=uploading.in_words(error), tone=Tone.BAD)
        return redirect(uploading.report_of(work))

    return (columns_page, choose)


def _render(
    request: AnyRequest,
    uploading: Uploading,
    header: FileHeader,
    data: ColumnsForm,
    *,
    work: Import | None = None,
    same: Row | None = None,
    error: Invalid | None = None,
) -> Html:
    """The page of an import; without one, of a file that is none yet."""
    shown = {
        **show(uploading, header, data if error else None),
        "data": data,
        "work": work,
        "same": same,
        "faults": _faults(uploading, error) if error else {},
        "action": f"{uploading.one}/{work.id}/columns" if work else uploading.new_columns,
        "report": uploading.report_of(work) if work else "",
    }
    return render(request, _PAGE, shown, status=400 if error else 200)


def _faults(uploading: Uploading, error: Invalid) -> dict[str, str]:
    """What is wrong where the page has a place for it, else above all."""
    faults = faults_of(error)
    return faults if faults.keys() <= _PLACES else {"": uploading.in_words(error)}


def _stored(conn: Connection, text: str) -> StoredFile:
    """The file of this organization with that hash.

    Raises:
        FileMissing
    """
    is_hash = len(text) == _HASH_DIGITS and all(digit in "0123456789abcdef" for digit in text)
    stored = storage.find(conn, sha256=bytes.fromhex(text)) if is_hash else None
    if stored is None:
        raise FileMissing
    return stored
