"""Following one operation until it has ended: by server-sent events, and by asking where these do not come."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import httpx
import msgspec

from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.refusals import ServerFault
from tranche.kernel.errors import TooMany, Unavailable

TERMINAL: Final = frozenset({"cancelled", "completed", "completed_with_errors", "failed"})

_MOST_FAILURES: Final = 3
_PAUSE: Final = 1.0
_SILENCE: Final = httpx.Timeout(40.0, connect=5.0)  # a living stream sends at least a comment every 15 s
_LONGEST_LINE: Final = 10_000_000
_DECODER: Final = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream: its id, and its data lines joined."""

    id: str
    data: bytes


def follow_operation(
    client: Client, operation_id: int, *, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Json]:
    """Every state that the server tells, the last one included; ends with the operation.

    A stream that breaks is resumed behind the last event; after three that told nothing, the state is
    asked for every second.

    Raises:
        NotFound: there is no such operation.
        Unavailable: the server stays away.
    """
    seen = ""
    failures = 0
    while failures < _MOST_FAILURES:
        failures += 1
        try:
            for event in _listen(client, operation_id, seen=seen):
                failures, seen = 0, event.id
                state = _state(event)
                yield state
                if is_over(state):
                    return
        except (Unavailable, TooMany, ServerFault):
            sleep(_PAUSE)
    yield from _poll(client, operation_id, sleep=sleep)


def is_over(state: Json) -> bool:
    """Whether no worker will touch the operation again by itself."""
    return state.get("status") in TERMINAL


def parse_events(pieces: Iterable[bytes]) -> Iterator[Event]:
    """The events of a stream's bytes, as the HTML standard reads them (section 9.2.6); one cut off is dropped."""
    event_id, data = "", list[bytes]()
    for line in _lines(pieces):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if line == b"":
            if data:
                yield Event(event_id, b"\n".join(data))
            data = []
        elif name == b"data":
            data.append(value)
        elif name == b"id" and b"\0" not in value:
            event_id = value.decode(errors="replace")


def _listen(client: Client, operation_id: int, *, seen: str) -> Iterator[Event]:
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": seen} if seen else {})
    with client.stream(f"/api/operations/{operation_id}/events", headers=headers, timeout=_SILENCE) as pieces:
        yield from parse_events(pieces)


def _poll(client: Client, operation_id: int, *, sleep: Callable[[float], None]) -> Iterator[Json]:
    while True:
        state: Json = client.get(f"/api/operations/{operation_id}")["data"]
        yield state
        if is_over(state):
            return
        sleep(_PAUSE)


def _state(event: Event) -> Json:
    try:
        return dict(_DECODER.decode(event.data))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ServerFault("The server sent an event that cannot be read.") from error


def _lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Lines by LF, CR LF being one end too; text's other line ends may stand inside JSON."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise ServerFault("The server sent an event that is too long.")
        yield from (line.removesuffix(b"\r") for line in whole)
