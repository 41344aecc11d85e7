"""From a commit in PostgreSQL to an event at the client, also across a broken connection."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from psycopg.types.json import Jsonb

from tests.factories import Organization
from tests.kernel.web.sample import NOWHERE, Callers, Running, running, sample_app, until
from tests.kernel.web.test_events import read
from tranche.kernel.db.listen import Listener
from tranche.kernel.db.pool import Connection, Database, connect
from tranche.kernel.web.stream import Hub, State

NAME = "tranche listener of the hub"


@dataclass(frozen=True, slots=True)
class Live:
    """A running house, and one operation in its database."""

    house: Running
    hub: Hub
    organization_id: int
    operation_id: int
    app_url: str
    owner: Connection

    @property
    def path(self) -> str:
        return f"/operations/{self.operation_id}/events"

    def change(self, version: int, *, notify: bool = True) -> None:
        """What a worker commits: the new version and its notification in one transaction."""
        values = {
            "organization": self.organization_id,
            "id": self.operation_id,
            "version": version,
            "notice": Jsonb({"o": self.organization_id, "i": self.operation_id, "v": version}),
        }
        with self.owner.transaction():
            self.owner.execute(
                "UPDATE operations SET version = %(version)s WHERE organization_id = %(organization)s AND id = %(id)s",
                values,
            )
            if notify:
                self.owner.execute("SELECT pg_notify('tranche_operations', %(notice)s::jsonb::text)", values)

    def listeners(self) -> int:
        row = self.owner.execute(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE application_name = %(name)s", {"name": NAME}
        ).fetchone()
        assert row is not None
        return int(row["n"])

    def end_listener(self) -> None:
        with connect(self.app_url) as conn:
            conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %(name)s",
                {"name": NAME},
            )


def loader(database: Database) -> Callable[[int, int], State | None]:
    def load(organization_id: int, operation_id: int, /) -> State | None:
        with database.transaction(organization_id) as conn:
            row = conn.execute(
                "SELECT version, finished_at IS NOT NULL AS finished FROM operations "
                "WHERE organization_id = %(organization)s AND id = %(id)s",
                {"organization": organization_id, "id": operation_id},
            ).fetchone()
        if row is None:
            return None
        return State(row["version"], b'{"version":%d}' % row["version"], finished=row["finished"])

    return load


@pytest.fixture
def live(
    database: Database, app_url: str, owner: Connection, organization: Callable[..., Organization]
) -> Iterator[Live]:
    ours = organization()
    row = owner.execute(
        "INSERT INTO operations (organization_id, uuid, kind, phase) "
        "VALUES (%(organization)s, gen_random_uuid(), 'test', 'work') RETURNING id",
        {"organization": ours.id},
    ).fetchone()
    assert row is not None
    hub = Hub(
        load=loader(database), listener=Listener(app_url, channel="tranche_operations", name=NAME), poll_seconds=60
    )
    app = sample_app(hub=hub, callers=Callers(admin=ours.context()))
    with running(app, hub) as house:
        live = Live(house, hub, ours.id, row["id"], app_url, owner)
        until(lambda: live.listeners() == 1)
        yield live


def test_a_commit_reaches_the_client_at_once_through_one_connection(live: Live) -> None:
    streams = [live.house.client.stream("GET", live.path) for _ in range(10)]
    answers = [stream.__enter__() for stream in streams]
    try:
        until(lambda: live.hub.open_streams(live.organization_id) == 10)
        began = time.monotonic()
        live.change(2)
        assert [read(answer, 2)[1]["data"] for answer in answers] == ['{"version":2}'] * 10
        assert time.monotonic() - began < 10
        assert live.listeners() == 1
    finally:
        for stream in streams:
            stream.__exit__(None, None, None)


def test_what_was_missed_while_the_listener_was_away_is_read_when_it_is_back(live: Live) -> None:
    with live.house.client.stream("GET", live.path) as answer:
        until(lambda: live.hub.open_streams(live.organization_id) == 1)
        live.change(2, notify=False)
        live.end_listener()
        assert read(answer, 2)[1]["data"] == '{"version":2}'
        until(lambda: live.listeners() == 1)


def test_a_change_that_is_rolled_back_is_never_told(live: Live) -> None:
    with live.house.client.stream("GET", live.path) as answer:
        until(lambda: live.hub.open_streams(live.organization_id) == 1)
        with live.owner.transaction(force_rollback=True):
            live.change(2)
        live.change(3)
        assert [event["id"] for event in read(answer, 2)] == ["1", "3"]


def test_while_the_database_is_away_a_new_stream_is_503() -> None:
    away = Database(NOWHERE, timeout=0.2).open()
    hub = Hub(load=loader(away))
    try:
        with running(sample_app(hub=hub), hub) as house:
            answer = house.client.get("/operations/5/events")
            assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
            assert hub.open_streams(1) == 0
    finally:
        away.close()
