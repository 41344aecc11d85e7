"""Log lines: text or JSON on stderr, and no data of a person in them."""

import json
import logging

import psycopg
import pytest
import structlog

from tranche.commands.logs import configure_logs
from tranche.kernel.errors import Invalid


def _fail(text: str) -> None:
    raise ValueError(text)


def _log_a_failure() -> None:
    try:
        _fail("Miller, 12 Main Street")
    except ValueError:
        structlog.get_logger().exception("import.failed", operation_id=7)


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_an_exception_is_logged_by_its_kind_and_place(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level=logging.INFO, log_format=log_format)
    _log_a_failure()
    said = capsys.readouterr()
    assert said.out == ""
    assert "ValueError" in said.err
    assert "test_logs.py:" in said.err
    assert "Miller" not in said.err


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(level=logging.INFO, log_format="json")
    structlog.get_logger().info("worker.started", slots=2)
    line = json.loads(capsys.readouterr().err)
    assert line["event"] == "worker.started"
    assert line["slots"] == 2
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_commands_are_quiet_unless_something_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    structlog.get_logger().info("hidden")
    structlog.get_logger().warning("shown")
    assert "hidden" not in (said := capsys.readouterr().err)
    assert "shown" in said


def test_warnings_of_libraries_say_what_happened_and_no_more_than_warnings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logs()
    pool = logging.getLogger("psycopg.pool")
    cause = psycopg.OperationalError('connection to server at "db", port 5432 failed: refused\n\tIs it running?')
    pool.warning("error connecting in %r: %s", "pool-1", cause)
    pool.warning("reconnection attempt in pool %r failed after %s sec", "pool-1", 5.0)
    logging.getLogger("httpx").info("GET http://127.0.0.1")
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "error connecting in 'pool-1': connection to server at \"db\", port 5432 failed: refused" in said[0]
    assert "library=psycopg" in said[0]
    assert "reconnection attempt in pool 'pool-1' failed after 5.0 sec" in said[1]


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://clerk:hunter2@db/x",
        "postgresql://clerk:hun/ter2@hunter2@db/x",
        "host=db password=hunter2",
        "dbname=x PASSWORD = 'hunt\\'er hunter2' host=db",
        "postgresql://db/x?password=hunter2&user=clerk",
    ],
)
def test_no_password_of_an_address_gets_into_a_line(capsys: pytest.CaptureFixture[str], text: str) -> None:
    configure_logs()
    logging.getLogger("psycopg.pool").warning("error connecting in %r: %s", "pool-1", psycopg.OperationalError(text))
    logging.getLogger("psycopg.pool").warning("%s", text)
    logging.getLogger("other").warning(text)
    said = capsys.readouterr().err
    assert said.count("***") == 3
    assert "hunter2" not in said


@pytest.mark.parametrize("library", ["psycopg", "asyncio", "other"])
def test_no_data_get_into_a_line_by_a_library(capsys: pytest.CaptureFixture[str], library: str) -> None:
    configure_logs()
    log = logging.getLogger(library)
    refused = psycopg.errors.UniqueViolation("INSERT INTO customers: Miller, 12 Main Street")
    log.warning("error ignored in rollback on %s: %s", object(), refused)
    log.warning("%(what)s went wrong", {"what": ["Miller", "INSERT"]})
    log.warning("%d of %c", refused, refused)
    log.warning(refused)
    said = capsys.readouterr().err
    assert said.count("\n") == 4
    assert "error ignored in rollback on object: UniqueViolation" in said
    assert "Miller" not in said
    assert "INSERT" not in said


def test_texts_that_an_unknown_library_logs_are_data(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    logging.getLogger("other").warning("%s has %d rows", "Miller", 7)
    assert "str has 7 rows" in capsys.readouterr().err


def test_another_format_is_refused() -> None:
    with pytest.raises(Invalid, match="TRANCHE_LOG_FORMAT"):
        configure_logs(log_format="xml")
