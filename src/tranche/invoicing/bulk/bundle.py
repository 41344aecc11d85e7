"""The stage that gathers: all files of a run in one zip with a manifest, and in one combined PDF whose pages add up."""

import csv
import hashlib
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol, TextIO

from tranche.invoicing.bulk.domain import BUNDLE, PrintedFile
from tranche.invoicing.bulk.queries import batches, members
from tranche.invoicing.printing.archive import count_pages, join_pdfs
from tranche.invoicing.printing.concatenation import concatenate
from tranche.kernel.operations.domain import Operation
from tranche.kernel.operations.handlers import Fatal, Stopped, StreamWork
from tranche.kernel.storage import service as storage
from tranche.kernel.storage.domain import Files, StorageFull, StoredFile
from tranche.kernel.text import FORMULA_SIGNS, plural

PART: Final = 500
COMBINED, ZIP, MANIFEST = "invoices.pdf", "invoices.zip", "manifest.csv"
_MOST_BYTES: Final = 200_000_000_000
_PDF, _ZIPPED, _CSV = "application/pdf", "application/zip", "text/csv"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
_HEAD: Final = (
    "position",
    "invoice_id",
    "number",
    "customer",
    "status",
    "file",
    "pages",
    "first_page",
    "sha256",
    "error",
)


class _Rows(Protocol):
    """What csv.writer returns."""

    def writerow(self, row: list[Any] | tuple[str, ...], /) -> object: ...


class BundlePhase:
    """Stream: parts of at most 500 invoices are committed one by one; after a death the work goes on behind them."""

    name = BUNDLE
    unit = "invoices"

    def __init__(self, files: Files) -> None:
        self._files = files

    def work(self, work: StreamWork) -> None:
        """Make manifest and zip, and the combined file where it was asked for."""
        try:
            with tempfile.TemporaryDirectory(prefix="tranche-bundle-") as name:
                _Bundle(self._files, work, Path(name)).make()
        except StorageFull as error:
            raise Fatal(error.message, code=error.error_code) from error


class _Bundle:
    """One bundle in the making."""

    def __init__(self, files: Files, work: StreamWork, folder: Path) -> None:
        self._files = files
        self._work = work
        self._operation: Operation = work.operation
        self._folder = folder
        self._parts: list[Path] = []
        self._kept: list[str] = []
        self._pages = 0

    def make(self) -> None:
        with _open_files(self._folder) as (archive, manifest):
            writer = csv.writer(manifest)
            writer.writerow(_HEAD)
            names: set[str] = set()
            for number, rows in enumerate(self._slices(), start=1):
                if self._operation.payload.get("combined"):
                    self._part(number, rows)
                for row in rows:
                    self._add(archive, writer, row, names)
            manifest.flush()
            archive.write(self._folder / MANIFEST, MANIFEST)
        self._keep(self._folder / MANIFEST, MANIFEST, kind="manifest", media_type=_CSV, pages=None)
        self._keep(self._folder / ZIP, ZIP, kind="zip", media_type=_ZIPPED, pages=None)
        if self._parts:
            self._combine()

    def _slices(self) -> Iterator[list[PrintedFile]]:
        after, done = (0, 0), 0
        while True:
            if self._work.should_stop():
                raise Stopped
            with self._work.transaction() as conn:
                rows = members.list_printed(conn, operation_id=self._operation.id, after=after, limit=PART)
                self._work.progress(conn, done=done, total=None)
            if not rows:
                return
            yield rows
            done += len(rows)
            after = (rows[-1].position, rows[-1].invoice_id)

    def _add(self, archive: zipfile.ZipFile, writer: _Rows, row: PrintedFile, names: set[str]) -> None:
        name, first = "", ""
        if row.sha256 is not None:
            name = _file_name(row, names)
            info = zipfile.ZipInfo(name, date_time=_EPOCH)
            with (
                self._files.open(self._operation.organization_id, row.sha256) as source,
                archive.open(info, "w") as out,
            ):
                while piece := source.read(1 << 20):
                    out.write(piece)
            first = str(self._pages + 1)
            self._pages += row.pages
        writer.writerow(
            [
                row.position,
                row.invoice_id,
                _plain(row.number),
                _plain(row.customer),
                row.status,
                name,
                row.pages,
                first,
                row.sha256.hex() if row.sha256 else "",
                _plain(row.error or ""),
            ]
        )

    def _part(self, number: int, rows: list[PrintedFile]) -> None:
        """The rows joined into one file, unless an earlier try has kept that very part."""
        hashes = [row.sha256 for row in rows if row.sha256 is not None]
        if not hashes:
            return
        name = f"part-{number:05}-{hashlib.sha256(b''.join(hashes)).hexdigest()[:12]}.pdf"
        with self._work.transaction() as conn:
            kept = {one.name: one for one in batches.list_made_files(conn, operation_id=self._operation.id)}
        organization_id = self._operation.organization_id
        self._kept.append(name)
        if name in kept and self._files.exists(organization_id, kept[name].sha256):
            self._parts.append(self._files.path(organization_id, kept[name].sha256))
            return
        target = self._folder / name
        pages = join_pdfs([self._files.path(organization_id, one) for one in hashes], target)
        wanted = [row.pages for row in rows if row.sha256 is not None]
        if pages != wanted:
            raise Fatal("A printed invoice has not the pages that the ledger says; print it again.", code="lost_page")
        stored = self._keep(target, name, kind="part", media_type=_PDF, pages=sum(pages))
        target.unlink()
        self._parts.append(self._files.path(organization_id, stored.sha256))

    def _combine(self) -> None:
        target = self._folder / COMBINED
        pages = sum(concatenate(self._parts, target))
        if pages != self._pages or count_pages(target) != self._pages:
            raise Fatal(
                f"The combined file has {plural(pages, 'page')}, the ledger {self._pages}; it is not handed out.",
                code="lost_page",
            )
        self._keep(target, COMBINED, kind="combined", media_type=_PDF, pages=pages)
        with self._work.transaction() as conn:
            batches.delete_parts(conn, operation_id=self._operation.id, kept=self._kept)

    def _keep(self, path: Path, name: str, *, kind: str, media_type: str, pages: int | None) -> StoredFile:
        with path.open("rb") as stream:
            stored = self._files.put(self._operation.organization_id, stream, limit=_MOST_BYTES)
        with self._work.transaction() as conn:
            storage.register(conn, stored=stored)
            batches.keep_made_file(
                conn,
                operation_id=self._operation.id,
                name=name,
                kind=kind,
                media_type=media_type,
                sha256=stored.sha256,
                size=stored.size,
                pages=pages,
            )
        return stored


@contextmanager
def _open_files(folder: Path) -> Iterator[tuple[zipfile.ZipFile, TextIO]]:
    """The zip and the manifest, both open for writing."""
    with (
        (folder / MANIFEST).open("w", encoding="utf-8-sig", newline="") as manifest,
        zipfile.ZipFile(folder / ZIP, "w", zipfile.ZIP_STORED, allowZip64=True) as archive,
    ):
        yield archive, manifest


def _file_name(row: PrintedFile, names: set[str]) -> str:
    name = "".join(char if char.isalnum() or char in "-_." else "-" for char in row.number) + ".pdf"
    if name in names:
        name = f"{name.removesuffix('.pdf')}-{row.invoice_id}.pdf"
    names.add(name)
    return name


def _plain(text: str) -> str:
    """A cell that no spreadsheet program takes for a formula."""
    return f"'{text}" if text.startswith(tuple(FORMULA_SIGNS)) else text
