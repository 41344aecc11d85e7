"""Watchers are told at most four times a second, and of the end always."""

import itertools
import json
import math
import time
from collections.abc import Iterator

import pytest

from tests.kernel.operations.toys import MINT, PARTS
from tests.kernel.operations.workshop import Workshop
from tranche.kernel.db.pool import Connection, connect
from tranche.kernel.operations.domain import Status
from tranche.kernel.operations.queries.progress import CHANNEL
from tranche.kernel.operations.runner import Pace


@pytest.fixture
def ear(app_url: str) -> Iterator[Connection]:
    with connect(app_url) as conn:
        conn.execute(f"LISTEN {CHANNEL}".encode())
        yield conn


def heard(ear: Connection) -> list[dict[str, int]]:
    return [json.loads(notice.payload) for notice in ear.notifies(timeout=0.3)]


def test_they_hear_organization_operation_and_version(workshop: Workshop, ear: Connection) -> None:
    operation = workshop.start(MINT, [1])
    assert heard(ear) == []
    ended = workshop.work(operation, workshop.worker())
    notices = heard(ear)
    assert [(notice["o"], notice["i"]) for notice in notices] == [(workshop.ctx.organization_id, operation)] * 2
    assert notices[-1]["v"] == ended.version


@pytest.mark.parametrize("kind", [MINT, PARTS])
def test_at_most_four_in_any_second_and_never_without_the_last(workshop: Workshop, ear: Connection, kind: str) -> None:
    operation = workshop.start(kind, range(1, 61) if kind == MINT else (), parts=40)
    workshop.hooks.chunk = lambda _references: time.sleep(0.02)
    workshop.hooks.part = lambda _part: time.sleep(0.02)
    worker = workshop.worker(pace=Pace(slice=5.0, chunk=0.001, dead_after=8.0, retry_delay=0.0))
    began = time.monotonic()
    ended = workshop.work(operation, worker)
    seconds = time.monotonic() - began
    versions = [notice["v"] for notice in heard(ear)]
    assert versions[-1] == ended.version
    assert versions == sorted(versions)
    assert 3 <= len(versions) <= 3 * math.ceil(seconds) + 2
    assert ended.version > 2 * len(versions)


def test_every_visible_change_raises_the_version(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 31), fails=[3])
    worker = workshop.worker()
    states = [workshop.look(operation)]
    workshop.hooks.chunk = lambda _references: states.append(workshop.look(operation))
    workshop.work(operation, worker)
    states.append(workshop.look(operation))
    workshop.do("retry", operation, code=None)
    states.append(workshop.look(operation))
    for before, after in itertools.pairwise(states):
        assert (before.version == after.version) == (before == after)


def test_the_last_chunks_of_paused_work_are_told_too(workshop: Workshop, ear: Connection) -> None:
    operation = workshop.start(MINT, range(1, 31))

    def pause(_references: list[int]) -> None:
        workshop.do("pause", operation)

    workshop.hooks.chunk = pause
    paused = workshop.work(operation, workshop.worker())
    assert (paused.status, paused.succeeded) == (Status.PAUSED, 10)
    assert heard(ear)[-1]["v"] == paused.version
