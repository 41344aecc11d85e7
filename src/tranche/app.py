"""The server: web application, hub and pools put together from settings."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from litestar import Litestar

from tranche.areas import AREAS
from tranche.imports.api import Workbooks
from tranche.imports.uploads import UploadLimits
from tranche.kernel.db.listen import Listener
from tranche.kernel.db.migrate import require_known
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.doctor.running import LONGEST_SILENCE
from tranche.kernel.errors import TrancheError, Unavailable
from tranche.kernel.identity.passwords import Passwords
from tranche.kernel.identity.service import Entrance, Lifetimes, authenticate, find_visitor, read_branch
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.metrics import Metrics, measured
from tranche.kernel.module import Module
from tranche.kernel.notify.service import Webhooks
from tranche.kernel.notify.signing import load_signing_key
from tranche.kernel.operations import dispatch
from tranche.kernel.operations.api import load_operation
from tranche.kernel.operations.bell import load_watched
from tranche.kernel.operations.measuring import Installation
from tranche.kernel.operations.panels import Panels
from tranche.kernel.operations.queries import claims
from tranche.kernel.operations.queries.progress import CHANNEL
from tranche.kernel.operations.service import Operations
from tranche.kernel.schedules.service import Schedules
from tranche.kernel.settings import Settings
from tranche.kernel.web.application import Fittings, make_app
from tranche.kernel.web.assets import Assets
from tranche.kernel.web.exports import ExportLimits, Exports
from tranche.kernel.web.health import Readiness
from tranche.kernel.web.pages.shell import Shell
from tranche.kernel.web.server import Server, make_server
from tranche.kernel.web.stream import Hub
from tranche.modules import (
    make_corrections,
    make_intakes,
    make_modules,
    make_order_ports,
    make_readers,
    make_registry,
    make_tasks,
    parsing_limits,
)
from tranche.outward import Outward, make_outward, make_storage

_GATE = 4
_WATCHING = 2
_EXPORTS = ExportLimits()


class Builder(Protocol):
    """What puts routes and fittings together."""

    def __call__(self, fittings: Fittings, *, routes: Sequence[Any]) -> Litestar: ...


@dataclass(frozen=True, slots=True)
class Web:
    """A web application with what it holds open."""

    app: Litestar
    hub: Hub
    pools: tuple[Database, ...]
    outward: Outward
    metrics: Metrics | None = None

    def server(self, settings: Settings) -> Server:
        """A server that is not running yet."""
        return make_server(
            self.app if self.metrics is None else measured(self.app, self.metrics),
            hub=self.hub,
            host=settings.host,
            port=settings.port,
            trusted_proxy=settings.trusted_proxy,
        )

    def close(self) -> None:
        """End what prints and sends, and close the pools, after the server has ended."""
        self.outward.close()
        for pool in self.pools:
            pool.close()


def make_web(
    settings: Settings, *, database_url: str, metrics: Metrics | None = None, build: Builder = make_app
) -> Web:
    """Put the web application together; call it before an event loop runs. The pool is open already.

    `metrics` are told of every request, and get the installation's own figures.
    """
    database = Database(database_url, size=settings.pool_size, name="tranche serve").open()
    files = make_storage(settings)
    key = load_signing_key(settings.home, given=settings.signing_key)
    settings = replace(settings, database_url=database_url)
    outward = make_outward(settings, database=database, files=files, key=key)
    modules = make_modules(settings, files=files, outward=outward)
    limits = parsing_limits(settings)
    intakes = make_intakes()
    # Callers are found and operations are read through pools of their own, so that neither the gate nor a
    # stream waits behind slow requests.
    gate = Database(database_url, size=_GATE, name="tranche gate").open()
    watching = Database(database_url, size=_WATCHING, name="tranche watch").open()
    exporting = Database(database_url, size=_EXPORTS.slots, name="tranche export").open()
    queue = ProcrastinateQueue()
    operations = Operations(queue, make_registry(modules))
    shell = make_shell(modules)
    lifetimes = Lifetimes(idle=settings.session_idle_seconds, whole=settings.session_seconds)
    hub = Hub(
        load=load_watched(watching, load_operation(watching, operations), draw=shell.render_plain),
        listener=Listener(settings.listen_url or database_url, channel=CHANNEL),
        poll_seconds=settings.sweep_seconds,
    )

    def wake(conn: Connection, organization_id: int, /) -> None:
        dispatch.wake_post(conn, queue, organization_id=organization_id)

    fittings = Fittings(
        database=database,
        authenticator=lambda token: authenticate(gate, token),
        branch_finder=lambda organization_id, text: read_branch(gate, organization_id, text),
        visitor_finder=lambda token: find_visitor(gate, token, idle_seconds=lifetimes.idle),
        shell=shell,
        hub=hub,
        settings=settings,
        ready=partial(_look_ready, watching, needs_worker=settings.ready_needs_worker),
        exports=Exports(exporting, limits=_EXPORTS),
        areas=AREAS,
        offers={
            "operations": operations,
            "panels": Panels([panel for module in modules for panel in module.panels]),
            "entrance": Entrance(database, Passwords(), entropy=secrets.token_bytes, lifetimes=lifetimes),
            "webhooks": Webhooks(
                key, entropy=secrets.token_bytes, wake=wake, allow_private=settings.webhook_allow_private
            ),
            "files": files,
            "printer": outward.printer,
            "delivery": outward.delivery,
            "secret_box": outward.secret_box,
            "surroundings": outward.surroundings,
            "public_url": settings.public_url or "",
            "readers": make_readers(settings),
            "schedules": Schedules(ProcrastinateQueue(), make_tasks(modules)),
            "upload_limits": UploadLimits(max_bytes=settings.max_upload_bytes, parsing=limits),
            "workbooks": Workbooks(files, intakes.fields, limits=limits),
            "intakes": intakes,
            "corrections": make_corrections(operations),
            **make_order_ports(),
        },
    )
    app = build(fittings, routes=[route for module in modules for route in (*module.routes, *module.pages)])
    if metrics is not None:
        metrics.add(Installation(watching))
    return Web(app=app, hub=hub, pools=(database, gate, watching, exporting), outward=outward, metrics=metrics)


def _look_ready(database: Database, *, needs_worker: bool) -> Readiness:
    try:
        with database.transaction(None) as conn:
            require_known(conn)
            has_worker = claims.has_living_worker(conn, seconds=LONGEST_SILENCE)
    except Unavailable:
        return Readiness(missing="database", has_worker=False)
    except TrancheError:
        return Readiness(missing="migrations", has_worker=False)
    return Readiness(missing="worker" if needs_worker and not has_worker else None, has_worker=has_worker)


def make_shell(modules: Sequence[Module]) -> Shell:
    """The shell around the pages, with what every module adds to it."""
    return Shell(
        Assets(),
        menu=[entry for module in modules for entry in module.menu],
        cards=[card for module in modules for card in module.cards],
        searchers=[searcher for module in modules for searcher in module.searchers],
    )
