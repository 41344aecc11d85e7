"""The worker: takes slices from the queue, says that it lives, sweeps up what was lost, watches the clock."""

import asyncio
import os
import random
import socket
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from tranche import __version__
from tranche.imports.process import READERS
from tranche.kernel.db.migrate import require_current
from tranche.kernel.db.pool import Database, connect
from tranche.kernel.db.roles import require_plain_role, settle_role
from tranche.kernel.errors import TrancheError
from tranche.kernel.jobs.loop import JobLoop
from tranche.kernel.jobs.queue import ProcrastinateQueue
from tranche.kernel.metrics import Metrics
from tranche.kernel.notify.alerts import read_targets
from tranche.kernel.notify.carriers import AlertCarrier, Carrier, MailCarrier, WebhookCarrier
from tranche.kernel.notify.mail import FOLDER, Folder, Mailer, read_sender
from tranche.kernel.notify.post import Post
from tranche.kernel.notify.posting import Poster
from tranche.kernel.notify.sending import Postman
from tranche.kernel.notify.signing import load_signing_key
from tranche.kernel.notify.smtp import Smtp, read_server
from tranche.kernel.operations import dispatch
from tranche.kernel.operations.measuring import Installation
from tranche.kernel.operations.queries import claims
from tranche.kernel.operations.runner import Pace, Runner
from tranche.kernel.schedules.dispatch import RUN
from tranche.kernel.schedules.running import RunWorker
from tranche.kernel.schedules.ticking import Ticker
from tranche.kernel.settings import Settings
from tranche.kernel.storage.abandoned import clear_abandoned
from tranche.modules import make_modules, make_registry, make_tasks
from tranche.outward import make_outward, make_storage

log = structlog.get_logger(__name__)

_CLEAR_SECONDS = 600.0
_CLEAR_BUCKET_SECONDS = 21_600.0  # a bucket is listed by requests, each of which is paid for
_TICK_SECONDS = 1.0
_WEBHOOKS_AT_ONCE = 3
_SENDING = 5  # connections beside those of slices
_POLL_SECONDS = 1.0  # the library may overlook a notification that comes while it looks for work


class Worker:
    """One worker process, or the worker half of `tranche up`."""

    def __init__(
        self, settings: Settings, *, database_url: str, metrics: Metrics | None = None, tells_all: bool = True
    ) -> None:
        """`database_url` is the plain role's address; `settings.owner_url` is only for the nightly examination.

        `metrics` are told of every piece of work; with `tells_all` they get the installation's own figures too.
        """
        self._settings = settings
        self._url = database_url
        self._id = uuid.uuid4()
        self._db = Database(database_url, size=settings.worker_slots * 2 + 5 + _SENDING, name="tranche worker")
        self._queue = ProcrastinateQueue()
        self._files = make_storage(settings)
        settings = replace(settings, database_url=database_url)
        key = load_signing_key(settings.home, given=settings.signing_key)
        self._outward = make_outward(settings, database=self._db, files=self._files, key=key)
        modules = make_modules(settings, files=self._files, outward=self._outward)
        tasks, dead_after = make_tasks(modules), settings.dead_after_seconds
        self._ticker = Ticker(self._db, self._queue, tasks, dead_after=dead_after)
        runs = RunWorker(self._db, self._queue, tasks, worker_id=self._id, dead_after=dead_after)
        self._runner = Runner(
            self._db,
            self._queue,
            make_registry(modules),
            worker_id=self._id,
            pace=Pace(slice=settings.slice_seconds, chunk=settings.chunk_seconds, dead_after=dead_after),
            observe=metrics.observe_chunk if metrics else None,
        )
        if metrics is not None and tells_all:
            metrics.add(Installation(self._db))
        self._loop = JobLoop(
            settings.listen_url or database_url,
            {dispatch.SLICE: self._run_slice, dispatch.WAKE: self._wake_post, RUN: runs.run},
            slots=settings.worker_slots,
            heartbeat=settings.heartbeat_seconds,
            poll=min(_POLL_SECONDS, settings.sweep_seconds),
            listen=True,
        )
        self._post = make_post(settings, self._db)
        self._ended = threading.Event()

    async def run(self) -> None:
        """Work until `stop`.

        Raises:
            TrancheError: the role or the schema is not right; the message says what to do.
        """
        check_database(self._url)
        self._db.open()
        self._beat()
        threads = [
            threading.Thread(target=self._repeat, args=(self._settings.heartbeat_seconds, self._beat), daemon=True),
            threading.Thread(target=self._repeat, args=(self._settings.sweep_seconds, self._sweep), daemon=True),
            threading.Thread(target=self._repeat, args=(_clear_pause(self._settings), self._clear), daemon=True),
            threading.Thread(target=self._repeat, args=(_TICK_SECONDS, self._ticker.tick), daemon=True),
        ]
        for thread in threads:
            thread.start()
        self._post.start()
        READERS.warm()
        if self._settings.smtp_url is None:
            log.info("mail.folder_only", hint="TRANCHE_SMTP_URL is not set: mails only go to the outbox folder")
        log.info("worker.started", worker=str(self._id), slots=self._settings.worker_slots)
        try:
            await self._loop.run(grace=self._settings.shutdown_seconds - 2)
        finally:
            self._ended.set()
            await asyncio.to_thread(self._leave, threads)
            log.info("worker.ended", worker=str(self._id))

    def stop(self) -> None:
        """Take nothing new and end at the next safe point; call it on the worker's event loop."""
        self._loop.stop()
        self._post.stop()

    def _run_slice(self, arguments: Mapping[str, int], should_abort: Callable[[], bool]) -> None:
        self._runner.run_slice(
            organization_id=arguments["organization_id"],
            operation_id=arguments["operation_id"],
            lane=arguments.get("lane", 0),
            express=bool(arguments.get("express", 0)),
            should_abort=should_abort,
        )

    def _wake_post(self, _: Mapping[str, int], __: Callable[[], bool]) -> None:
        self._post.ring()

    def _beat(self) -> None:
        with self._db.transaction(None) as conn:
            claims.beat(
                conn,
                worker_id=self._id,
                host=socket.gethostname(),
                pid=os.getpid(),
                slots=self._settings.worker_slots,
                version=__version__,
            )
        self._runner.release_stuck()

    def _sweep(self) -> None:
        dispatch.sweep(self._db, self._queue, dead_after=self._settings.dead_after_seconds)

    def _clear(self) -> None:
        clear_abandoned(self._db, self._files)

    def _repeat(self, seconds: float, act: Callable[[], object]) -> None:
        while not self._ended.wait(seconds):
            try:
                act()
            except TrancheError as error:
                log.warning("worker.waiting", reason=error.error_code)
            except OSError as error:
                log.warning("worker.waiting", reason=type(error).__name__)

    def _leave(self, threads: list[threading.Thread]) -> None:
        self._post.stop()
        if not self._post.join(seconds=self._settings.shutdown_seconds / 2):
            log.warning("notify.left", hint="what was being sent is settled when its lease has lapsed")
        for thread in threads:
            thread.join(timeout=1.0)
        try:
            with self._db.transaction(None) as conn:
                claims.delete_worker(conn, worker_id=self._id)
        except TrancheError as error:
            log.warning("worker.unregistered", reason=error.error_code)
        self._outward.close()
        self._db.close()


