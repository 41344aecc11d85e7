"""`tranche serve` and `tranche worker`: refusals at the start, and an orderly end."""

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.commands.processes import Command
from tests.databases import DatabaseUrls
from tests.kernel.db.servers import processes_of
from tranche import __version__
from tranche.kernel.db.pool import Connection

Start = Callable[..., Command]
_LISTENS = re.compile(r"listens on (http://\S+)")
_METRICS = re.compile(r"Metrics are at (http://\S+/metrics)")


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("worker",)])
def test_on_a_newer_schema_it_refuses_and_says_why(
    start: Start, owner: Connection, database_urls: DatabaseUrls, words: tuple[str, ...]
) -> None:
    owner.execute("INSERT INTO schema_migrations (name, checksum) VALUES ('9999_later', 'x')")
    command = start(*words, DATABASE_URL=database_urls.app)
    assert command.wait() == 6
    assert "migrated by a newer Tranche" in command.said()
    assert "9999_later" in command.said()
    assert "Traceback" not in command.said()


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("worker",)])
def test_as_the_owner_it_refuses_and_names_the_line_to_use(
    start: Start, database_urls: DatabaseUrls, words: tuple[str, ...]
) -> None:
    command = start(*words, DATABASE_URL=database_urls.owner)
    assert command.wait() == 5
    assert "DATABASE_URL=postgresql://tranche_app" in command.said()


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("worker",)])
def test_without_a_database_it_says_so_and_to_try_again(start: Start, words: tuple[str, ...]) -> None:
    command = start(*words, DATABASE_URL="postgresql://somebody:hunter2@127.0.0.1:1/nowhere")
    assert command.wait() == 75
    assert 'DATABASE_URL does not answer: connection to server at "127.0.0.1", port 1 failed: Con' in command.said()
    assert "refused" in command.said()
    assert "hunter2" not in command.said()
    assert "Traceback" not in command.said()


@pytest.mark.parametrize("words", [("up", "--port", "0"), ("serve", "--port", "0"), ("worker",)])
def test_a_mistyped_setting_is_told_and_no_reason_to_stop(start: Start, words: tuple[str, ...]) -> None:
    command = start(*words, DATABASE_URL="postgresql://127.0.0.1:1/nowhere", TRANCHE_WORKRES="4")
    assert command.wait() == 75
    assert "setting.unknown" in command.said()
    assert "name=TRANCHE_WORKRES" in command.said()
    assert "TRANCHE_WORKER_SLOTS is the nearest" in command.said()


def test_an_address_that_is_none_is_a_sentence(start: Start) -> None:
    command = start("worker", DATABASE_URL="postgresql://[nowhere")
    assert command.wait() == 2
    assert "DATABASE_URL" in command.said()
    assert "Traceback" not in command.said()


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("worker",)])
@pytest.mark.parametrize(
    "given",
    [
        {"TRANCHE_POOL_SIZE": "0"},
        {"TRANCHE_WORKER_SLOTS": "0"},
        {"TRANCHE_S3_ENDPOINT": "foo"},
        {"TRANCHE_ALERTS": "foo:bar"},
        {"TRANCHE_MAIL_FROM": "nobody"},
        {"TRANCHE_SMTP_URL": "http://x"},
        {"TRANCHE_SMTP_PASSWORD_FILE": "/nope", "TRANCHE_SMTP_URL": "smtp://x"},
    ],
    ids=lambda given: next(iter(given)) if isinstance(given, dict) else "",
)
def test_a_setting_that_cannot_be_is_refused_by_both(
    start: Start, database_urls: DatabaseUrls, words: tuple[str, ...], given: dict[str, str]
) -> None:
    command = start(*words, DATABASE_URL=database_urls.app, **given)
    assert command.wait() == 2
    assert next(iter(given)) in command.said()
    assert "Traceback" not in command.said()


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_both_end_in_order_by_a_signal(start: Start, database_urls: DatabaseUrls, sig: signal.Signals) -> None:
    server = start("serve", "--port", "0", DATABASE_URL=database_urls.app)
    worker = start("worker", DATABASE_URL=database_urls.app)
    assert httpx.get(f"{server.url()}/readyz").status_code == 200
    worker.until(lambda: "worker.started" in worker.said(), what="a worker")
    assert httpx.get(f"{server.url()}/readyz").json() == {"status": "ok", "worker": "alive"}
    assert server.end(sig)[0] == 0
    assert worker.end(sig)[0] == 0
    assert "worker.ended" in worker.said()


