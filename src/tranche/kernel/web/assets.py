"""What browsers load besides pages: read once, compressed, under addresses that change with the content."""

import gzip
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from tranche.kernel.errors import NotFound
from tranche.kernel.web.auth import OPEN
from tranche.kernel.web.requests import AnyRequest

_HERE: Final = Path(__file__).parent
OWN: Final = _HERE / "assets"
BUILT: Final = _HERE / "static"

_STYLES: Final = "app.css"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "no-cache"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: plain, and by the encodings in which it can go out."""

    media_type: str
    plain: bytes = field(repr=False)
    encoded: dict[str, bytes] = field(repr=False)

    def best(self, accepted: str) -> tuple[str | None, bytes]:
        """The smallest form that the browser takes, and the name of its encoding."""
        names = {part.partition(";")[0].strip() for part in accepted.lower().split(",")}
        return next(((name, data) for name, data in self.encoded.items() if name in names), (None, self.plain))


class Assets:
    """All files by name. They share one version, so that a file may name its neighbours by relative addresses."""

    def __init__(self, *, own: Path = OWN, built: Path = BUILT) -> None:
        """`own` are the project's files, `built` those that the build has copied from the package registry."""
        self._files = {**dict(_read_built(built)), **dict(_read_own(own))}
        self.is_complete = any(name.startswith("tabler") for name in self._files)
        digest = hashlib.sha256()
        for name in sorted(self._files):
            digest.update(name.encode() + b"\0" + self._files[name].plain)
        self.version = digest.hexdigest()[:12]

    def url(self, name: str) -> str:
        """The address of a file.

        Raises:
            LookupError: there is no such file, which is a fault of the page.
        """
        if name not in self._files:
            raise LookupError(f"no asset {name}; if the build has made none, install the package again")
        return f"/static/{self.version}/{name}"

    def find(self, name: str) -> Asset | None:
        """A file by its name."""
        return self._files.get(name)

    def route(self) -> HTTPRouteHandler:
        """The route that serves them, open to everyone."""

        @get("/static/{version:str}/{name:str}", opt={OPEN: True}, include_in_schema=False, sync_to_thread=False)
        def serve_asset(request: AnyRequest, version: FromPath[str], name: FromPath[str]) -> Response[bytes]:
            asset = self.find(name)
            if asset is None:
                raise NotFound("There is nothing at this address.")
            encoding, data = asset.best(request.headers.get("accept-encoding", ""))
            headers = {"Vary": "Accept-Encoding", "Cache-Control": _FOR_EVER if version == self.version else _ASK_AGAIN}
            if encoding:
                headers["Content-Encoding"] = encoding
            return Response(data, media_type=asset.media_type, headers=headers)

        return serve_asset


def _read_built(folder: Path) -> Iterator[tuple[str, Asset]]:
    for path in sorted(folder.glob("*")):
        if path.suffix in _TYPES:
            packed = {"br": path.with_name(f"{path.name}.br"), "gzip": path.with_name(f"{path.name}.gz")}
            encoded = {name: file.read_bytes() for name, file in packed.items() if file.is_file()}
            yield path.name, Asset(_TYPES[path.suffix], path.read_bytes(), encoded)


def _read_own(folder: Path) -> Iterator[tuple[str, Asset]]:
    """Style sheets are written in parts, which stand in the order of their names and go out as one."""
    styles = b"".join(path.read_bytes() for path in sorted((folder / "css").glob("*.css")))
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*")) if path.suffix in _TYPES}
    for name, data in {**files, _STYLES: styles}.items():
        yield name, Asset(_TYPES[Path(name).suffix], data, {"gzip": gzip.compress(data, 9, mtime=0)})
