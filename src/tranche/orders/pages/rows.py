"""The rows of an upload as its report shows them: by chips, by cause, by place."""

from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from tranche.imports.corrections import browsing
from tranche.imports.corrections.browsing import RowPage, Sort, Turn
from tranche.imports.corrections.domain import Cause, CauseNotFound, RowState, RowStatus
from tranche.imports.corrections.service import find_cause
from tranche.imports.pages.files import Reading
from tranche.imports.targets import Import
from tranche.imports.workbook import Edited
from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.web.pages.listing import address
from tranche.kernel.web.requests import AnyRequest, read_choice, read_whole
from tranche.orders.pages.causes import field_of

SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows the address asks for; `key` is that of the cause."""

    sort: Sort
    cause: Cause | None
    key: str
    turn: Turn

    def to(self, path: str, **changes: object) -> str:
        """The address of the report with other rows."""
        return address(path, {"show": self.sort, "cause": self.key, **changes}) + "#rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the database knows of these rows; where the file must be asked for their cells, `candidates` are more."""

    page: RowPage | None = None
    candidates: Sequence[int] = ()
    errors: AbstractMapping[int, Sequence[Row]]
    entered: Edited


def read_asked(conn: Connection, request: AnyRequest, work: Import, *, refused: int) -> Asked:
    """The chip, the cause and the place of an address; without a chip what is refused, if anything is.

    Raises:
        Invalid: the address says what cannot be.
    """
    key = request.query_params.get("cause", "")
    before = read_whole(request, "before")
    shown = read_choice(request, "show", choices=list(Sort)) or (Sort.ERRORS if refused else Sort.ALL)
    return Asked(
        sort=Sort(shown),
        cause=_cause(conn, work, key),
        key=key,
        turn=Turn(read_whole(request, "after") or 0) if before is None else Turn(before, forward=False),
    )


def find(conn: Connection, work: Import, asked: Asked) -> Found:
    """The refused rows with their cells, or the numbers of others."""
    if asked.sort is Sort.ERRORS:
        page = browsing.list_refused(conn, import_id=work.id, cause=asked.cause, turn=asked.turn, limit=SHOWN)
        return Found(page=page, errors={}, entered={})
    candidates = browsing.list_candidates(conn, work, sort=asked.sort, turn=asked.turn, limit=SHOWN)
    return Found(
        candidates=candidates,
        errors=browsing.find_errors(conn, import_id=work.id, rows=candidates),
        entered=browsing.find_entered(conn, import_id=work.id, rows=candidates),
    )


def show(work: Import, asked: Asked, found: Found, reading: Reading) -> AbstractMapping[str, Any]:
    """What the page shows of them: `page`, and for rows of the file `headers` and `cells` by row."""
    if found.page is not None:
        return {"page": found.page, "headers": [], "cells": {}, "field_of": lambda column: field_of(work, column)}
    cells = reading.cells(work, rows=found.candidates, entered=found.entered)
    filled = [_state(row, found.errors.get(row, ())) for row in found.candidates if row in cells.rows]
    page = browsing.page_of(filled, turn=asked.turn, limit=SHOWN, goes_on=len(filled) > SHOWN)
    if page.rows and len(filled) <= SHOWN and cells.looked_at == len(found.candidates) == SHOWN * browsing.SPARE:
        page = browsing.page_of(filled, turn=asked.turn, limit=SHOWN, goes_on=True)
    return {"page": page, "headers": cells.headers, "cells": cells.rows, "field_of": None}


def _state(row: int, errors: Sequence[Row]) -> RowState:
    is_refused = any(error["severity"] == "error" for error in errors)
    status = RowStatus.REFUSED if is_refused else RowStatus.VALID
    return RowState(row=row, status=status, group_key=None, cells={}, extra=None, errors=errors)


def _cause(conn: Connection, work: Import, key: str) -> Cause | None:
    """A cause that was put right meanwhile narrows nothing any more."""
    if not key:
        return None
    try:
        return find_cause(conn, import_id=work.id, key=key)
    except CauseNotFound:
        return None