def test_readiness_says_whether_a_worker_lives_and_needs_one_only_where_that_is_set(
    start: Start, database_urls: DatabaseUrls
) -> None:
    calm = start("serve", "--port", "0", DATABASE_URL=database_urls.app)
    strict = start("serve", "--port", "0", DATABASE_URL=database_urls.app, TRANCHE_READY_NEEDS_WORKER="true")
    assert httpx.get(f"{calm.url()}/readyz").json() == {"status": "ok", "worker": "silent"}
    answer = httpx.get(f"{strict.url()}/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready_worker")
    assert httpx.get(f"{strict.url()}/livez").status_code == 200


def test_both_have_a_page_of_measures_on_a_port_of_its_own(start: Start, database_urls: DatabaseUrls) -> None:
    given = {"DATABASE_URL": database_urls.app, "TRANCHE_METRICS_PORT": "0"}
    server, worker = start("serve", "--port", "0", **given), start("worker", **given)
    worker.until(lambda: "worker.started" in worker.said(), what="a worker")
    client = httpx.Client(base_url=server.until(lambda: _LISTENS.search(server.said()), what="a server")[1])
    assert client.get("/readyz").status_code == 200
    assert client.get("/metrics").status_code == 404
    pages = {name: httpx.get(_METRICS.findall(one.said())[0]).text for name, one in (("s", server), ("w", worker))}
    assert 'tranche_http_requests_total{method="GET",route="/readyz",status="200"} 1.0' in pages["s"]
    for page in pages.values():
        assert "tranche_database_up 1.0" in page
        assert f'tranche_workers{{version="{__version__}"}} 1.0' in page
    taken = start("worker", **{**given, "TRANCHE_METRICS_PORT": _METRICS.findall(worker.said())[0].split(":")[2][:-8]})
    assert taken.wait() == 6
    assert "Choose another one by TRANCHE_METRICS_PORT" in taken.said()


def test_server_and_worker_share_the_embedded_database_and_the_last_one_out_stops_it(start: Start, home: Path) -> None:
    assert start("migrate").wait() == 0
    server, worker = start("serve", "--port", "0"), start("worker")
    server.url()
    worker.until(lambda: "worker.started" in worker.said(), what="a worker")
    assert server.end()[0] == 0
    assert processes_of(home)
    assert worker.end()[0] == 0
    assert processes_of(home) == []


def test_a_worker_process_runs_a_schedule_that_fell_due_while_nothing_ran(
    start: Start, owner: Connection, database_urls: DatabaseUrls
) -> None:
    owner.execute(
        "INSERT INTO installation_schedules (name, kind, cron, zone, next_at) "
        "VALUES ('retention', 'retention', '20 3 * * *', 'UTC', now() - interval '3 days')"
    )
    worker = start("worker", DATABASE_URL=database_urls.app)

    def ended() -> bool:
        rows = owner.execute("SELECT status FROM installation_schedule_runs").fetchall()
        return [row["status"] for row in rows] == ["succeeded"]

    worker.until(lambda: ended() or None, what="a run")
    assert worker.end()[0] == 0
    assert (
        owner.execute("SELECT FROM installation_schedules WHERE name = 'retention' AND next_at > now()").rowcount == 1
    )


