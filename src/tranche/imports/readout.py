"""What an import keeps of how its file was read."""

from collections.abc import Sequence

from tranche.imports import queries
from tranche.imports.domain import OUR_HEADERS, Field, FieldKind, FileHeader
from tranche.imports.memory import service as memory
from tranche.imports.reading.parts import in_order
from tranche.imports.targets import Import
from tranche.kernel.db.pool import Connection


def keep_reading(conn: Connection, job: Import, header: FileHeader, *, fields: Sequence[Field]) -> None:
    """Keep which header became which field and why, what is extra, and what was decided for whole columns."""
    columns = header.matching.columns
    mapping = {
        "fields": {column.field: header.matching.name_of(column.field) for column in columns if column.field},
        "joined": _joined(header, fields),
        "extra": [column.header for column in columns if not column.field and column.header not in OUR_HEADERS],
        "matches": {column.field: column.match for column in columns if column.field},
        "remembered": memory.describe(header.matching.remembered),
        "notices": list(header.notices),
        "encoding": header.encoding,
        "delimiter": header.delimiter,
        "sheets": list(header.sheets),
        "parts": [{"sheet": part.sheet, "offset": part.offset, "lastRow": part.last_row} for part in header.parts],
    }
    queries.set_reading(
        conn,
        import_id=job.id,
        sheet=header.sheet,
        header=header.headers,
        header_row=header.header_row,
        mapping=mapping,
    )


def _joined(header: FileHeader, fields: Sequence[Field]) -> dict[str, list[str]]:
    """The headers of each field that several columns make, in the order in which their cells are joined."""
    found: dict[str, list[str]] = {}
    for field in fields:
        headers = [column.header for column in header.matching.columns_of(field.name)]
        if len(headers) > 1:
            found[field.name] = [headers[at] for at in in_order(headers, is_date=field.kind is FieldKind.DATE)]
    return found