def make_post(settings: Settings, database: Database) -> Post:
    """Everything that sends, from settings; `database` is opened before it starts.

    Raises:
        Invalid: a setting cannot be read.
    """
    sender = read_sender(settings.mail_from)
    server = read_server(settings.smtp_url, password_file=settings.smtp_password_file) if settings.smtp_url else None

    def mailer() -> Mailer:
        return Smtp(server, sender=sender) if server else Folder(settings.home / FOLDER, sender=sender)

    hooks = Poster(allow_private=settings.webhook_allow_private)
    key = load_signing_key(settings.home, given=settings.signing_key)
    alerts = AlertCarrier(
        read_targets(settings.alerts),
        poster=Poster(allow_private=True),
        mailer=mailer(),
        log=lambda text: log.error("alert", text=text),
    )
    carriers: tuple[Carrier, ...] = (
        MailCarrier(mailer(), public_url=settings.public_url),
        alerts,
        *(
            # One of them takes those that fail too, so that silent receivers never hold up the healthy ones.
            WebhookCarrier(hooks, key, clock=lambda: datetime.now(UTC), only_healthy=number > 0)
            for number in range(_WEBHOOKS_AT_ONCE)
        ),
    )
    postmen = [
        Postman(database, carrier, domain=sender.domain, jitter=lambda: random.uniform(-1, 1))  # noqa: S311  # keeps attempts apart
        for carrier in carriers
    ]
    return Post(postmen, poll_seconds=settings.sweep_seconds)


def check_post(settings: Settings) -> None:
    """Refuse settings of sending that cannot be read, where nothing is sent too: a server's mails are a worker's.

    Raises:
        Invalid: names the setting.
    """
    read_sender(settings.mail_from)
    read_targets(settings.alerts)
    if settings.smtp_url:
        read_server(settings.smtp_url, password_file=settings.smtp_password_file)


def _clear_pause(settings: Settings) -> float:
    if settings.s3_bucket is None:
        return _CLEAR_SECONDS
    return _CLEAR_BUCKET_SECONDS * random.uniform(0.5, 1.5)  # noqa: S311  # keeps workers apart


def check_database(url: str) -> None:
    """Refuse a role above the tenant walls and a schema of another release; settle the role's limits.

    Raises:
        TrancheError: says what to do.
    """
    with connect(url, name="tranche start") as conn:
        require_plain_role(conn)
        require_current(conn)
        settle_role(conn)
