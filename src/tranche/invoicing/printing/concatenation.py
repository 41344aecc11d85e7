"""PDFs one behind the other in one file, with the memory of one part whatever the number of parts.

The libraries hold all objects of all parts until they write. Here each part's objects are written, under new numbers,
as soon as they are read; only where each object begins in the file is remembered.
"""

import hashlib
from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, Final

import pikepdf

_CATALOG, _ROOT = 1, 2
_HEAD: Final = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
_LEFT_OUT: Final = frozenset({"/Parent", "/StructParents"})  # of pages: the tree is ours, the tags stay with the parts
_FREE: Final = b"0000000000 65535 f \n"


def concatenate(paths: Sequence[Path], target: Path) -> list[int]:
    """Write the parts' pages into `target`; returns how many pages each part has. Equal parts give equal bytes."""
    with target.open("wb") as out:
        writer = _Writer(out)
        pages = [writer.add(path) for path in paths]
        writer.end()
    return pages


class _Writer:
    """The file so far: where each object begins, and the page tree's node of each part."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._digest = hashlib.sha256()
        self._at = 0
        self._begins: dict[int, int] = {}
        self._next = _ROOT + 1
        self._nodes: list[tuple[int, int]] = []
        self._put(_HEAD)

    def add(self, path: Path) -> int:
        """One part behind the others."""
        with pikepdf.open(path, access_mode=pikepdf.AccessMode.stream) as part:
            node = self.take_number()
            count = _Part(self, part, node).write()
        self._nodes.append((node, count))
        return count

    def end(self) -> None:
        """The page tree, the catalogue, and where everything is."""
        kids = b" ".join(b"%d 0 R" % node for node, _ in self._nodes)
        total = sum(count for _, count in self._nodes)
        self.put_object(_ROOT, b"<< /Type /Pages /Count %d /Kids [ %s ] >>" % (total, kids))
        self.put_object(_CATALOG, b"<< /Type /Catalog /Pages %d 0 R >>" % _ROOT)
        start, mark = self._at, self._digest.hexdigest()[:32].encode()
        self._put(b"xref\n0 %d\n" % self._next + _FREE)
        for number in range(1, self._next):
            self._put(b"%010d 00000 n \n" % self._begins[number])
        self._put(b"trailer\n<< /Size %d /Root %d 0 R /ID [<%s><%s>] >>\n" % (self._next, _CATALOG, mark, mark))
        self._put(b"startxref\n%d\n%%%%EOF\n" % start)

    def put_object(self, number: int, content: bytes) -> None:
        """One object under its number."""
        self._begins[number] = self._at
        self._put(b"%d 0 obj\n%s\nendobj\n" % (number, content))

    def take_number(self) -> int:
        """The next free number."""
        self._next += 1
        return self._next - 1

    def _put(self, content: bytes) -> None:
        self._out.write(content)
        self._digest.update(content)
        self._at += len(content)


class _Part:
    """One part's objects on their way into the file."""

    def __init__(self, writer: _Writer, part: pikepdf.Pdf, node: int) -> None:
        self._writer = writer
        self._part = part
        self._node = node
        self._numbers: dict[tuple[int, int], int] = {}
        self._waiting: deque[pikepdf.Object] = deque()

    def write(self) -> int:
        """The part's node, its pages and what they refer to; returns how many pages."""
        pages = [page.obj for page in self._part.pages]
        numbers = [self._refer(page) for page in pages]
        self._waiting.clear()
        kids = b" ".join(b"%d 0 R" % number for number in numbers)
        node = b"<< /Type /Pages /Parent %d 0 R /Count %d /Kids [ %s ] >>" % (_ROOT, len(pages), kids)
        self._writer.put_object(self._node, node)
        for number, page in zip(numbers, pages, strict=True):
            self._writer.put_object(number, self._page(page))
            while self._waiting:
                each = self._waiting.popleft()
                self._writer.put_object(self._numbers[each.objgen], self._whole(each))
        return len(pages)

    def _page(self, page: pikepdf.Object) -> bytes:
        parent = b"/Parent %d 0 R " % self._node
        return b"<< " + parent + self._entries(page, left_out=_LEFT_OUT) + b">>"

    def _whole(self, each: pikepdf.Object) -> bytes:
        """An object as it stands under its own number."""
        if isinstance(each, pikepdf.Stream):
            data = each.read_raw_bytes()
            head = self._entries(each.stream_dict, left_out=frozenset({"/Length"}))
            return b"<< %s/Length %d >>\nstream\n%s\nendstream" % (head, len(data), data)
        return self._direct(each)

    def _value(self, value: object) -> bytes:
        """A value inside another one: by reference where it has a number."""
        if isinstance(value, pikepdf.Object):
            return b"%d 0 R" % self._refer(value) if value.is_indirect else self._direct(value)
        return _plain(value)

    def _direct(self, value: pikepdf.Object) -> bytes:
        text = value.unparse(resolved=True)
        if b" R" not in text:  # it refers to nothing, so no number in it changes
            return text
        if isinstance(value, pikepdf.Dictionary):
            return b"<< " + self._entries(value, left_out=frozenset()) + b">>"
        if isinstance(value, pikepdf.Array):
            return b"[ " + b" ".join(self._value(each) for each in value) + b" ]"
        return text

    def _entries(self, found: pikepdf.Object, *, left_out: frozenset[str]) -> bytes:
        return b"".join(
            pikepdf.Name(name).unparse() + b" " + self._value(value) + b" "
            for name, value in found.items()
            if name not in left_out
        )

    def _refer(self, each: pikepdf.Object) -> int:
        if each.objgen not in self._numbers:
            self._numbers[each.objgen] = self._writer.take_number()
            self._waiting.append(each)
        return self._numbers[each.objgen]


def _plain(value: object) -> bytes:
    """What pikepdf hands out as a value of Python: a number, a truth, nothing."""
    if value is None:
        return b"null"
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, int | Decimal):
        return f"{value:f}".encode() if isinstance(value, Decimal) else b"%d" % value
    raise TypeError(type(value).__name__)
