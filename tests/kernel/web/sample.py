"""A small application with one route of each kind, and callers that need no database."""

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Any

import httpx
import msgspec
from litestar import Litestar, delete, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, MultipartBody
from litestar.testing import TestClient

from tranche.kernel import errors
from tranche.kernel.context import Context, Role
from tranche.kernel.db.pool import Database
from tranche.kernel.settings import Settings
from tranche.kernel.web.application import UPLOAD, Fittings, make_app
from tranche.kernel.web.assets import Assets
from tranche.kernel.web.auth import SCOPE, Authenticator, admin, viewer
from tranche.kernel.web.envelope import Envelope, envelope
from tranche.kernel.web.events import EventStream
from tranche.kernel.web.health import Readiness
from tranche.kernel.web.json import Body, Out
from tranche.kernel.web.pages.shell import Shell
from tranche.kernel.web.pagination import Pagination, pagination, read_page
from tranche.kernel.web.requests import AnyRequest, allow_query
from tranche.kernel.web.server import Server, make_server
from tranche.kernel.web.stream import Hub, State
from tranche.kernel.web.visitors import VisitorFinder
from tranche.kernel.web.wait import applied, preferred_wait, wait_finished

NOWHERE = "postgresql://nobody@127.0.0.1:1/nowhere"


class Line(Body, frozen=True):
    line_total: Decimal


class ThingBody(Body, frozen=True):
    item_id: int
    unit_price: Decimal
    lines: tuple[Line, ...] = ()
    note: str | None = None
    names: Annotated[tuple[str, ...], msgspec.Meta(max_length=3)] = ()
    extra: dict[str, Any] | None = None


class ThingForm(Body, frozen=True):
    file: UploadFile
    allow_duplicate: bool = False
    note: str = ""


class Thing(Out, frozen=True):
    item_id: int
    unit_price: Decimal
    line_totals: list[Decimal]


class FileSize(Out, frozen=True):
    size: int
    name: str
    allow_duplicate: bool


@get("/things", sync_to_thread=True)
def list_things(request: AnyRequest) -> Pagination:
    allow_query(request, {"page", "limit", "size"})
    return pagination(read_page(request, alias="size"), total=45)


@get("/typed", sync_to_thread=True)
def typed(number: FromQuery[int], late: FromQuery[date] = date.max) -> None:
    del number, late


@get("/things/{thing_id:int}", sync_to_thread=True)
def find_thing(thing_id: FromPath[int], ctx: NamedDependency[Context]) -> Envelope[int]:
    return envelope(ctx, thing_id, message="Thing fetched")


@post("/things", sync_to_thread=True, opt={SCOPE: "things"})
def make_thing(data: JSONBody[ThingBody]) -> Thing:
    return Thing(item_id=data.item_id, unit_price=data.unit_price, line_totals=[line.line_total for line in data.lines])


@post("/things/judge", sync_to_thread=True, guards=[viewer])
def judge_thing(data: JSONBody[ThingBody]) -> None:
    del data


@post("/files", sync_to_thread=True, opt={UPLOAD: True})
def upload(data: MultipartBody[ThingForm]) -> FileSize:
    size = len(data.file.file.read())
    return FileSize(size=size, name=data.file.filename, allow_duplicate=data.allow_duplicate)


@delete("/settings", status_code=200, sync_to_thread=True, guards=[admin])
def clear_settings(ctx: NamedDependency[Context]) -> Envelope[int | None]:
    return envelope(ctx, ctx.branch_id, message="Settings cleared")


@get("/fail/{kind:str}", sync_to_thread=True)
def fail_by_kind(kind: FromPath[str]) -> None:
    refusal: type[errors.TrancheError] = getattr(errors, kind)
    raise refusal("No.", errors=[errors.FieldError("/data/x", "is bad")], retry_after=7 if kind == "TooMany" else None)


@get("/crash", sync_to_thread=True)
def crash() -> None:
    raise RuntimeError("SELECT secret FROM /etc/passwd postgresql://u:p@h/db")


@get("/client", sync_to_thread=True, opt={"open": True})
def client_address(request: AnyRequest) -> str:
    return request.client.host if request.client else ""


@get("/slow", sync_to_thread=True)
def slow() -> None:
    time.sleep(6)


@get("/operations/{operation_id:int}/events")
async def follow(
    request: AnyRequest, ctx: NamedDependency[Context], hub: NamedDependency[Hub], operation_id: FromPath[int]
) -> EventStream:
    return EventStream(hub, ctx, request, operation_id=operation_id)


