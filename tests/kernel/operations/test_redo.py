"""Beginning anew: an ended operation goes back to its first phase because what it works on has changed."""

from dataclasses import replace

import pytest

from tests.kernel.operations.toys import MINT
from tests.kernel.operations.workshop import Workshop
from tranche.kernel.errors import Conflict
from tranche.kernel.operations.domain import OperationNotFound, Status, WrongState
from tranche.kernel.operations.handlers import Handler, Registry
from tranche.kernel.operations.service import Operations


def with_redo(workshop: Workshop, *, refuses: bool = False) -> Operations:
    """The workshop's verbs, whose toy mint may begin anew."""

    def redo(*_: object) -> None:
        if refuses:
            raise Conflict("Not any more.")

    handlers: list[Handler] = [
        replace(handler, redo=redo) if handler.kind == MINT else handler for handler in workshop.registry
    ]
    return Operations(workshop.queue, Registry(handlers))


@pytest.mark.parametrize(("keeps", "counts"), [(True, (3, 3)), (False, (0, 0))])
def test_it_begins_anew_with_or_without_its_counts(workshop: Workshop, *, keeps: bool, counts: tuple[int, int]) -> None:
    operation_id = workshop.start(MINT, range(1, 4), color="red")
    ended = workshop.work(operation_id, workshop.worker())
    operations = with_redo(workshop)
    with workshop.database.transaction(workshop.ctx.organization_id) as conn:
        begun = operations.redo(
            conn, workshop.ctx, operation_id=operation_id, event="confirmed", payload={"batchId": 7}, keeps_counts=keeps
        )
    assert (begun.id, begun.uuid, begun.status) == (ended.id, ended.uuid, Status.PENDING)
    assert (begun.total, begun.succeeded, begun.finished_at, begun.summary) == (*counts, None, {})
    assert begun.payload == {"color": "red", "batchId": 7}
    assert begun.version > ended.version
    assert workshop.events(operation_id)[-1] == "confirmed"


def test_the_time_for_which_it_stood_ended_is_no_work(workshop: Workshop) -> None:
    operation_id = workshop.start(MINT, range(1, 4))
    workshop.work(operation_id, workshop.worker())
    workshop.owner.execute(
        "UPDATE operations SET created_at = now() - interval '90 minutes', finished_at = now() - interval '1 hour'"
    )
    with workshop.database.transaction(workshop.ctx.organization_id) as conn:
        with_redo(workshop).redo(
            conn, workshop.ctx, operation_id=operation_id, event="judged_again", payload={}, keeps_counts=False
        )
    assert workshop.look(operation_id).seconds is None
    seconds = workshop.work(operation_id, workshop.worker()).seconds
    assert seconds is not None
    assert round(seconds, -3) == 2_000  # half an hour before it ended, and hardly anything since


def test_it_is_refused_while_work_goes_on_and_where_the_kind_or_its_domain_does_not_allow_it(
    workshop: Workshop,
) -> None:
    operation_id = workshop.start(MINT, range(1, 4))

    def redo(operations: Operations, number: int) -> None:
        with workshop.database.transaction(workshop.ctx.organization_id) as conn:
            operations.redo(
                conn, workshop.ctx, operation_id=number, event="judged_again", payload={}, keeps_counts=True
            )

    with pytest.raises(WrongState, match="wait for its end"):
        redo(with_redo(workshop), operation_id)
    with pytest.raises(OperationNotFound):
        redo(with_redo(workshop), 999)
    ended = workshop.work(operation_id, workshop.worker())
    with pytest.raises(WrongState, match="cannot begin anew"):
        redo(workshop.operations, operation_id)
    with pytest.raises(Conflict, match="Not any more"):
        redo(with_redo(workshop, refuses=True), operation_id)
    assert workshop.look(operation_id) == ended
