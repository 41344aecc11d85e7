"""A stored file as the pages of an upload see it: its columns with samples, and its rows as they stand there."""

from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Final

import msgspec

from tranche.imports.domain import OUR_HEADERS, Field, FileHeader, InvalidMapping, Limits, Mapping, ParseRequest
from tranche.imports.parser import inspect
from tranche.imports.targets import Import
from tranche.imports.uploads import UploadLimits
from tranche.imports.workbook import Edited, show_rows
from tranche.kernel.context import Context
from tranche.kernel.storage.domain import Files

_REMEMBERED: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """Some rows of the file: the headers of the columns that mean something, and each row's cells below them.

    `looked_at` counts the rows that the file has at all, blank ones too, which `rows` leaves out.
    """

    headers: Sequence[str]
    rows: AbstractMapping[int, Sequence[str]]
    looked_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A stored file by the hash of its content, the name that it was sent under, and the fields that are looked for."""

    files: Files
    limits: UploadLimits
    ctx: Context
    sha256: bytes
    file_name: str
    fields: tuple[Field, ...]

    def look(self, mapping: Mapping) -> FileHeader:
        """Its sheets, and its columns with samples, as this mapping reads it.

        Raises:
            FileMissing: the organization has no such file.
            UnreadableFile, UnsupportedFile, FileTooLarge, InvalidMapping: with one sentence for the person.
        """
        path = self.files.path(self.ctx.organization_id, self.sha256)
        return _look(path, self.file_name, self.fields, msgspec.json.encode(mapping), self.limits.parsing)

    def look_anyhow(self, mapping: Mapping) -> FileHeader:
        """As `look`; where the mapping names what the file does not have, as if nobody had said anything."""
        try:
            return self.look(mapping)
        except InvalidMapping:
            return self.look(Mapping())

    def cells(self, work: Import, *, rows: Sequence[int], entered: Edited) -> Cells:
        """The cells of just these rows, with what people entered since; raises as `look`."""
        path = self.files.path(self.ctx.organization_id, self.sha256)
        kept: dict[int, Sequence[str]] = {}
        looked_at = 0
        limits = self.limits.parsing
        with show_rows(path, work=work, fields=self.fields, rows=rows, edited=entered, limits=limits) as shown:
            meant = {*work.headers.values(), *chain.from_iterable(work.joined.values())}
            at = [i for i, header in enumerate(shown.headers) if header in meant and header not in OUR_HEADERS]
            for row in shown.rows:
                looked_at += 1
                if any(row.cells):
                    kept[row.row] = [row.cells[i] or "" for i in at]
        return Cells(headers=[shown.headers[i] for i in at], rows=kept, looked_at=looked_at)


@lru_cache(maxsize=_REMEMBERED)
def _look(path: Path, file_name: str, fields: tuple[Field, ...], mapping: bytes, limits: Limits) -> FileHeader:
    """A file of a million rows takes seconds to read, and the steps of an upload ask again and again.

    What lies at a path never changes, and the path is the organization's own.
    """
    said = msgspec.json.decode(mapping, type=Mapping)
    request = ParseRequest(path=path, fields=fields, file_name=file_name, mapping=said, limits=limits)
    return inspect(request, should_abort=lambda: False)
