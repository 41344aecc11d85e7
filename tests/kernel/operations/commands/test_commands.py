"""`tranche operations` against the running product."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kernel.web.sample import until
from tests.live import Live
from tests.shell import Ran, Shell
from tranche.kernel.client.output import ExitCode

ROOT = Path(__file__).parents[4]
HEADER = "orderId,customer,sku,quantity,unitPrice\n"
GOOD = HEADER + "A1,Bob,S-1,2,9.99\n"
MIXED = GOOD + "A2,Bob,S-1,x,9.99\n"
BAD = HEADER + "A2,Bob,S-1,x,9.99\n"


def upload(shell: Shell, text: str, *, name: str = "orders.csv") -> int:
    """Start an import and return its operation."""
    Path(name).write_text(text)
    ran = shell("orders", "upload", name, "--no-wait", "--json")
    assert ran.code == ExitCode.OK, ran.err
    return int(ran.json["operationId"])


@pytest.fixture
def idle(open_live: Callable[..., Live], make_shell: Callable[[Live], Shell]) -> tuple[Live, Shell]:
    """A house whose worker has not come yet."""
    live = open_live(working=False)
    return live, make_shell(live)


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [
        (GOOD, "completed", ExitCode.OK),
        (MIXED, "completed_with_errors", ExitCode.COMPLETED_WITH_ERRORS),
        (BAD, "failed", ExitCode.FAILURE),
    ],
    ids=["good", "mixed", "bad"],
)
def test_the_end_of_what_is_watched_is_the_exit_code(shell: Shell, text: str, status: str, code: ExitCode) -> None:
    number = upload(shell, text)
    ran = shell("operations", "watch", number, "--json")
    assert (ran.code, ran.json["status"], ran.json["id"]) == (code, status, number)
    again = shell("operations", "watch", number)
    assert (again.code, again.out.split()[:2]) == (code, ["Done", str(ran.json["succeeded"])])


def test_operations_are_listed_by_kind_and_status(shell: Shell) -> None:
    assert "There are no operations." in shell("operations", "list").err
    for name, text in (("a.csv", GOOD), ("b.csv", BAD)):
        shell("operations", "watch", upload(shell, text, name=name))
    rows = shell("operations", "list").table
    assert [(row["What"], row["Status"]) for row in rows] == [("b.csv", "failed"), ("a.csv", "completed")]
    assert {row["Started by"] for row in rows} == {"Ada Admin"}
    assert [row["What"] for row in shell("operations", "list", "--status", "failed").table] == ["b.csv"]
    assert len(shell("operations", "list", "--kind", "order_import").table) == 2
    refused = shell("operations", "list", "--kind", "nothing")
    assert refused.code == ExitCode.USAGE
    assert "--kind must be one of " in refused.err
    assert " order_import," in refused.err
    assert shell("operations", "list", "--status", "burnt").code == ExitCode.USAGE


def test_work_is_paused_and_resumed(idle: tuple[Live, Shell]) -> None:
    live, shell = idle
    number = upload(shell, GOOD)
    assert _status(shell("operations", "pause", number, "--json")) == "paused"
    assert shell("operations", "pause", number).err == f"Operation {number} is paused.\n"
    live.start_worker()
    assert _status(shell("operations", "resume", number, "--json")) == "pending"
    assert shell("operations", "watch", number).code == ExitCode.OK
    ended = shell("operations", "pause", number)
    assert ended.code == ExitCode.CONFLICT
    assert "only running work can be paused" in ended.err


def test_what_is_cancelled_ends_with_1_and_is_retried_to_its_end(idle: tuple[Live, Shell]) -> None:
    live, shell = idle
    number = upload(shell, GOOD)
    assert shell("operations", "cancel", number).err == f"Operation {number} is cancelling.\n"
    live.start_worker()
    cancelled = shell("operations", "watch", number, "--json")
    assert (cancelled.code, cancelled.json["status"]) == (ExitCode.FAILURE, "cancelled")
    assert shell("orders", "batches", 1, "--json").json["status"] == "failed"
    retried = shell("operations", "retry", number, "--wait", "--json")
    assert (retried.code, retried.json["status"]) == (ExitCode.OK, "completed")
    assert shell("orders", "batches", 1, "--json").json["successfulOrders"] == 1


def test_a_retry_of_nothing_is_a_conflict(shell: Shell) -> None:
    number = upload(shell, GOOD)
    shell("operations", "watch", number)
    assert shell("operations", "retry", number).code == ExitCode.CONFLICT
    named = shell("operations", "retry", number, "--code", "no_such")
    assert (named.code, "no_such" in named.err) == (ExitCode.CONFLICT, True)


def test_an_unknown_operation_is_not_found(shell: Shell) -> None:
    for verb in ("watch", "cancel", "pause", "resume", "retry"):
        ran = shell("operations", verb, 99)
        assert (ran.code, ran.err) == (ExitCode.NOT_FOUND, "Error: There is no operation with the id 99.\n"), verb


def test_ctrl_c_ends_the_watching_with_130_and_not_the_work(idle: tuple[Live, Shell]) -> None:
    live, shell = idle
    number = upload(shell, GOOD)
    command = [sys.executable, "-c", "from tranche.cli import main; main()", "operations", "watch", str(number)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: live.hub.open_streams(live.context.organization_id) == 1, seconds=20)
        process.send_signal(signal.SIGINT)
        try:
            _, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == ExitCode.INTERRUPTED
    assert f"tranche operations watch {number}" in err
    assert "Traceback" not in err
    live.start_worker()
    assert live.wait(number)["status"] == "completed"


def _status(ran: Ran) -> str:
    return str(ran.json["data"]["status"])
