"""What the parser's child and its parent say to each other: a JSON request in, lines of JSON and framed bytes out."""

from enum import StrEnum

import msgspec

from tranche.imports.domain import Fault, Field, FileHeader, Limits, Mapping
from tranche.kernel.errors import FieldError


class Mode(StrEnum):
    """What the child shall do: look only, send all rows, or send the original cells of some."""

    INSPECT = "inspect"
    PARSE = "parse"
    ROWS = "rows"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """The one thing that the child reads."""

    mode: Mode
    path: str
    file_name: str
    fields: tuple[Field, ...]
    mapping: Mapping
    limits: Limits
    rows: tuple[int, ...] | None = ()


class Refusal(StrEnum):
    """Which exception the parent raises."""

    UNREADABLE = "unreadable"
    UNSUPPORTED = "unsupported"
    TOO_LARGE = "too_large"
    MAPPING = "mapping"


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The last line: the file is refused, with a sentence for a person."""

    refusal: Refusal
    code: str
    message: str
    errors: tuple[FieldError, ...] = ()


class Began(msgspec.Struct, frozen=True, kw_only=True, tag="began"):
    """The first line: what is known of the file."""

    header: FileHeader


class Sent(msgspec.Struct, frozen=True, kw_only=True, tag="sent"):
    """A slice: this line is followed by `size` bytes of COPY text."""

    rows: int
    size: int
    last_row: int
    faults: tuple[Fault, ...] = ()


class Named(msgspec.Struct, frozen=True, kw_only=True, tag="named"):
    """The first line where original cells were asked for: the headers of all columns, the names of all sheets."""

    headers: tuple[str, ...]
    sheets: tuple[str, ...] = ()


class Cells(msgspec.Struct, frozen=True, kw_only=True, tag="cells"):
    """The original cells of one row."""

    row: int
    cells: tuple[str | None, ...]


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The last line: all has been sent, so many rows."""

    rows: int


Message = Failed | Began | Sent | Named | Cells | Done
