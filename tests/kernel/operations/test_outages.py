"""The database goes away and comes back: no claim is stuck, no outcome forgotten, nothing done twice."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from tests.databases import DatabaseUrls
from tests.kernel.operations.toys import MAIL, MINT, PARTS
from tests.kernel.operations.workshop import BRISK, Worker, Workshop
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.errors import Unavailable
from tranche.kernel.operations.domain import Status
from tranche.kernel.operations.handlers import OutsideItem
from tranche.kernel.operations.runner import Runner


class Deaf(Database):
    """A database whose answer to the n-th commit is lost on the way."""

    def __init__(self, url: str, *, lost: int) -> None:
        super().__init__(url, size=2)
        self._left = lost

    @contextmanager
    def transaction(self, organization_id: int | None) -> Iterator[Connection]:
        with super().transaction(organization_id) as conn:
            yield conn
        self._left -= 1
        if self._left == 0:
            raise Unavailable("The answer was lost.")


class Absent(Database):
    """A database that is away for a while after each outside effect."""

    back_at = 0.0

    @contextmanager
    def transaction(self, organization_id: int | None) -> Iterator[Connection]:
        if time.monotonic() < self.back_at:
            raise Unavailable("Away.")
        with super().transaction(organization_id) as conn:
            yield conn


def test_an_outcome_outlives_a_database_that_is_away_for_a_moment(workshop: Workshop, app_url: str) -> None:
    absent = Absent(app_url, size=2)
    absent.open()
    worker_id = uuid4()
    runner = Runner(absent, workshop.queue, workshop.registry, worker_id=worker_id, pace=BRISK)
    worker = Worker(worker_id, runner, workshop.database)
    worker.beat()

    def go_away(_item: OutsideItem) -> None:
        absent.back_at = time.monotonic() + 0.5

    workshop.hooks.effect = go_away
    ended = workshop.work(workshop.start(MAIL, range(1, 4)), worker, slices=1)
    absent.close()
    assert (ended.status, ended.succeeded, ended.unknown) == (Status.COMPLETED, 3, 0)
    assert workshop.effects() == {f"mail-{n}": 1 for n in range(1, 4)}


@pytest.mark.parametrize("kind", [MINT, PARTS])
@pytest.mark.parametrize("lost", range(1, 13))
def test_the_lost_answer_to_any_commit_costs_nothing(workshop: Workshop, app_url: str, kind: str, lost: int) -> None:
    operation = workshop.start(kind, range(1, 26) if kind == MINT else ())
    deaf = Deaf(app_url, lost=lost)
    deaf.open()
    worker_id = uuid4()
    worker = Worker(
        worker_id,
        Runner(deaf, workshop.queue, workshop.registry, worker_id=worker_id, pace=BRISK),
        workshop.database,
    )
    worker.beat()
    for _ in range(3):
        workshop.slice(worker, operation)
        worker.runner.release_stuck()
    deaf.close()
    assert workshop.look(operation).status is Status.COMPLETED
    assert len(workshop.branches()) == (25 if kind == MINT else 6)
    assert workshop.claims(operation) == []
    assert workshop.is_sound()


def test_a_claim_left_while_the_database_was_away_is_given_back(
    workshop: Workshop, owner: Connection, database_urls: DatabaseUrls, app_url: str
) -> None:
    operation = workshop.begin(MINT, 10)
    pool = Database(app_url, size=2, timeout=0.2).open()
    worker_id = uuid4()
    runner = Runner(pool, workshop.queue, workshop.registry, worker_id=worker_id, pace=BRISK)
    worker = Worker(worker_id, runner, workshop.database)
    worker.beat()

    def go_away(_references: list[int]) -> None:
        with workshop.cutting():
            owner.execute(f"ALTER DATABASE {database_urls.name} CONNECTION LIMIT 0".encode())

    workshop.hooks.chunk = go_away
    workshop.slice(worker, operation)
    with pytest.raises(Unavailable):
        runner.release_stuck()
    workshop.hooks.chunk = lambda _references: None
    owner.execute(f"ALTER DATABASE {database_urls.name} CONNECTION LIMIT -1".encode())
    worker.beat()
    held = [claim["worker_id"] for claim in workshop.claims(operation)]
    assert held == [worker_id]
    ends = time.monotonic() + 10
    while workshop.claims(operation)[0]["worker_id"]:
        assert time.monotonic() < ends
        try:
            runner.release_stuck()
        except Unavailable:
            time.sleep(0.05)
    assert workshop.work(operation, workshop.worker()).succeeded == 10
    pool.close()
    assert workshop.is_sound()


def test_giving_back_leaves_alone_what_is_being_worked(workshop: Workshop) -> None:
    operation = workshop.begin(MINT, 10)
    worker = workshop.worker()
    worker.runner._in_doubt.add((workshop.ctx.organization_id, operation))
    workshop.hooks.chunk = lambda _references: worker.runner.release_stuck()
    assert workshop.work(operation, worker).succeeded == 10
    mail = workshop.start(MAIL, range(1, 4))
    worker.runner._in_doubt.add((workshop.ctx.organization_id, mail))

    def release(_item: OutsideItem) -> None:
        worker.runner.release_stuck()
        assert [(claim["worker_id"], claim["epoch"]) for claim in workshop.claims(mail)] == [(worker.id, 1)]

    workshop.hooks.effect = release
    assert workshop.work(mail, worker).succeeded == 3
