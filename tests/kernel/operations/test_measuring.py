"""The installation as Prometheus sees it: true, cheap, and without a name of anybody."""

from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from tests.commands.whole import fill
from tests.factories import Organization
from tranche.kernel.db.pool import Connection, Database
from tranche.kernel.operations.measuring import Installation


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def page(database: Database, clock: Clock) -> Callable[[], dict[str, float]]:
    """Scrapes: the value of every series."""
    registry = CollectorRegistry()
    registry.register(Installation(database, clock=clock))

    def scrape() -> dict[str, float]:
        lines = generate_latest(registry).decode().splitlines()
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}

    return scrape


def test_every_kind_of_figure_is_there_and_no_name(
    owner: Connection, organization: Callable[..., Organization], page: Callable[[], dict[str, float]], tmp_path: Path
) -> None:
    fill(owner, organization(name="Verysecret Ltd"), tmp_path)
    owner.execute("""
        INSERT INTO workers (id, host, pid, slots, version) VALUES (gen_random_uuid(), 'secrethost', 1, 3, '0.1');
        INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('general', 'slice', '{}');
        INSERT INTO doctor_reports (started_at, seconds, ok, checks) VALUES (now(), 1, true, '[]')
    """)
    found = page()
    assert found["tranche_database_up"] == 1
    assert found['tranche_queue_jobs{queue="general",status="todo"}'] == 1
    assert 0 <= found['tranche_queue_oldest_seconds{queue="general"}'] < 60
    assert (found['tranche_workers{version="0.1"}'], found["tranche_worker_slots"]) == (1, 3)
    assert 0 <= found["tranche_heartbeat_seconds"] < 60
    assert 0 <= found['tranche_snapshot_age_seconds{data_set="bill_stop"}'] < 60
    assert found["tranche_doctor_ok"] == 1
    assert found['tranche_operations{kind="order_invoices",status="completed_with_errors"}'] == 1
    assert found['tranche_operation_items{kind="order_invoices",outcome="failed"}'] == 1
    assert found['tranche_operation_items{kind="order_invoices",outcome="succeeded"}'] == 1
    assert found['tranche_messages{channel="sms",status="bounced"}'] == 1
    assert not any("ecret" in series for series in found)


def test_seconds_of_operations_are_those_of_their_work(
    owner: Connection, organization: Callable[..., Organization], page: Callable[[], dict[str, float]], tmp_path: Path
) -> None:
    fill(owner, organization(), tmp_path)
    owner.execute("""
        UPDATE operations SET started_at = now() - interval '1 hour', finished_at = now(), waited = '50 minutes'
        WHERE kind = 'order_invoices'
    """)
    assert page()['tranche_operation_seconds{kind="order_invoices",status="completed_with_errors"}'] == 600


def test_a_scrape_asks_the_database_only_now_and_then(
    owner: Connection, page: Callable[[], dict[str, float]], clock: Clock
) -> None:
    queue = 'tranche_queue_jobs{queue="general",status="todo"}'
    assert queue not in page()
    owner.execute("INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES ('general', 'slice', '{}')")
    clock.now = 9.0
    assert queue not in page()
    clock.now = 11.0
    assert page()[queue] == 1


def test_a_database_that_is_away_is_told_and_nothing_else(clock: Clock) -> None:
    away = Database("postgresql://tranche@127.0.0.1:9/none", timeout=0.2).open()
    try:
        registry = CollectorRegistry()
        registry.register(Installation(away, clock=clock))
        text = generate_latest(registry).decode()
        assert "tranche_database_up 0.0" in text
        assert "\ntranche_queue" not in text
    finally:
        away.close()
