"""Counters of an ended operation that change afterwards."""

import pytest

from tests.kernel.operations.toys import MINT
from tests.kernel.operations.workshop import Workshop
from tranche.kernel.operations import recounting
from tranche.kernel.operations.domain import Counts, Operation, OperationNotFound
from tranche.kernel.operations.service import lock_operation


def recount(workshop: Workshop, operation_id: int, *, total: int = 0, cancelled: int = 0, **counts: int) -> Operation:
    with workshop.database.transaction(workshop.ctx.organization_id) as conn:
        before = lock_operation(conn, operation_id=operation_id)
        return recounting.recount(
            conn, workshop.ctx, operation=before, total=total, cancelled=cancelled, changed=Counts(**counts)
        )


def test_the_last_failure_that_is_righted_completes_the_operation_and_leaves_when_it_ended(workshop: Workshop) -> None:
    operation = workshop.start(MINT, [1, 2, 3], fails=[1, 2])
    workshop.work(operation, workshop.worker())
    ended = workshop.look(operation)
    found = recount(workshop, operation, succeeded=1, failed=-1)
    assert (found.status, found.succeeded, found.failed) == ("completed_with_errors", 2, 1)
    found = recount(workshop, operation, skipped=1, failed=-1)
    assert (found.status, found.skipped, found.failed) == ("completed", 1, 0)
    assert found.finished_at == ended.finished_at
    assert found.version > ended.version


def test_an_operation_of_which_nothing_succeeded_is_no_longer_failed(workshop: Workshop) -> None:
    operation = workshop.start(MINT, [1, 2], fails=[1, 2])
    workshop.work(operation, workshop.worker())
    assert workshop.look(operation).status == "failed"
    found = recount(workshop, operation, total=1, failed=1)
    assert (found.status, found.error) == ("failed", "None of 3 succeeded; each says why, such as: It was to be so.")
    found = recount(workshop, operation, succeeded=1, failed=-1)
    assert (found.status, found.error, found.error_code) == ("completed_with_errors", None, None)


def test_an_unknown_operation_is_not_found(workshop: Workshop) -> None:
    with pytest.raises(OperationNotFound):
        recount(workshop, 999)
