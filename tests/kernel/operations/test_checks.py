"""What the doctor must catch: each check is shown a tampered ledger, and a sound one."""

import pytest

from tests.kernel.operations.toys import MAIL, MINT, STAMP, kill
from tests.kernel.operations.workshop import STEPWISE, Workshop
from tranche.kernel.operations.checks import CHECKS

COUNTERS, ENDED, BEHIND = (check.name for check in CHECKS)


def hits(workshop: Workshop) -> dict[str, list[str]]:
    """The details by check."""
    found: dict[str, list[str]] = {}
    for check in CHECKS:
        rows = workshop.owner.execute(check.sql.encode()).fetchall()
        assert all(row["organization_id"] == workshop.ctx.organization_id for row in rows)
        if rows:
            found[check.name] = [row["detail"] for row in rows]
    return found


def ended(workshop: Workshop) -> int:
    operation = workshop.start(STAMP, range(1, 21), fails=[2, 3], skips=[4])
    workshop.work(operation, workshop.worker())
    return operation


def running(workshop: Workshop) -> int:
    operation = workshop.start(MINT, range(1, 31))
    worker = workshop.worker(pace=STEPWISE)
    for _ in range(2):
        workshop.slice(worker, operation)
    return operation


def test_sound_operations_in_every_state_have_no_hits(workshop: Workshop) -> None:
    ended(workshop)
    running(workshop)
    workshop.start(MINT, [1])
    assert hits(workshop) == {}
    workshop.owner.execute("DELETE FROM branches WHERE NOT is_default")
    workshop.do("pause", running(workshop))
    mail = workshop.start(MAIL, range(1, 9))
    workshop.hooks.effect = kill
    workshop.slice(workshop.worker(), mail)
    assert workshop.states(mail)["processing"] == [1]
    assert hits(workshop) == {}


@pytest.mark.parametrize(
    "change",
    [
        "succeeded = succeeded - 1",
        "failed = failed + 1, succeeded = succeeded - 1",
        "total = total + 1",
        "skipped = 0",
        "unknown = 1, skipped = 0",
        "cancelled = 1, failed = 1",
    ],
)
def test_a_counter_that_differs_from_the_items_is_caught(workshop: Workshop, change: str) -> None:
    operation = ended(workshop)
    workshop.owner.execute(f"UPDATE operations SET {change}".encode())
    found = hits(workshop)
    assert list(found) == [COUNTERS]
    assert f"operation {operation} says total" in found[COUNTERS][0]
    assert "its items say total 20, succeeded 17, failed 2, skipped 1, cancelled 0, unknown 0" in found[COUNTERS][0]


def test_an_item_that_differs_from_the_counters_is_caught(workshop: Workshop) -> None:
    ended(workshop)
    workshop.owner.execute("UPDATE operation_items SET status = 'skipped' WHERE position = 7 AND stage = 'stamp'")
    assert list(hits(workshop)) == [COUNTERS]


def test_an_item_that_is_gone_is_caught(workshop: Workshop) -> None:
    ended(workshop)
    workshop.owner.execute("DELETE FROM operation_items WHERE position = 7")
    assert list(hits(workshop)) == [COUNTERS]


@pytest.mark.parametrize("status", ["cancelled", "completed", "completed_with_errors", "failed"])
def test_an_ended_operation_with_an_open_item_is_caught(workshop: Workshop, status: str) -> None:
    operation = running(workshop)
    workshop.owner.execute(
        "UPDATE operations SET status = %(status)s, finished_at = now(), error = 'x'", {"status": status}
    )
    assert hits(workshop) == {ENDED: [f"operation {operation} is {status}; open items: 20, claims: 0"]}


def test_an_ended_operation_with_a_claim_is_caught(workshop: Workshop) -> None:
    operation = ended(workshop)
    workshop.owner.execute(
        "INSERT INTO operation_claims (organization_id, operation_id, phase, low, high) "
        "VALUES (%(organization)s, %(operation)s, 'stamp', 1, 1)",
        {"organization": workshop.ctx.organization_id, "operation": operation},
    )
    assert hits(workshop) == {ENDED: [f"operation {operation} is completed_with_errors; open items: 0, claims: 1"]}


def test_an_item_that_nobody_will_come_back_to_is_caught(workshop: Workshop) -> None:
    operation = running(workshop)
    workshop.owner.execute("UPDATE operations SET next_position = 12")
    assert hits(workshop) == {
        BEHIND: [f"operation {operation}: item 11 of mint is pending, and nobody will come back to it"]
    }


def test_a_leased_item_whose_claim_is_gone_is_caught(workshop: Workshop) -> None:
    operation = workshop.start(MAIL, range(1, 9))
    workshop.hooks.effect = kill
    workshop.slice(workshop.worker(), operation)
    workshop.owner.execute("DELETE FROM operation_claims")
    details = hits(workshop)[BEHIND]
    assert f"operation {operation}: item 1 of mail is processing, and nobody will come back to it" in details
