"""Log lines: text or JSON on stderr, and no data of a person in them."""

import json
import logging

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


def test_warnings_of_libraries_come_without_their_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs()
    logging.getLogger("psycopg.pool").warning("error connecting in %r: %s", "pool-1", "password=hunter2")
    logging.getLogger("httpx").info("GET http://127.0.0.1")
    said = capsys.readouterr().err
    assert "error connecting in" in said
    assert "library=psycopg" in said
    assert "hunter2" not in said
    assert "GET" not in said


def test_another_format_is_refused() -> None:
    with pytest.raises(Invalid, match="TRANCHE_LOG_FORMAT"):
        configure_logs(log_format="xml")
