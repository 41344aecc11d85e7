"""Lists as downloads: CSV and XLSX streamed out of the database, a few at a time, ended when the client goes.

An export holds a connection as long as it lasts. So exports have a pool and threads of their own, and neither pages
nor streams wait behind one.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

import structlog
from litestar import Response
from litestar.types import ASGIApp, Receive, Scope, Send

from tranche.kernel.context import Context
from tranche.kernel.db.copying import Copying, csv_statement, sheet_statement
from tranche.kernel.db.listing import Choice, Column, Kind, Listing
from tranche.kernel.db.pool import Database
from tranche.kernel.errors import TooMany, TrancheError
from tranche.kernel.faults import describe
from tranche.kernel.web.requests import AnyRequest, invalid_parameter, read_choice
from tranche.kernel.web.sheets import Sheet, write_sheets
from tranche.kernel.web.threads import Lane

_BOM: Final = b"\xef\xbb\xbf"
_PIECE: Final = 256 * 1024
_WIDTHS: Final = {Kind.TEXT: 22, Kind.PLAIN: 16, Kind.NUMBER: 12, Kind.MOMENT: 20}

_log = structlog.get_logger(__name__)


class Format(StrEnum):
    """What a list can be saved as."""

    CSV = "csv"
    XLSX = "xlsx"


_MEDIA: Final = {
    Format.CSV: b"text/csv; charset=utf-8",
    Format.XLSX: b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportLimits:
    """How many exports may run at once, in this process and of one organization, and how long one may take."""

    slots: int = 4
    per_organization: int = 2
    seconds: int = 900


class Exports:
    """Answers exports; one for each process."""

    def __init__(self, database: Database, *, limits: ExportLimits | None = None) -> None:
        """`database` is a pool of its own with as many connections as there are slots."""
        self.limits = limits or ExportLimits()
        self._database = database
        self.lane = Lane("export", size=self.limits.slots)
        self.cancelling = Lane("export-end", size=1)
        self._running: Counter[int] = Counter()

    def answer(self, ctx: Context, request: AnyRequest, listing: Listing, choice: Choice) -> "Download":
        """The whole list under these filters as the file that `format` asks for.

        Raises:
            Invalid: `format` is missing or is neither.
        """
        chosen = read_format(request)
        copying = Copying(self._database, ctx.organization_id, seconds=self.limits.seconds)
        name = f"{listing.name.replace('_', '-')}-{datetime.now(UTC):%Y%m%d-%H%M%S}.{chosen}"
        return Download(self, ctx, copying, pieces=_pieces(copying, listing, choice, chosen), name=name, kind=chosen)

    @contextlib.contextmanager
    def slot(self, organization_id: int) -> Iterator[None]:
        """Hold one of the slots.

        Raises:
            TooMany: all are taken.
        """
        if self._running[organization_id] >= self.limits.per_organization:
            raise _full(f"Your organization is exporting {self.limits.per_organization} lists at the moment")
        if self._running.total() >= self.limits.slots:
            raise _full(f"{self.limits.slots} exports are running at the moment")
        self._running[organization_id] += 1
        try:
            yield
        finally:
            self._running[organization_id] -= 1

    def close(self) -> None:
        """Take no more."""
        self.lane.close()
        self.cancelling.close()

    def running(self) -> int:
        """How many exports run now."""
        return self._running.total()


class Download(Response[None]):
    """Streams one export; a route returns it as it is."""

    def __init__(
        self, exports: Exports, ctx: Context, copying: Copying, *, pieces: Iterator[bytes], name: str, kind: Format
    ) -> None:
        """Nothing is counted or read before the response runs."""
        super().__init__(None)
        self._exports = exports
        self._ctx = ctx
        self._copying = copying
        self._pieces = pieces
        self._headers = [
            (b"content-type", _MEDIA[kind]),
            (b"content-disposition", f'attachment; filename="{name}"'.encode()),
            (b"x-accel-buffering", b"no"),
        ]

    def to_asgi_response(self, app: object, request: AnyRequest, **_: Any) -> ASGIApp:  # type: ignore[override] # noqa: ANN401
        """The ASGI application that writes the file."""
        del app, request
        return self._write

    async def _write(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        with self._exports.slot(self._ctx.organization_id):
            gone = asyncio.Event()
            watcher = asyncio.create_task(self._watch(receive, gone))
            try:
                async with asyncio.timeout(self._exports.limits.seconds):
                    await self._pump(send, gone)
            except TrancheError as error:
                if not gone.is_set():
                    raise
                _log.info("export ended by its client", **describe(error))
            finally:
                watcher.cancel()
                await asyncio.shield(asyncio.ensure_future(self._end()))

    async def _pump(self, send: Send, gone: asyncio.Event) -> None:
        """The first piece comes before the headers do, so that a query that fails is answered by its refusal."""
        piece = await self._next()
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        while piece is not None and not gone.is_set():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            piece = await self._next()
        if piece is None:
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _next(self) -> bytes | None:
        return await self._exports.lane.run(next, self._pieces, None)

    async def _watch(self, receive: Receive, gone: asyncio.Event) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        gone.set()
        await self._exports.cancelling.run(self._copying.cancel)

    async def _end(self) -> None:
        """Close the query and give the connection back, whatever state it is in."""
        await self._exports.lane.run(self._pieces.close)  # type: ignore[attr-defined]  # it is a generator


def read_format(request: AnyRequest) -> Format:
    """The kind of file that a request asks for.

    Raises:
        Invalid: `format` is missing or is none.
    """
    wanted = read_choice(request, "format", choices=list(Format))
    if wanted is None:
        raise invalid_parameter("format", "must be one of csv, xlsx", code="required")
    return Format(wanted)


def _pieces(copying: Copying, listing: Listing, choice: Choice, kind: Format) -> Iterator[bytes]:
    if kind is Format.CSV:
        yield from _joined(copying.rows(*csv_statement(listing, choice)))
        return
    sheet = Sheet(name=listing.name.replace("_", " ").capitalize(), headers=_headers(listing.export))
    with contextlib.closing(copying.rows(*sheet_statement(listing, choice))) as rows:  # type: ignore[type-var]  # it is a generator
        yield from write_sheets(rows, sheet, piece=_PIECE)


def _joined(rows: Iterator[bytes]) -> Iterator[bytes]:
    """Rows in pieces that are worth a switch of threads; Excel takes a CSV for UTF-8 by its mark."""
    piece = bytearray(_BOM)
    with contextlib.closing(rows):  # type: ignore[type-var]  # it is a generator
        for row in rows:
            piece += row
            if len(piece) >= _PIECE:
                yield bytes(piece)
                piece.clear()
    yield bytes(piece)


def _headers(columns: Sequence[Column]) -> list[tuple[str, int]]:
    return [(column.header, _WIDTHS[column.kind]) for column in columns]


def _full(reason: str) -> TooMany:
    return TooMany(f"{reason}; try again when one has ended.", code="too_many_exports", retry_after=10)
