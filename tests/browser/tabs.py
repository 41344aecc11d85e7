"""A tab of the browser that notices what must never happen, and takes pictures."""

import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, Response, expect

from tests.live import Live
from tests.signing_in import sign_in
from tranche.kernel.context import Context, Role
from tranche.kernel.web.visitors import SESSION_COOKIE

ROOT: Final = Path(__file__).resolve().parents[2]
PICTURES: Final = ROOT / "build/pictures"
IS_PICTURED: Final = bool(os.environ.get("TRANCHE_PICTURES"))
AXE: Final = ROOT / "web/node_modules/axe-core/axe.min.js"
WIDE: Final = {"width": 1360, "height": 860}
_COLOURS: Final = ["color-contrast", "link-in-text-block"]
_TALLEST: Final = 4_000
_PATIENCE: Final = 30_000  # milliseconds, of a machine that does much else
PHONE: Final = {"width": 390, "height": 844}

expect.set_options(timeout=_PATIENCE)

_WATCH: Final = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""


class Tab:
    """One page with its faults: violations of the content policy, errors of scripts, requests to other hosts."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.faults: list[str] = []
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.faults.append(f"script: {error}"))
        page.on("request", self._see)
        page.on("response", self._judge)

    def go(self, path: str) -> "Tab":
        """Open a page of the house."""
        self.page.goto(self.base + path)
        return self

    def click(self, name: str, *, role: Any = "button") -> None:
        """Click on what has this role and this name."""
        self.page.get_by_role(role, name=name, exact=True).first.click()

    def fill(self, **values: str) -> None:
        """Fill fields by their names in the form."""
        for name, value in values.items():
            self.page.locator(f"[name={name}]:visible").first.fill(value)

    def heading(self, text: str) -> Locator:
        """A heading, by its text."""
        return self.page.get_by_role("heading", name=text)

    def assert_accessible(self, *, dark: bool = True) -> None:
        """Nothing for axe to complain about; in the dark, which changes nothing else, of the colours."""
        self.page.evaluate(AXE.read_text())
        for scheme, rules in (("light", {}), ("dark", {"runOnly": _COLOURS}))[: 1 + dark]:
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # two words
            found = self.page.evaluate(
                "async (rules) => (await axe.run(document, {resultTypes: ['violations'], ...rules})).violations", rules
            )
            assert not found, "\n".join([f"{self.page.url}, {scheme}", *(_told(one) for one in found)])
        self.page.emulate_media(color_scheme="light")

    def picture(self, name: str) -> None:
        """Wide in light and dark, and a phone, into build/pictures; by `make pictures` alone, for people to look at."""
        if not IS_PICTURED:
            return
        for kind, scheme, size in (("wide", "light", WIDE), ("wide", "dark", WIDE), ("phone", "light", PHONE)):
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # two words
            self.page.set_viewport_size(size)  # type: ignore[arg-type]  # a width and a height
            whole = self.page.evaluate("Math.max(document.body.scrollHeight, innerHeight)")
            self.page.set_viewport_size({"width": size["width"], "height": min(whole, _TALLEST)})
            self.page.screenshot(path=PICTURES / f"{name}-{kind}-{scheme}.png")
        self.page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # as above
        self.page.emulate_media(color_scheme="light")

    def snap(self, name: str) -> None:
        """What the window shows as it is, likewise."""
        if IS_PICTURED:
            self.page.screenshot(path=PICTURES / f"{name}.png")

    def close(self) -> None:
        """Close the tab with its cookies."""
        self.page.context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        # A refused page is a matter of the test, which sees it; a refused picture or script is judged by `_judge`. A
        # piece of a page that was on its way when the page was left is no fault.
        expected = message.text.startswith(("Failed to load resource", "htmx: htmx:error: Failed to fetch TypeError"))
        if message.type in {"error", "warning"} and not expected:
            self.faults.append(f"console: {message.text}")

    def _see(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.base).netloc and not request.url.startswith("blob:"):
            self.faults.append(f"leaves the house: {request.url}")

    def _judge(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type not in {"document", "fetch", "xhr"}:
            self.faults.append(f"{response.status}: {response.url}")


def open_tab(
    browser: Browser,
    live: Live,
    *,
    context: Context | None = None,
    role: Role = Role.ADMIN,
    as_nobody: bool = False,
    locale: str = "en-US",
    scripts: bool = True,
) -> Tab:
    """A tab, signed in as the admin of the house, as `context`, or as a new user with `role`."""
    browsing = browser.new_context(viewport=WIDE, locale=locale, java_script_enabled=scripts)  # type: ignore[arg-type]  # a size
    browsing.set_default_timeout(_PATIENCE)
    if not as_nobody:
        token = sign_in(live.database, context or live.context, role=role)
        # Set by hand it needs an address by https; sent it is to this machine by http as well.
        address = live.url.replace("http:", "https:")
        cookie = {"name": SESSION_COOKIE, "value": token, "url": address, "secure": True, "httpOnly": True}
        browsing.add_cookies([cookie])  # type: ignore[list-item]  # the fields of a cookie
    if scripts:
        browsing.add_init_script(_WATCH)
    return Tab(browsing.new_page(), live.url)


def _told(violation: dict[str, Any]) -> str:
    where = "; ".join(f"{node['target']} {node['html'][:160]}" for node in violation["nodes"][:4])
    return f"{violation['id']}: {violation['help']}: {where}"