def test_a_worker_killed_in_a_run_leaves_a_failed_run_and_another_one_goes_on(
    start: Start, owner: Connection, database_urls: DatabaseUrls
) -> None:
    owner.execute("""
        WITH made AS (
            INSERT INTO installation_schedules (name, kind, cron, zone, next_at, edited_by, edited_at)
            VALUES ('retention', 'retention', '* * * * *', 'UTC', now() - interval '1 hour', 'the test', now())
            RETURNING id
        )
        INSERT INTO installation_schedule_runs (schedule_id, planned_at, status, finished_at)
        SELECT id, now() - interval '200 days', 'succeeded', now() FROM made
    """)
    environment = {"TRANCHE_HEARTBEAT_SECONDS": "0.5", "TRANCHE_DEAD_AFTER_SECONDS": "3"}
    first = start("worker", DATABASE_URL=database_urls.app, **environment)

    def caught_up() -> str:
        row = owner.execute(
            "SELECT status FROM installation_schedule_runs WHERE planned_at > now() - interval '2 hours' "
            "ORDER BY planned_at LIMIT 1"
        ).fetchone()
        return row["status"] if row else ""

    with owner.transaction():
        # The run wants to delete this row and must wait for us.
        owner.execute("SELECT FROM installation_schedule_runs WHERE status = 'succeeded' FOR UPDATE")
        first.until(lambda: caught_up() == "running" or None, what="a run under way")
        first.end(signal.SIGKILL)
    second = start("worker", DATABASE_URL=database_urls.app, **environment)
    second.until(lambda: caught_up() == "failed" or None, what="an end of the run", seconds=20)
    owner.execute("UPDATE installation_schedules SET next_at = now() WHERE name = 'retention'")
    later = "SELECT FROM installation_schedule_runs WHERE status = 'succeeded' AND worker_id IS NOT NULL"
    second.until(lambda: owner.execute(later).rowcount or None, what="a run that succeeds", seconds=20)


def _crew(server: Command) -> list[int]:
    """The processes that answer; the one that was started only watches them."""
    pid = server.process.pid
    return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _answers(url: str) -> bool:
    try:
        httpx.get(f"{url}/livez")
    except httpx.ConnectError:
        return False
    return True


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_several_processes_answer_on_one_address_and_end_together(
    start: Start, database_urls: DatabaseUrls, sig: signal.Signals
) -> None:
    server = start("serve", "--port", "0", "--processes", "2", DATABASE_URL=database_urls.app)
    url = server.url()
    assert server.said().count("Tranche listens on") == 1
    crew = _crew(server)
    assert len(crew) == 2
    with httpx.Client() as one, httpx.Client() as other:
        assert [line.get(f"{url}/readyz").status_code for line in (one, other)] == [200, 200]
    assert server.end(sig)[0] == 0
    assert not [pid for pid in crew if Path(f"/proc/{pid}").exists()]


def test_a_crew_ends_when_one_of_it_is_lost_and_says_so(start: Start, database_urls: DatabaseUrls) -> None:
    server = start("serve", "--port", "0", "--processes", "2", DATABASE_URL=database_urls.app)
    server.url()
    os.kill(_crew(server)[0], signal.SIGKILL)
    assert server.wait() == 75
    assert "A server process ended by itself" in server.said()


def test_a_crew_ends_with_the_process_that_watches_it(start: Start, database_urls: DatabaseUrls) -> None:
    server = start("serve", "--port", "0", "--processes", "2", DATABASE_URL=database_urls.app)
    url = server.url()
    crew = _crew(server)
    server.process.kill()
    server.wait()
    ends = time.monotonic() + 20
    while [pid for pid in crew if Path(f"/proc/{pid}").exists()] or _answers(url):
        assert time.monotonic() < ends, server.said()
        time.sleep(0.05)


def test_a_crew_that_cannot_start_says_why(start: Start, database_urls: DatabaseUrls) -> None:
    server = start(
        "serve", "--port", "0", "--processes", "2", DATABASE_URL=database_urls.app, TRANCHE_HOME="/proc/nowhere"
    )
    assert server.wait() != 0
    assert "Traceback" not in server.said()
    assert "Tranche listens on" not in server.said()
