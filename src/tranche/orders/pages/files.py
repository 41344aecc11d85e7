"""A stored file as the pages of an upload see it: its columns with samples, and its rows as they stand there."""

from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

from tranche.imports.domain import OUR_HEADERS, FileHeader, InvalidMapping, Mapping, ParseRequest
from tranche.imports.parser import inspect
from tranche.imports.targets import Import
from tranche.imports.uploads import UploadLimits
from tranche.imports.workbook import Edited, show_rows
from tranche.kernel.context import Context
from tranche.kernel.storage.domain import Files
from tranche.orders.fields import ORDER_FIELDS


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
    """A stored file, by the hash of its content, and the name under which it was sent."""

    files: Files
    limits: UploadLimits
    ctx: Context
    sha256: bytes
    file_name: str

    @classmethod
    def of(cls, work: Import, *, files: Files, limits: UploadLimits, ctx: Context) -> "Reading":
        """The file of an import."""
        return cls(files=files, limits=limits, ctx=ctx, sha256=work.sha256, file_name=work.file_name)

    def look(self, mapping: Mapping) -> FileHeader:
        """Its sheets, and its columns with samples, as this mapping reads it.

        Raises:
            FileMissing: the organization has no such file.
            UnreadableFile, UnsupportedFile, FileTooLarge, InvalidMapping: with one sentence for the person.
        """
        return inspect(self._request(mapping), should_abort=lambda: False)

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
        with show_rows(path, work=work, fields=ORDER_FIELDS, rows=rows, edited=entered, limits=limits) as shown:
            meant = {*work.headers.values(), *chain.from_iterable(work.joined.values())}
            at = [i for i, header in enumerate(shown.headers) if header in meant and header not in OUR_HEADERS]
            for row in shown.rows:
                looked_at += 1
                if any(row.cells):
                    kept[row.row] = [row.cells[i] or "" for i in at]
        return Cells(headers=[shown.headers[i] for i in at], rows=kept, looked_at=looked_at)

    def _request(self, mapping: Mapping) -> ParseRequest:
        return ParseRequest(
            path=self.files.path(self.ctx.organization_id, self.sha256),
            fields=ORDER_FIELDS,
            file_name=self.file_name,
            mapping=mapping,
            limits=self.limits.parsing,
        )
