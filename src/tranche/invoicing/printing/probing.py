"""What `tranche doctor` asks of printing: whether the fonts are installed."""

from collections.abc import Sequence

import fontpkg

from tranche.invoicing.printing.page import FONTS
from tranche.kernel.module import Probe


def find_missing() -> Sequence[tuple[int | None, str]]:
    """The families that invoices are set in and that have no file on this machine."""
    known = {name: [font.path for font in fontpkg.family(name).files] for name in fontpkg.families()}
    return [
        (None, f"the font {family} is missing; install the package fontpkg-{package}")
        for family in FONTS
        for package in [family.lower().replace(" ", "-")]
        if not any(path.is_file() for path in known.get(package, ()))
    ]


PROBES = (Probe(name="the fonts of invoices are installed", look=find_missing, needs_database=False),)
