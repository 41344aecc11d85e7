"""A browser without a window: sends the cookie that a client would keep back over plain http."""

import re
from dataclasses import dataclass
from typing import Any

import httpx

from tests.live import Live
from tests.signing_in import cookies, sign_in
from tranche.kernel.context import Context, Role


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is signed in."""

    url: str
    token: str

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._send("GET", path, headers)

    def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
        return self._send("POST", path, headers, data=data or {})

    def send(self, path: str, *, file: tuple[str, str]) -> httpx.Response:
        """Drop a file: its name and its text."""
        return self._send("POST", path, {}, files={"file": file})

    def _send(self, method: str, path: str, headers: dict[str, str], **content: Any) -> httpx.Response:
        sent = httpx.Headers(cookies(self.token))
        sent.update({name.replace("_", "-"): value for name, value in headers.items()})
        return httpx.request(method, self.url + path, headers=sent, timeout=20, **content)


def visit(live: Live, *, context: Context | None = None, role: Role = Role.ADMIN) -> Visitor:
    """The admin of the house, of another context, or a new user with a lesser role."""
    return Visitor(live.url, sign_in(live.database, context or live.context, role=role))


def timeless(page: str) -> str:
    """A page without what differs from request to request."""
    return re.sub(r"Request [0-9a-f]{16}", "Request", page)
