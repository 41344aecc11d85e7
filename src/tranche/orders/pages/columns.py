"""The page of a file's columns: column, samples, our field, status. What is chosen is remembered for the header."""

from typing import Any, Final
from urllib.parse import urlencode

from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody
from msgspec.structs import replace

from tranche.imports import again
from tranche.imports import service as imports
from tranche.imports.choices import read_mapping
from tranche.imports.domain import FileHeader
from tranche.imports.fitting import require_fit
from tranche.imports.memory import service as memory
from tranche.imports.service import ImportNotFound
from tranche.imports.targets import Import
from tranche.imports.uploads import UploadLimits, clean_name
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Invalid, TrancheError
from tranche.kernel.operations.service import Operations
from tranche.kernel.storage import service as storage
from tranche.kernel.storage.domain import FileMissing, Files, StoredFile
from tranche.kernel.web.pages.flash import Tone
from tranche.kernel.web.pages.render import Html, faults_of, redirect, render
from tranche.kernel.web.pages.routes import form, page
from tranche.kernel.web.requests import AnyRequest
from tranche.orders import service
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.pages.choosing import ColumnsForm, form_of, mapping_of, place_of_table, show
from tranche.orders.pages.files import Reading
from tranche.orders.pages.places import NEW, NEW_COLUMNS, REVIEW
from tranche.orders.service import TARGET, Upload

_PAGE: Final = "orders/columns.html"
_HASH_DIGITS: Final = 64


def place_of(stored: StoredFile, file_name: str) -> str:
    """The address of the columns of a file that is not an import yet."""
    return f"{NEW_COLUMNS}?{urlencode({'file': stored.sha256.hex(), 'name': file_name})}"


@page(NEW_COLUMNS, role=Role.OPERATOR)
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
        mapping = memory.offer(conn, target=TARGET, said=place_of_table(data))
        same = service.find_same_file(conn, sha256=stored.sha256)
    reading = Reading(files=files, limits=upload_limits, ctx=ctx, sha256=stored.sha256, file_name=data.name)
    try:
        shown = show(reading.look(mapping))
    except TrancheError as error:
        return redirect(NEW, say=error.message, tone=Tone.BAD)
    return render(request, _PAGE, {**shown, "data": data, "same": same, "faults": {}, "action": NEW_COLUMNS})


@form(NEW_COLUMNS)
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
        same = service.find_same_file(conn, sha256=stored.sha256)
    try:
        wanted = Upload(
            stored=stored, file_name=name, mapping=mapping_of(data), on_duplicate=data.on_duplicate, dry_run=True
        )
    except Invalid as error:
        reading = Reading(files=files, limits=upload_limits, ctx=ctx, sha256=stored.sha256, file_name=name)
        shown = show(reading.look_anyhow(place_of_table(data)), data)
        refused = {**shown, "data": data, "same": same, "faults": faults_of(error), "action": NEW_COLUMNS}
        return render(request, _PAGE, refused, status=400)
    with database.transaction(ctx.organization_id) as conn:
        operation = service.try_out(conn, ctx, operations, wanted=wanted)
    return redirect(f"{REVIEW}/{operation.payload['importId']}")


@page(REVIEW + "/{import_id:int}/columns", role=Role.OPERATOR)
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
        work = find_orders(conn, import_id)
        said = read_mapping(work.options.get("mapping") or {}, fields=ORDER_FIELDS)
        mapping = memory.recall(conn, work, said=said)
    data = form_of(said, on_duplicate=work.options.get("onDuplicate", "error"))
    asked = request.query_params
    if "sheet" in asked:
        data = replace(data, sheet=asked["sheet"], header_row=asked.get("headerRow", ""))
        mapping = place_of_table(data)
    header = Reading.of(work, files=files, limits=upload_limits, ctx=ctx).look_anyhow(mapping)
    return _render(request, work, header, data)


@form(REVIEW + "/{import_id:int}/columns")
def choose(
    *,
    request: AnyRequest,
    ctx: NamedDependency[Context],
    database: NamedDependency[Database],
    operations: NamedDependency[Operations],
    files: NamedDependency[Files],
    upload_limits: NamedDependency[UploadLimits],
    import_id: FromPath[int],
    data: URLEncodedBody[ColumnsForm],
) -> Html:
    """Read the stored file again with these columns."""
    with database.transaction(ctx.organization_id) as conn:
        work = find_orders(conn, import_id)
    try:
        choice = again.Choice(mapping=mapping_of(data), on_duplicate=data.on_duplicate)
    except Invalid as error:
        header = Reading.of(work, files=files, limits=upload_limits, ctx=ctx).look_anyhow(place_of_table(data))
        return _render(request, work, header, data, chosen=data, faults=faults_of(error))
    try:
        require_fit(
            database,
            ctx,
            work=work,
            mapping=choice.mapping,
            fields=ORDER_FIELDS,
            files=files,
            limits=upload_limits.parsing,
        )
        with database.transaction(ctx.organization_id) as conn:
            again.judge_again(conn, ctx, operations, import_id=import_id, choice=choice)
    except TrancheError as error:
        return redirect(f"{REVIEW}/{import_id}", say=error.message, tone=Tone.BAD)
    return redirect(f"{REVIEW}/{import_id}")


def find_orders(conn: Connection, import_id: int) -> Import:
    """An import of orders; one of something else is none here.

    Raises:
        ImportNotFound
    """
    work = imports.get(conn, import_id=import_id)
    if work.target != TARGET:
        raise ImportNotFound.of(import_id)
    return work


def _render(
    request: AnyRequest,
    work: Import,
    header: FileHeader,
    data: ColumnsForm,
    *,
    chosen: ColumnsForm | None = None,
    faults: dict[str, str] | None = None,
) -> Html:
    shown = {
        **show(header, chosen),
        "data": data,
        "work": work,
        "same": None,
        "faults": faults or {},
        "action": f"{REVIEW}/{work.id}/columns",
    }
    return render(request, _PAGE, shown, status=400 if faults else 200)


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


ROUTES: Final[tuple[Any, ...]] = (new_columns_page, choose_new, columns_page, choose)
