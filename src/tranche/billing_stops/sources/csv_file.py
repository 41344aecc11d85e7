"""A CSV file as a source: comma, semicolon or tab, UTF-8, a header with the columns' names."""

import csv
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Final, TypeVar

from tranche.billing_stops.domain import SourceFault, SourceRefused
from tranche.billing_stops.sources.port import Part, Reading, Wanted
from tranche.billing_stops.sources.rows import RowWriter
from tranche.kernel.text import plural

_LONGEST_FIELD: Final = 1_000_000
_DELIMITERS: Final = ",;\t"
_T = TypeVar("_T")


class CsvReader:
    """A file in the organization's folder; an empty cell is no value."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def open(self, wanted: Wanted) -> Iterator[Reading]:
        """See Reader."""
        try:
            file = self._path.open(encoding="utf-8-sig", newline="")
        except OSError as error:
            raise SourceFault(
                f"The file {self._path.name} cannot be read: {error.strerror}. It belongs into the folder "
                f"sources/{self._path.parent.name} of TRANCHE_HOME."
            ) from error
        with file:
            yield _Reading(file, wanted)


class _Reading:
    def __init__(self, file: IO[str], wanted: Wanted) -> None:
        self.as_of: datetime | None = datetime.fromtimestamp(Path(file.name).stat().st_mtime, UTC)
        self._name = Path(file.name).name
        self._is_over = False
        csv.field_size_limit(_LONGEST_FIELD)
        head = self._told(file.readline)
        delimiter = max(_DELIMITERS, key=head.count)
        self._rows = csv.reader(file, delimiter=delimiter, strict=True)
        self._header = next(csv.reader([head], delimiter=delimiter), [])
        self._writer = RowWriter(wanted, self._header)
        self.is_status_given = self._writer.is_status_given

    def parts(self) -> Generator[Part, None, None]:
        """All rows."""
        yield from self._writer.parts(self._whole_rows())

    def cancel(self) -> None:
        """End at the next row."""
        self._is_over = True

    def _whole_rows(self) -> Iterator[list[str | None]]:
        width = len(self._header)
        while not self._is_over:
            row = self._told(lambda: next(self._rows, None))
            if row is None:
                return
            if not row:
                continue
            if len(row) != width:
                line = f"Line {self._rows.line_num + 1:,} of {self._name}"
                raise SourceRefused(f"{line} has {plural(len(row), 'cell')}, the header has {width}.")
            yield [cell or None for cell in row]

    def _told(self, read: Callable[[], _T]) -> _T:
        try:
            return read()
        except (UnicodeDecodeError, csv.Error) as error:
            what = "is not UTF-8" if isinstance(error, UnicodeDecodeError) else f"cannot be read ({error})"
            raise SourceRefused(f"The file {self._name} {what}.") from error
