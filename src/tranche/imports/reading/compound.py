"""The old container of Office taken apart as far as is needed: its streams, and where their bytes lie in the file."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

_ENTRY: Final = 128
_IN_HEADER: Final = 109
_LAST_SECTOR: Final = 0xFFFFFFF9
_STREAM: Final = 2
_SMALL: Final = 4096
_PIECE: Final = 64


@dataclass(frozen=True, slots=True)
class Stream:
    """The bytes of a stream, and the sectors in which they lie, as places in the file."""

    data: bytes
    sectors: tuple[int, ...]
    sector_bytes: int

    def place(self, at: int) -> int:
        """Where in the file a byte of the stream is."""
        sector, rest = divmod(at, self.sector_bytes)
        return self.sectors[sector] + rest


def find_streams(data: bytes, names: Sequence[str]) -> list[Stream]:
    """The streams of these names (in lower case); none where the file is damaged."""
    try:
        return list(_streams(data, names))
    except (struct.error, IndexError, ValueError):
        return []


def _streams(data: bytes, names: Sequence[str]) -> Iterator[Stream]:
    (shift,) = struct.unpack_from("<H", data, 30)
    size = 1 << shift
    table = _table(data, size)
    (directory,) = struct.unpack_from("<I", data, 48)
    entries = b"".join(_sector(data, number, size) for number in _chain(table, directory))
    for at in range(0, len(entries) - _ENTRY + 1, _ENTRY):
        length, kind = struct.unpack_from("<HB", entries, at + 64)
        name = entries[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace").lower()
        start, total = struct.unpack_from("<II", entries, at + 116)
        if kind == _STREAM and name in names and total >= _SMALL:
            sectors = tuple(_chain(table, start))
            whole = b"".join(_sector(data, number, size) for number in sectors)
            yield Stream(whole[:total], tuple((number + 1) * size for number in sectors), size)
        elif kind == _STREAM and name in names:
            yield _small(data, table, size, root=entries, start=start, total=total)


def _small(data: bytes, table: list[int], size: int, *, root: bytes, start: int, total: int) -> Stream:
    """A short stream lies in pieces of 64 bytes within one that belongs to the directory's first entry."""
    (first,) = struct.unpack_from("<I", data, 60)
    (begin,) = struct.unpack_from("<I", root, 116)
    pieces = b"".join(_sector(data, number, size) for number in _chain(table, first))
    follows = list(struct.unpack(f"<{len(pieces) // 4}I", pieces))
    holders = list(_chain(table, begin))
    places = []
    for piece in _chain(follows, start):
        sector, rest = divmod(piece * _PIECE, size)
        places.append((holders[sector] + 1) * size + rest)
    whole = b"".join(data[place : place + _PIECE] for place in places)
    return Stream(whole[:total], tuple(places), _PIECE)


def _table(data: bytes, size: int) -> list[int]:
    """Which sector follows which."""
    blocks = list(struct.unpack_from(f"<{_IN_HEADER}I", data, 76))
    (more,) = struct.unpack_from("<I", data, 68)
    seen: set[int] = set()
    while more < _LAST_SECTOR and more not in seen:
        seen.add(more)
        *numbers, more = struct.unpack(f"<{size // 4}I", _sector(data, more, size))
        blocks += numbers
    table: list[int] = []
    for block in blocks:
        if block < _LAST_SECTOR:
            table += struct.unpack(f"<{size // 4}I", _sector(data, block, size))
    return table


def _chain(table: list[int], start: int) -> Iterator[int]:
    seen = 0
    while start < _LAST_SECTOR:
        yield start
        start = table[start]
        seen += 1
        if seen > len(table):
            raise ValueError(start)


def _sector(data: bytes, number: int, size: int) -> bytes:
    """One sector (the header takes the place of one); the last of a file may be cut short, and is then filled up."""
    begin = (number + 1) * size
    if begin >= len(data):
        raise IndexError(number)
    return data[begin : begin + size].ljust(size, b"\x00")
