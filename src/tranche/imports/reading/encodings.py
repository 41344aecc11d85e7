"""Which characters the bytes of a text file mean: by its mark, by its zeros, else UTF-8 or Windows-1252."""

import codecs
from pathlib import Path
from typing import Final

from tranche.imports.domain import UnreadableFile

FALLBACK: Final = "cp1252"

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_STEP: Final = 1 << 20
_HEAD: Final = 4096
_MOSTLY: Final = 0.7
_FEW_CONTROLS: Final = 0.02
_A_SLIP: Final = 3


def find_encoding(path: Path) -> str:
    """The Python name of the encoding; the whole file has been decoded by it once.

    Raises:
        UnreadableFile: no encoding fits, or the bytes are no text at all.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None) or _by_zeros(head)
    if marked:
        _require(path, marked)
        return marked
    if _controls(head) > max(_FEW_CONTROLS * len(head), _A_SLIP):
        raise UnreadableFile("The file is neither a workbook nor readable text. Save it as .xlsx or as CSV in UTF-8.")
    if _fits(path, "utf-8"):
        return "utf-8"
    if _fits(path, "utf-8", errors="surrogatepass"):
        raise UnreadableFile(
            "The text holds half characters (lone surrogates), so it was damaged on its way. Save it as UTF-8 again."
        )
    _require(path, FALLBACK)
    return FALLBACK


def _by_zeros(head: bytes) -> str | None:
    """UTF-16 and UTF-32 without a mark: Latin text then has zeros at fixed places."""
    for width, names in ((4, ("utf-32-le", "utf-32-be")), (2, ("utf-16-le", "utf-16-be"))):
        whole = len(head) // width
        if not whole:
            continue
        zeros = [head[place : whole * width : width].count(0) / whole for place in range(width)]
        if min(zeros[1:]) > _MOSTLY and zeros[0] < 1 - _MOSTLY:
            return names[0]
        if min(zeros[:-1]) > _MOSTLY and zeros[-1] < 1 - _MOSTLY:
            return names[1]
    return None


def _require(path: Path, encoding: str) -> None:
    if not _fits(path, encoding):
        name = "Windows-1252" if encoding == FALLBACK else encoding.upper().removesuffix("-SIG")
        tried = "UTF-8 or Windows-1252" if encoding == FALLBACK else name
        raise UnreadableFile(f"The text is not valid {tried}, so it was damaged on its way. Save it as UTF-8 again.")


def _fits(path: Path, encoding: str, *, errors: str = "strict") -> bool:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    try:
        with path.open("rb") as file:
            while data := file.read(_STEP):
                decoder.decode(data)
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _controls(head: bytes) -> int:
    return sum(byte < 9 or 13 < byte < 32 for byte in head)  # noqa: PLR2004  # the control characters of ASCII
