"""Work that is frozen in blocks: every position is there to be seen and counted, and becomes an item in time."""

from tests.kernel.operations.toys import MINT
from tests.kernel.operations.workshop import STEPWISE, Workshop
from tests.plans import explain
from tranche.kernel.operations import service
from tranche.kernel.operations.domain import Item, Status
from tranche.kernel.operations.queries import blocks

MANY = 2 * blocks.BLOCK + 100


def freeze(workshop: Workshop, count: int = MANY, **payload: object) -> int:
    """An operation over `count` branches, frozen in blocks."""
    with workshop.database.transaction(workshop.ctx.organization_id) as conn:
        conn.execute(
            "CREATE TEMP TABLE wanted_items ON COMMIT DROP AS "
            "SELECT n AS position, n + 7000 AS reference, 'No ' || n AS label FROM generate_series(1, %s::bigint) n",
            [count],
        )
        return workshop.operations.start(
            conn, workshop.ctx, kind=MINT, label="toy", payload=dict(payload), wanted=count, gradual=True
        ).id


def laid(workshop: Workshop) -> int:
    """How many positions are items."""
    return int(workshop.owner.execute("SELECT count(*) AS count FROM operation_items").fetchall()[0]["count"])


def listed(workshop: Workshop, operation_id: int, *, after: int, status: str | None = None) -> list[Item]:
    with workshop.database.transaction(workshop.ctx.organization_id) as conn:
        return service.list_items(
            conn,
            operation_id=operation_id,
            statuses=[status] if status else None,
            code=None,
            after=(after + 1, ""),
            limit=3,
        )


def test_only_what_is_near_is_written_and_all_of_it_is_seen(workshop: Workshop) -> None:
    operation = freeze(workshop)
    assert laid(workshop) == blocks.BLOCK
    assert workshop.look(operation).pending == MANY
    seen = listed(workshop, operation, after=MANY - 2)
    assert [(item.position, item.reference, item.label, item.status) for item in seen] == [
        (n, n + 7000, f"No {n}", "pending") for n in (MANY - 1, MANY)
    ]
    across = listed(workshop, operation, after=blocks.BLOCK - 1, status="pending")
    assert [item.position for item in across] == [blocks.BLOCK, blocks.BLOCK + 1, blocks.BLOCK + 2]
    assert listed(workshop, operation, after=blocks.BLOCK, status="failed") == []
    assert workshop.is_sound()


def test_everything_is_worked_once_and_in_order(workshop: Workshop) -> None:
    operation = freeze(workshop, fails=[7001, 7000 + MANY])
    ended = workshop.work(operation, workshop.worker(), workshop.worker())
    assert (ended.status, ended.succeeded, ended.failed) == (Status.COMPLETED_WITH_ERRORS, MANY - 2, 2)
    assert sorted(workshop.branches()) == sorted(f"mint {n + 7000}" for n in range(2, MANY))
    assert laid(workshop) == MANY
    assert workshop.is_sound()


def test_the_ledger_is_sound_while_it_is_laid_out(workshop: Workshop) -> None:
    operation = freeze(workshop)
    worker = workshop.worker(pace=STEPWISE)
    sizes = set()
    while not workshop.look(operation).status.is_terminal:
        workshop.slice(worker, operation)
        assert workshop.is_sound()
        sizes.add(laid(workshop))
    assert sizes == {blocks.BLOCK, 2 * blocks.BLOCK, MANY}


def test_what_is_cancelled_is_cancelled_to_the_last_position_and_can_be_taken_up(workshop: Workshop) -> None:
    operation = freeze(workshop)
    worker = workshop.worker(pace=STEPWISE)
    for _ in range(3):
        workshop.slice(worker, operation)
    done = workshop.look(operation).succeeded
    workshop.do("cancel", operation)
    ended = workshop.work(operation, workshop.worker())
    assert done > 0
    assert (ended.status, ended.succeeded, ended.cancelled) == (Status.CANCELLED, done, MANY - done)
    assert laid(workshop) == MANY
    assert workshop.is_sound()
    workshop.do("retry", operation, code=None)
    assert workshop.work(operation, workshop.worker()).succeeded == MANY
    assert len(set(workshop.branches())) == MANY
    assert workshop.is_sound()


def test_a_phase_that_begins_anew_finds_blocks_that_lie_far_ahead(workshop: Workshop) -> None:
    operation = freeze(workshop)
    workshop.slice(workshop.worker(pace=STEPWISE), operation)
    workshop.owner.execute("DELETE FROM operation_claims")
    workshop.owner.execute("UPDATE operation_items SET status = 'skipped'")
    workshop.owner.execute("UPDATE operations SET next_position = 1, succeeded = 0, skipped = %s", [blocks.BLOCK])
    ended = workshop.work(operation, workshop.worker())
    assert (ended.succeeded, ended.skipped) == (MANY - blocks.BLOCK, blocks.BLOCK)
    assert workshop.is_sound()


def test_the_next_blocks_are_found_by_their_key(workshop: Workshop) -> None:
    operation = freeze(workshop)
    workshop.owner.execute(
        "INSERT INTO operation_blocks (organization_id, operation_id, stage, first, refs, labels) "
        "SELECT organization_id, operation_id, 'other', n * 2500 + 1, '{1}', '{x}' "
        "FROM operation_blocks, generate_series(1, 2000) AS n WHERE first = 2501"
    )
    workshop.owner.execute("VACUUM ANALYZE operation_blocks")
    with workshop.database.transaction(workshop.ctx.organization_id) as conn:
        used = explain(conn, lambda conn: blocks.find_first(conn, operation_id=operation, stage="mint")).scans(
            "operation_blocks"
        )
    assert used == {"operation_blocks_pkey"}
