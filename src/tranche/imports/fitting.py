"""Whether a stored file can be read by a mapping: asked before an import gives up how it was read before."""

from collections.abc import Sequence
from dataclasses import replace

from tranche.imports.again import require_ended
from tranche.imports.domain import Field, Limits, Mapping, ParseRequest
from tranche.imports.memory import service as memory
from tranche.imports.parser import inspect, require_columns
from tranche.imports.targets import Import
from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.kernel.storage.domain import Files


def require_fit(
    database: Database,
    ctx: Context,
    *,
    work: Import,
    mapping: Mapping,
    fields: Sequence[Field],
    files: Files,
    limits: Limits,
) -> None:
    """Read the file of an import as a second judgement would; no transaction is open while it is read.

    Raises:
        NeverStarted, WrongState: it cannot be judged again now, whatever the mapping.
        FileMissing
        MissingColumns, InvalidMapping: the mapping does not fit the file.
        UnreadableFile, UnsupportedFile, FileTooLarge
    """
    with database.transaction(ctx.organization_id) as conn:
        require_ended(conn, work)
        wanted = memory.recall(conn, replace(work, mapping=None), said=mapping)
    path = files.path(ctx.organization_id, work.sha256)
    request = ParseRequest(path=path, fields=tuple(fields), file_name=work.file_name, mapping=wanted, limits=limits)
    require_columns(inspect(request, should_abort=lambda: False))


def keep_place(mapping: Mapping, *, before: Mapping) -> Mapping:
    """The mapping at the sheet and header row that were said before, where it says neither."""
    if mapping.sheet or mapping.all_sheets or mapping.header_row:
        return mapping
    return replace(mapping, sheet=before.sheet, all_sheets=before.all_sheets, header_row=before.header_row)