@post("/operations/{operation_id:int}/wait", status_code=200)
async def wait(
    request: AnyRequest, ctx: NamedDependency[Context], hub: NamedDependency[Hub], operation_id: FromPath[int]
) -> dict[str, object]:
    seconds = preferred_wait(request)
    state = await wait_finished(hub, ctx, operation_id=operation_id, seconds=seconds)
    return {"version": state.version, "finished": state.finished, **applied(seconds)}


ROUTES: Sequence[Any] = (
    list_things,
    typed,
    find_thing,
    make_thing,
    judge_thing,
    upload,
    clear_settings,
    fail_by_kind,
    crash,
    client_address,
    slow,
    follow,
    wait,
)


class Callers:
    """Tokens and whose they are; branch 7 belongs to organization 1."""

    def __init__(self, **callers: Context) -> None:
        self.by_token: dict[str, Context] = {
            "viewer": Context(organization_id=1, role=Role.VIEWER, user_id=1),
            "operator": Context(organization_id=1, role=Role.OPERATOR, user_id=2, api_key_id=20, branch_id=3),
            "admin": Context(organization_id=1, role=Role.ADMIN, user_id=3),
            "scoped": Context(
                organization_id=1, role=Role.ADMIN, user_id=4, api_key_id=40, scopes=frozenset({"things"})
            ),
            "foreign": Context(organization_id=2, role=Role.ADMIN, user_id=5),
            **callers,
        }

    def __call__(self, token: str, /) -> Context | None:
        return self.by_token.get(token)


class Ledger:
    """Operations in memory; `change` does what a worker's commit and notification do."""

    def __init__(self) -> None:
        self.states: dict[tuple[int, int], State] = {(1, 5): State(1, b'{"done":0}', finished=False)}
        self.reads = 0
        self.failure: Exception | None = None

    def __call__(self, organization_id: int, operation_id: int, /) -> State | None:
        self.reads += 1
        if self.failure is not None:
            raise self.failure
        return self.states.get((organization_id, operation_id))

    def change(self, version: int, *, finished: bool = False) -> str:
        """Set operation 5 of organization 1 and return the notification's payload."""
        self.states[1, 5] = State(version, b'{"done":%d}' % version, finished=finished)
        return f'{{"o":1,"i":5,"v":{version}}}'


def find_branch(organization_id: int, text: str) -> int:
    if not text.isdigit():
        raise errors.Invalid("x-branch-id must be the number of a branch. There are 7 (Main).")
    if (organization_id, text) != (1, "7"):
        raise errors.Forbidden("This branch is not one of yours.", code="branch")
    return 7


def sample_app(
    *,
    routes: Sequence[Any] = ROUTES,
    database: Database | None = None,
    hub: Hub | None = None,
    callers: Authenticator | None = None,
    visitors: VisitorFinder | None = None,
    reason: str | None = None,
    offers: Mapping[str, object] | None = None,
    **settings: Any,
) -> Litestar:
    """The application over a database that nobody opens, unless one is given."""
    return make_app(
        Fittings(
            database=database or Database(NOWHERE),
            authenticator=callers or Callers(),
            branch_finder=find_branch,
            visitor_finder=visitors or (lambda _: None),
            shell=Shell(Assets()),
            hub=hub or Hub(load=Ledger()),
            settings=Settings(**settings),
            ready=lambda: Readiness(missing=reason, has_worker=True),
            offers=offers,
        ),
        routes=routes,
    )


@contextlib.contextmanager
def calling(app: Litestar, *, caller: str = "admin") -> Iterator[TestClient[Litestar]]:
    """A client of one caller; faults of the server are answered, not raised."""
    with TestClient(app, raise_server_exceptions=False) as client:
        client.headers.update(bearer(caller))
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass(frozen=True, slots=True)
class Running:
    """A server in a thread, and a client for it."""

    server: Server
    url: str
    client: httpx.Client


@contextlib.contextmanager
def running(app: Litestar, hub: Hub, *, caller: str = "admin", trusted_proxy: str | None = None) -> Iterator[Running]:
    """Serve on a free port until the block ends."""
    server = make_server(app, hub=hub, host="127.0.0.1", port=0, trusted_proxy=trusted_proxy)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        with httpx.Client(base_url=url, headers=bearer(caller), timeout=10) as client:
            yield Running(server, url, client)
    finally:
        server.stop()
        thread.join(timeout=10)
        assert not thread.is_alive()


def until(condition: Any, *, seconds: float = 5.0) -> None:
    """Wait for something that another thread does."""
    ends = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < ends, "it did not happen in time"
        time.sleep(0.01)
