"""Logos: looked at before anybody unpacks them, and tried before they are kept."""

import base64
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.live import Live
from tranche.invoicing.printing.logos import check_logo, find_size
from tranche.kernel.errors import Invalid

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, *, rows: bytes | None = None) -> bytes:
    """A black picture; `rows` stand in for what it holds."""
    content = zlib.compress(b"\0" * (width + 1) * height if rows is None else rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return _SIGNATURE + _chunk(b"IHDR", head) + _chunk(b"IDAT", content) + _chunk(b"IEND", b"")


def jpeg(width: int, height: int) -> bytes:
    """The head of a JPEG, with a comment and a byte that fills before its frame."""
    frame = struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0"
    comment = b"\xff\xfe" + struct.pack(">H", 6) + b"made"
    return b"\xff\xd8" + comment + b"\xff\xff\xc0" + struct.pack(">H", 2 + len(frame)) + frame


def test_the_size_is_read_from_the_head() -> None:
    assert find_size(png(300, 80)) == (300, 80)
    assert find_size(jpeg(640, 480)) == (640, 480)
    for broken in (
        _SIGNATURE,
        _SIGNATURE + b"x" * 30,
        b"\xff\xd8\xff",
        b"\xff\xd8\xff\xe0\0\0",
        b"\xff\xd8" + b"\xff" * 50,
    ):
        assert find_size(broken) == (0, 0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: b"GIF89a", "PNG or JPEG"),
        (lambda: png(10, 10) + b"x" * 500_000, "500 kB"),
        (lambda: b"x" * 20_000_000, "500 kB"),
        (lambda: png(40_000, 40_000, rows=b""), "16 million"),
        (lambda: png(0, 10), "damaged"),
        (lambda: _SIGNATURE + b"nothing", "damaged"),
    ],
    ids=range(6),
)
def test_what_cannot_be_a_logo_is_refused_by_its_head(make: Callable[[], bytes], words: str) -> None:
    with pytest.raises(Invalid, match=words) as caught:
        check_logo(make())
    assert [error.pointer for error in caught.value.errors] == ["/logo"]


def _put(live: Live, logo: bytes) -> Any:
    body = {"data": {"logo": base64.b64encode(logo).decode()}}
    return live.client.put("/api/invoice-design", json=body)


def test_a_broken_logo_is_never_kept_and_never_stops_the_printing(live: Live) -> None:
    whole = png(300, 80)
    assert _put(live, whole).status_code == 200
    for broken in (whole[:-40], png(300, 80, rows=b"\0" * 20), jpeg(300, 80)):
        answer = _put(live, broken)
        assert answer.status_code == 400, answer.text
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/data/logo"]
    assert live.client.get("/api/invoice-design").json()["data"]["logoSha256"]
    assert live.client.post("/api/invoice-design/preview", json={"data": {}}).content.startswith(_SIGNATURE)
    assert live.client.post("/api/invoice-design/preview", json={"data": {"logo": _bomb()}}).status_code == 400


def _bomb() -> str:
    return base64.b64encode(png(40_000, 40_000, rows=b"")).decode()


def test_a_logo_of_twenty_megabytes_is_refused(live: Live) -> None:
    answer = _put(live, png(10, 10) + bytes(20_000_000))
    assert answer.status_code in {400, 413}
    assert answer.json()["success"] is False


def test_a_country_that_there_is_not_is_refused(live: Live) -> None:
    for wrong in ("UK", "ZZ", "EU"):
        answer = live.client.put("/api/invoice-design", json={"data": {"country": wrong}})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, "/data/country"), wrong
    assert live.client.put("/api/invoice-design", json={"data": {"country": "GB"}}).json()["data"]["country"] == "GB"
