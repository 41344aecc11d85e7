"""A real browser on a living house: one browser per session, a fresh context for each test."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.tabs import Tab, open_tab
from tests.live import Live, live, open_live

__all__ = ["live", "open_live"]

_BROWSER: Final = os.environ.get("TRANCHE_BROWSER") or shutil.which("chromium-headless-shell")
_ARGUMENTS: Final = ("--no-sandbox", "--force-color-profile=srgb", "--font-render-hinting=none")
_HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if _BROWSER is None:
        missing = pytest.mark.skip(
            reason="no browser: apt-get install chromium-headless-shell, or name one by TRANCHE_BROWSER"
        )
        for item in items:
            if _HERE in item.path.parents:
                item.add_marker(missing)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_BROWSER, args=_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture
def open_browser(browser: Browser) -> Iterator[Callable[..., Tab]]:
    """Opens tabs on a house: `open_browser(live)` signed in as its admin, `open_browser(live, as_nobody=True)`.

    At the end of the test every tab must be free of faults: see tests/browser/tabs.py.
    """
    tabs: list[Tab] = []

    def open_one(live: Live, **who: object) -> Tab:
        tabs.append(open_tab(browser, live, **who))  # type: ignore[arg-type]  # the keywords of open_tab
        return tabs[-1]

    yield open_one
    for tab in tabs:
        tab.close()
    assert [fault for tab in tabs for fault in tab.faults] == []


@pytest.fixture
def tab(open_browser: Callable[..., Tab], live: Live) -> Tab:
    """A tab of the admin of a new organization."""
    return open_browser(live)
