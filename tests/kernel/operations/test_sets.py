"""Set phases: judged, then committed, exactly once, with counters that equal the rows."""

from tests.kernel.operations.toys import MINT, STAMP
from tests.kernel.operations.workshop import Workshop
from tranche.kernel.operations.domain import Status


def test_an_operation_starts_works_and_ends(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 36))
    assert (workshop.look(operation).status, workshop.look(operation).pending) == (Status.PENDING, 35)
    ended = workshop.work(operation, workshop.worker())
    assert (ended.status, ended.succeeded, ended.pending) == (Status.COMPLETED, 35, 0)
    assert workshop.branches() == [f"mint {n}" for n in range(1, 36)]
    assert workshop.events(operation) == ["created", "started", "completed"]
    assert ended.started_at is not None
    assert ended.finished_at is not None
    assert workshop.hooks.ends == [Status.COMPLETED]
    assert workshop.is_sound()


def test_nothing_to_do_is_completed(workshop: Workshop) -> None:
    assert workshop.work(workshop.start(MINT), workshop.worker()).status is Status.COMPLETED


def test_what_is_judged_bad_fails_and_the_rest_succeeds(workshop: Workshop) -> None:
    operation = workshop.start(MINT, range(1, 31), fails=[3, 14], skips=[20])
    ended = workshop.work(operation, workshop.worker())
    assert ended.status is Status.COMPLETED_WITH_ERRORS
    assert (ended.succeeded, ended.failed, ended.skipped) == (27, 2, 1)
    states = workshop.states(operation)
    assert (states["failed"], states["skipped"]) == ([3, 14], [20])
    assert not {"mint 3", "mint 14", "mint 20"} & set(workshop.branches())
    failed = workshop.items(operation)[2]
    assert (failed.error_code, failed.error, failed.attempts) == ("odd", "It was to be so.", 1)
    assert workshop.is_sound()


def test_no_success_and_a_failure_is_failed_with_a_reason(workshop: Workshop) -> None:
    ended = workshop.work(workshop.start(MINT, [1, 2], fails=[1, 2]), workshop.worker())
    assert (ended.status, ended.error_code) == (Status.FAILED, "all_failed")
    assert ended.error == "None of 2 succeeded; each says why, such as: It was to be so."
    assert workshop.is_sound()


def test_only_what_succeeded_goes_on_to_the_next_stage(workshop: Workshop) -> None:
    operation = workshop.start(STAMP, range(1, 26), fails=[5], skips=[7])
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.failed, ended.skipped) == (23, 1, 1)
    states = workshop.states(operation)
    assert len(states["mint succeeded"]) == len(states["stamp succeeded"]) == 23
    assert "stamp 5" not in workshop.branches()
    assert workshop.is_sound()


def test_counters_equal_the_rows_after_every_chunk(workshop: Workshop) -> None:
    operation = workshop.start(STAMP, range(1, 41), fails=[2, 33], skips=[11])
    seen: list[int] = []

    def look(_references: list[int]) -> None:
        assert workshop.is_sound()
        seen.append(workshop.look(operation).pending)

    workshop.hooks.chunk = look
    ended = workshop.work(operation, workshop.worker())
    assert ended.pending == 0
    assert seen == sorted(seen, reverse=True)
    assert len(seen) > 4
