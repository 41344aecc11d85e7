"""What an organization's invoices look like, and what a rendered one is known by; pure."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

from tranche.kernel.errors import FieldError, Invalid
from tranche.kernel.text import is_line

TEMPLATE_ID: Final = "tranche-invoice"
TEMPLATE_VERSION: Final = 3  # raise it with every change of what is printed
MOST_LOGO_BYTES: Final = 500_000
PAPERS: Final = ("a4", "us-letter")

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_COUNTRY = re.compile(r"[A-Z]{2}")
_LONGEST_FOOTER: Final = 300
_LEAST_CONTRAST: Final = 3.0  # large text on white, WCAG 2.2, 1.4.3
_SIGNATURES: Final = ((b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Colour, logo, footer and paper; `country` (ISO 3166, two letters) is what electronic invoices fall back to."""

    accent: str = "#1f4ed8"
    footer: str = ""
    paper: str = "a4"
    country: str = ""
    payment_qr: bool = True
    e_invoice: bool = True
    logo: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse what cannot be printed or read."""
        faults = list(_faults(self))
        if faults:
            field_name = faults[0].pointer.removeprefix("/")
            raise Invalid(f"The invoice design is not right: {field_name} {faults[0].detail}.", errors=faults)

    @property
    def logo_type(self) -> str:
        """The ending of the logo's file name."""
        return find_image_type(self.logo or b"") or ""

    @property
    def logo_name(self) -> str | None:
        """The file's name, from its content, so that the same logo is the same file."""
        if self.logo is None:
            return None
        return f"{hashlib.sha256(self.logo).hexdigest()}.{self.logo_type}"


def find_image_type(content: bytes) -> str | None:
    """Which of png and jpg it is, by the content's own first bytes."""
    return next((name for signature, name in _SIGNATURES if content.startswith(signature)), None)


def _faults(design: Design) -> list[FieldError]:
    found = []
    if not _COLOUR.fullmatch(design.accent):
        found.append(FieldError("/accent", "must be a colour such as #1f4ed8"))
    elif _contrast_on_white(design.accent) < _LEAST_CONTRAST:
        found.append(FieldError("/accent", "is too light to be read on white paper; choose a darker one"))
    if len(design.footer) > _LONGEST_FOOTER or not is_line(design.footer):
        found.append(FieldError("/footer", f"must be one line of at most {_LONGEST_FOOTER} characters"))
    if design.paper not in PAPERS:
        found.append(FieldError("/paper", f"must be one of: {', '.join(PAPERS)}"))
    if design.country and not _COUNTRY.fullmatch(design.country):
        found.append(FieldError("/country", "must be a country's two letters, such as DE"))
    if design.logo is not None and (len(design.logo) > MOST_LOGO_BYTES or not find_image_type(design.logo)):
        found.append(FieldError("/logo", f"must be a PNG or JPEG of at most {MOST_LOGO_BYTES // 1000} kB"))
    return found


def _contrast_on_white(colour: str) -> float:
    """WCAG 2.2: relative luminance of sRGB."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)  # noqa: PLR2004  # sRGB's own curve
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)
