"""What an import is told and what it finds: fields, mapping, limits, faults, and the refusals of a file."""

from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tranche.kernel.errors import Invalid, TooLarge, Unsupported


class FieldKind(StrEnum):
    """How the cells of a field are read."""

    TEXT = "text"
    IDENTIFIER = "identifier"
    DECIMAL = "decimal"
    PERCENT = "percent"
    DATE = "date"
    EMAIL = "email"
    CURRENCY = "currency"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a target wants from a row; `synonyms` are headers that mean it, in any spelling."""

    name: str
    label: str
    synonyms: tuple[str, ...] = ()
    required: bool = False
    kind: FieldKind = FieldKind.TEXT


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What a person said earlier about a header: field name -> header, and what belongs to the file's shape.

    `fingerprint` is that of `mapping.fingerprint`, as hexadecimal digits.
    """

    id: int
    fingerprint: str
    columns: AbstractMapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    day_first: bool | None = None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """What a person said about the columns: field name -> header (or column letter), and options.

    Several headers are joined by a space, in their order. Columns that are `left_out` are taken for no field by
    themselves. `day_first` is None while nobody has said whether 03/04 is
    in March or in April. `header_row` is Excel's number of the row with the headers, in every sheet that is read; else
    it is found. `all_sheets`: all visible sheets with the same header are read as one table. `remembered` is
    what was said of other files; it counts where `columns` is empty and the file has one of these headers.
    """

    columns: AbstractMapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    default_customer: str | None = None
    accept_returns: bool = False
    day_first: bool | None = None
    sheet: str | None = None
    header_row: int | None = None
    all_sheets: bool = False
    remembered: tuple[Remembered, ...] = ()
    left_out: tuple[str, ...] = ()


class MatchKind(StrEnum):
    """Why a column was taken for a field."""

    EXPLICIT = "explicit"
    REMEMBERED = "remembered"
    NAME = "name"
    SYNONYM = "synonym"
    FUZZY = "fuzzy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of the file. `field` is None where it is kept as extra, under `header` (never empty, unique).

    Where several columns are joined for a field, `place` is this one's among them.
    """

    index: int
    letter: str
    header: str
    field: str | None = None
    match: MatchKind | None = None
    samples: tuple[str, ...] = ()
    place: int = 0


@dataclass(frozen=True, slots=True)
class Matching:
    """For every column its field or extra, and the required fields for which there is no column.

    `remembered` is the memory that was used, if the header was known.
    """

    columns: tuple[Column, ...]
    missing: tuple[str, ...] = ()
    remembered: Remembered | None = None

    def column_of(self, field_name: str) -> Column | None:
        """The column of a field, if it has one; of several that are joined the first."""
        return next(iter(self.columns_of(field_name)), None)

    def columns_of(self, field_name: str) -> tuple[Column, ...]:
        """The columns that are joined for a field, in the order in which they are joined."""
        found = (column for column in self.columns if column.field == field_name)
        return tuple(sorted(found, key=lambda column: column.place))

    def name_of(self, field_name: str) -> str:
        """What the column of a field is called in messages: its header, or all headers that are joined."""
        return " + ".join(column.header for column in self.columns_of(field_name))


class OnDuplicate(StrEnum):
    """What an import does with what exists already."""

    ERROR = "error"
    SKIP = "skip"
    UPDATE = "update"


class ImportMode(StrEnum):
    """Whether a bad row refuses only what it belongs to, or all."""

    VALID = "valid"
    ATOMIC = "atomic"


class FileKind(StrEnum):
    """What the bytes are, whatever the name says."""

    XLSX = "xlsx"
    XLS = "xls"
    XLSB = "xlsb"
    ODS = "ods"
    CSV = "csv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one file may cost; memory and sizes in bytes, times in seconds."""

    memory_bytes: int = 2_000_000_000
    seconds: float = 600.0
    rows: int = 2_000_000
    columns: int = 16_384
    slice_rows: int = 20_000
    slice_bytes: int = 16_000_000
    unzipped_bytes: int = 2_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseRequest:
    """A file to read; `file_name` is what its sender called it and only serves the messages."""

    path: Path
    fields: tuple[Field, ...]
    file_name: str = ""
    mapping: Mapping = field(default_factory=Mapping)
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One of several sheets read as one table: its row `r` has the number `offset + r`, up to `last_row`."""

    sheet: str
    offset: int
    last_row: int


@dataclass(frozen=True, slots=True)
class OriginalRow:
    """The cells of one row as they stand in the file, in the order of the file's columns."""

    row: int
    cells: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHeader:
    """What is known of a file before its rows are sent.

    `header_row` is Excel's row number, `rows` counts the rows below it that are neither blank nor totals.
    `notices` are sentences on what was decided for whole columns ("Price: the comma is the decimal sign").
    `candidates` are the first rows that could be the header; only who inspects a file is told them.
    """

    kind: FileKind
    sheet: str | None
    sheets: tuple[str, ...]
    header_row: int
    rows: int
    matching: Matching
    encoding: str | None = None
    delimiter: str | None = None
    notices: tuple[str, ...] = ()
    parts: tuple[SheetPart, ...] = ()
    candidates: tuple[OriginalRow, ...] = ()

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers as they stand in the file, blank ones named by their letter, doubles numbered."""
        return tuple(column.header for column in self.matching.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One cell that cannot be taken. `row` is Excel's row number, `column` the header, `field` its field."""

    row: int
    column: str
    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Some rows as text for `COPY ... FROM STDIN (FORMAT csv)`.

    Its columns: the row's number, each field, what is extra (JSON or NULL), and whether the row is doubtful.
    `last_row` is the last of Excel's rows that was looked at, blank ones included.
    """

    copy: bytes
    rows: int
    last_row: int
    faults: tuple[Fault, ...]


ROW_HEADER, ERRORS_HEADER = "_row", "_errors"
OUR_HEADERS = frozenset({ROW_HEADER, ERRORS_HEADER})  # a corrected workbook of errors comes back with them


class UnreadableFile(Invalid):
    """The file is damaged, empty, encrypted or not what it claims to be (HTTP 400)."""

    code = "unreadable_file"


class UnsupportedFile(Unsupported):
    """The file is of a kind that is not read (HTTP 415)."""

    code = "unsupported_file"


class FileTooLarge(TooLarge):
    """Reading the file would cost more than its limits allow (HTTP 413)."""

    code = "file_too_large"


class InvalidMapping(Invalid):
    """The mapping names what is not there; every error names the field or the header."""

    code = "invalid_mapping"


class MissingColumns(Invalid):
    """A required field has no column; the message lists the columns that were found."""

    code = "missing_columns"


class ParseAbortedError(Exception):
    """The caller asked the reading to stop; nothing is wrong with the file."""


def split_words(text: str) -> tuple[str, ...]:
    """The synonyms of a field, one per comma: as tuples they would fill pages."""
    return tuple(" ".join(word.split()) for word in text.split(","))


def index_of(letters: str) -> int:
    """The place of a column by its name in a spreadsheet: A is 0, AA is 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("@")
    return number - 1


def letter_of(index: int) -> str:
    """The name that a spreadsheet gives to a column: 0 is A, 26 is AA."""
    name = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
