"""The pictures of the guides: with TRANCHE_GUIDE=1 they go to docs/pictures, to be looked at and kept."""

import os
from typing import Final

from tests.browser.tabs import PICTURES, ROOT, Tab

_FOLDER: Final = ROOT / "docs/pictures" if os.environ.get("TRANCHE_GUIDE") else PICTURES
_WIDTH: Final = 1180
_LEAST_BYTES, _MOST_BYTES = 10_000, 200_000


def fit(tab: Tab, *, height: int = 760) -> None:
    """Give the window the size of the pictures."""
    tab.page.set_viewport_size({"width": _WIDTH, "height": height})


def keep_file(name: str, content: bytes) -> None:
    """A picture that was not taken from a window."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    (_FOLDER / f"{name}.png").write_bytes(content)
    assert _LEAST_BYTES < len(content) < _MOST_BYTES


def keep(tab: Tab, name: str) -> None:
    """A picture of what the window shows, without toasts; one that shows nothing or weighs too much is a fault."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    tab.page.locator("#toasts button").evaluate_all("buttons => buttons.forEach((button) => button.click())")
    file = _FOLDER / f"{name}.png"
    tab.page.screenshot(path=file)
    assert _LEAST_BYTES < file.stat().st_size < _MOST_BYTES
