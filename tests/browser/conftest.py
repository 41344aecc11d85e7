"""Tabs of the session's browser on a living house: a fresh context for each test."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.tabs import Tab, open_tab
from tests.live import Live, live, open_live

__all__ = ["live", "open_live"]


@pytest.fixture
def open_browser(browser: Browser, open_live: Callable[..., Live]) -> Iterator[Callable[..., Tab]]:
    """Opens tabs on a house: `open_browser(live)` signed in as its admin, `open_browser(live, as_nobody=True)`.

    At the end of the test every tab must be free of faults: see tests/browser/tabs.py.
    """
    del open_live  # only asked for so that the house is there until the tabs are closed
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
