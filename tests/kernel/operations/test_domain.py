"""The pure rules of operations."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tranche.kernel.operations.domain import Operation, Status, adapted_size, final_status, pieces
from tranche.kernel.operations.handlers import Fatal, Handler, Registry


def operation(**changes: Any) -> Operation:
    values: dict[str, Any] = {
        "organization_id": 1,
        "id": 1,
        "uuid": UUID(int=0),
        "kind": "x",
        "label": "",
        "status": Status.PROCESSING,
        "priority": 0,
        "phase": "x",
        "next_position": 1,
        "chunk_size": 1,
        "phase_done": 0,
        "phase_total": None,
        "total": 10,
        "version": 1,
        "payload": {},
        "summary": {},
        "steps": {},
        "failed_before": 0,
        "waited": timedelta(),
        "created_by_name": "",
        "created_at": datetime.now(UTC),
        "updated_at": datetime.now(UTC),
        "is_stalled": False,
    }
    counters = dict.fromkeys(("succeeded", "failed", "skipped", "cancelled", "unknown"), 0)
    missing = dict.fromkeys(("phase_started_at", "error_code", "error", "created_by", "started_at", "finished_at"))
    return Operation(**{**values, **counters, **missing, **changes})


@given(st.integers(1, 10**9), st.integers(1, 10**6))
def test_pieces_cover_the_range_without_gap_or_overlap(low: int, size: int) -> None:
    parts = pieces(low, low + size - 1)
    assert parts[0][0] == low
    assert parts[-1][1] == low + size - 1
    assert all(before[1] + 1 == after[0] for before, after in itertools.pairwise(parts))
    assert len(parts) <= 32
    assert len(parts) >= min(size, 17)


@given(st.integers(1, 20_000), st.floats(0, 1_000), st.integers(0, 20_000), st.integers(1, 20_000))
def test_a_chunk_at_most_doubles_or_halves_within_its_limits(size: int, seconds: float, first: int, most: int) -> None:
    adapted = adapted_size(size, seconds=seconds, wanted_seconds=1.0, bounds=(first, most))
    assert 1 <= adapted <= most
    assert min(most, max(1, size // 2)) <= adapted <= size * 2


def test_a_chunk_comes_close_to_the_wanted_time() -> None:
    assert adapted_size(100, seconds=1.25, wanted_seconds=1.0, bounds=(4, 1_000)) == 80
    assert adapted_size(100, seconds=0.0, wanted_seconds=1.0, bounds=(4, 1_000)) == 200
    assert adapted_size(100, seconds=60.0, wanted_seconds=1.0, bounds=(4, 1_000)) == 50


def test_chunks_do_not_shrink_to_nothing_where_every_statement_is_slow_to_answer() -> None:
    """A database far away: 2 s for the statements of a chunk, however few positions it has, and 1 ms for each."""
    size = 200
    for _ in range(20):
        size = adapted_size(size, seconds=2 + size / 1_000, wanted_seconds=1.0, bounds=(200, 2_500))
    assert size == 50


def test_chunks_shrink_to_single_positions_where_each_takes_long() -> None:
    size = 200
    for _ in range(20):
        size = adapted_size(size, seconds=15 * size, wanted_seconds=1.0, bounds=(200, 2_500))
    assert size == 1


@pytest.mark.parametrize(
    ("counters", "status"),
    [
        ({}, Status.COMPLETED),
        ({"succeeded": 10}, Status.COMPLETED),
        ({"skipped": 10}, Status.COMPLETED),
        ({"succeeded": 9, "failed": 1}, Status.COMPLETED_WITH_ERRORS),
        ({"succeeded": 9, "unknown": 1}, Status.COMPLETED_WITH_ERRORS),
        ({"skipped": 9, "failed": 1}, Status.COMPLETED_WITH_ERRORS),
        ({"failed": 10}, Status.FAILED),
        ({"failed": 9, "unknown": 1}, Status.FAILED),
        ({"succeeded": 9, "cancelled": 1}, Status.CANCELLED),
    ],
)
def test_what_an_operation_becomes(counters: dict[str, int], status: Status) -> None:
    assert final_status(operation(**counters)) is status


def test_what_a_stage_has_made_and_that_stays_is_no_failure() -> None:
    lost = operation(failed=9, unknown=1)
    assert final_status(lost, has_lasting=True) is Status.COMPLETED_WITH_ERRORS
    assert replace(lost, status=Status.COMPLETED_WITH_ERRORS).is_half_done
    assert final_status(operation(succeeded=9, cancelled=1), has_lasting=True) is Status.CANCELLED
    assert final_status(operation(succeeded=10), has_lasting=True) is Status.COMPLETED


def test_two_handlers_of_one_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="same kind"):
        Registry([Handler(kind="x", phases=()), Handler(kind="x", phases=())])


def test_a_phase_of_another_release_is_a_fatal_fault_with_a_sentence() -> None:
    with pytest.raises(Fatal, match="does not know the phase 'y' of x"):
        Handler(kind="x", phases=()).phase("y")
