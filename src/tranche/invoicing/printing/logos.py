"""Whether a logo is one that can be printed, told from its head before anybody unpacks it; pure."""

import struct
from typing import Final

from tranche.invoicing.domain import invalid_field
from tranche.invoicing.printing.design import MOST_LOGO_BYTES, find_image_type

MOST_PIXELS: Final = 16_000_000  # a small file may unpack to any size
_PNG_HEAD: Final = struct.Struct(">8xI4sII")
_IHDR: Final = b"IHDR"
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MARK: Final = 0xFF
_SEGMENT: Final = struct.Struct(">BBH")
_FRAME: Final = struct.Struct(">xHH")


def check_logo(content: bytes) -> None:
    """Refuse what is no PNG or JPEG, or too large.

    Raises:
        Invalid: at /logo.
    """
    if len(content) > MOST_LOGO_BYTES or find_image_type(content) is None:
        raise invalid_field("/logo", f"must be a PNG or JPEG of at most {MOST_LOGO_BYTES // 1000} kB")
    width, height = find_size(content)
    if width * height == 0:
        raise invalid_field("/logo", "is damaged: it does not say how large it is")
    if width * height > MOST_PIXELS:
        most = MOST_PIXELS // 1_000_000
        raise invalid_field(
            "/logo", f"is {width:,} by {height:,} pixels, more than the {most} million that are printed"
        )


def find_size(content: bytes) -> tuple[int, int]:
    """Width and height in pixels as a PNG or JPEG says them; zeros where it does not."""
    try:
        return _read_png(content) if find_image_type(content) == "png" else _read_jpeg(content)
    except struct.error:
        return 0, 0


def _read_png(content: bytes) -> tuple[int, int]:
    _, name, width, height = _PNG_HEAD.unpack_from(content)
    return (width, height) if name == _IHDR else (0, 0)


def _read_jpeg(content: bytes) -> tuple[int, int]:
    at = 2
    while True:
        mark, kind, length = _SEGMENT.unpack_from(content, at)
        if kind == _MARK:  # a byte that fills
            at += 1
            continue
        if mark != _MARK or length < 2:  # noqa: PLR2004  # the length counts its own two bytes
            return 0, 0
        if kind in _JPEG_FRAMES:
            height, width = _FRAME.unpack_from(content, at + _SEGMENT.size)
            return width, height
        at += 2 + length
