"""Data to PDF by Typst: used inside a child process, because Typst holds the interpreter's lock."""

import json
import re
import shutil
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final
from unicodedata import category

import fontpkg
import typst

from tranche.invoicing.printing.archive import finish_pdf

_STANDARD: Final = "a-3a"
_TEMPLATE: Final = "invoice.typ"
_GLYPH: Final = re.compile(r'the text `"(.+?)"` could not be displayed with font')
_ESCAPED: Final = re.compile(r"\\u\{([0-9a-f]+)\}")
_MOST_NAMED: Final = 10
_MARK: Final = "Cf"  # controls of the direction, which nobody wrote


class Unprintable(Exception):
    """The data cannot be set in type; the message is for the person who wrote them."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Typesetter:
    """One compiler over a folder of its own: the template and the logos, nothing else can be read, no network."""

    def __init__(self, folder: Path) -> None:
        """Fonts come from the installed packages, and from nowhere else, so that every machine sets alike."""
        self._folder = folder
        with as_file(files("tranche.invoicing.printing").joinpath(_TEMPLATE)) as template:
            shutil.copyfile(template, self._folder / _TEMPLATE)
        self._compiler = typst.Compiler(
            root=self._folder,
            font_paths=typst.Fonts(include_system_fonts=False, font_paths=list(font_folders())),
            package_path=self._folder / "none",
            package_cache_path=self._folder / "none",
        )

    def render(self, page: dict[str, Any], *, logo: bytes | None) -> bytes:
        """The page as PDF/A-3a; the same data give the same bytes.

        Raises:
            Unprintable: a letter has no font, or the logo is no picture.
        """
        return finish_pdf(self._set(page, logo), is_e_invoice=page["xml"] is not None)

    def picture(self, page: dict[str, Any], *, logo: bytes | None, ppi: float) -> list[bytes]:
        """The pages as PNG, for a preview of what can be printed: a picture alone would show boxes for letters.

        Raises:
            Unprintable: as `render` does.
        """
        self._set(page, logo)
        inputs = self._prepare(page, logo)
        return _whole(self._compiler.compile(self._folder / _TEMPLATE, format="png", sys_inputs=inputs, ppi=ppi))

    def _set(self, page: dict[str, Any], logo: bytes | None) -> bytes:
        year, month, day = page["date"]
        try:
            pdf = self._compiler.compile(
                self._folder / _TEMPLATE,
                format="pdf",
                sys_inputs=self._prepare(page, logo),
                pdf_standards=_STANDARD,
                timestamp=datetime(year, month, day, tzinfo=UTC),
            )
        except typst.TypstError as error:
            raise _unprintable(error) from error
        return _whole(pdf)[0]

    def _prepare(self, page: dict[str, Any], logo: bytes | None) -> dict[str, str]:
        if page["logo"] is not None and logo is not None:
            path = self._folder / Path(page["logo"]).name
            if not path.exists():
                path.write_bytes(logo)
        return {"data": json.dumps(page, ensure_ascii=False)}


def font_folders() -> set[Path]:
    """Where the installed font packages keep their files; another script is one more `fontpkg-` package."""
    return {font.path.parent for name in fontpkg.families() for font in fontpkg.family(name).files}


def _whole(found: bytes | list[bytes] | None) -> list[bytes]:
    """Typst gives one file as itself and several as a list."""
    return found if isinstance(found, list) else [found or b""]


def _unprintable(error: typst.TypstError) -> Unprintable:
    letters = _missing_letters(error.diagnostic)
    if letters:
        named = ", ".join(f"“{letter}”" for letter in letters[:_MOST_NAMED])
        more = " and others" if len(letters) > _MOST_NAMED else ""
        return Unprintable(
            "no_font",
            f"{named}{more} cannot be printed: no installed font has such letters. Install the font package of their "
            "script (fontpkg-noto-sans-...), or write the text in another script.",
        )
    if "decode" in error.message or "image" in error.message:
        return Unprintable("bad_logo", "The logo cannot be read as a picture; upload a PNG or JPEG file.")
    return Unprintable("unprintable", f"The invoice could not be set in type: {error.message[:300]}")


def _missing_letters(diagnostic: str) -> list[str]:
    """Each letter once, in the order in which they were met, without the marks that stand around them."""
    found = (_ESCAPED.sub(lambda code: chr(int(code[1], 16)), text) for text in _GLYPH.findall(diagnostic))
    bare = ("".join(char for char in text if category(char) != _MARK) for text in found)
    return [text for text in dict.fromkeys(bare) if text]
