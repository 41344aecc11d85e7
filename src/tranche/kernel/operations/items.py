"""The Set phase over `operation_items`: judge into verdicts, commit from exactly these verdicts."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Claim, Counts, ItemStatus, Operation, Verdict
from tranche.kernel.operations.handlers import Following, Retried, following_stage
from tranche.kernel.operations.queries import blocks, items


class ItemPhase(ABC):
    """A RangePhase whose ledger is `operation_items`; a domain writes `judge` and `commit`.

    Both see two temp tables: `chunk(position, reference, label)`, and
    `verdicts(position, status, error_code, error, result)` in which every item stands as succeeded.
    """

    unit = "items"
    parallel = True
    first_size = 100
    most_size = 1_000

    def __init__(self, name: str, *, following: Following = None) -> None:
        """`following` is the stage that succeeded items go on to."""
        self.name = name
        self.following = following

    @abstractmethod
    def judge(self, conn: Connection, operation: Operation) -> None:
        """Mark in `verdicts` what fails or is skipped, and why; change nothing else."""

    @abstractmethod
    def commit(self, conn: Connection, operation: Operation) -> None:
        """Cause the effects of every item whose verdict is succeeded; `result` may be filled."""

    def seal(self, conn: Connection, operation: Operation) -> None:  # noqa: B027  # few phases have such an effect
        """Cause what must come last, because others wait for its locks; the ledger is written by then."""

    def measure(self, conn: Connection, operation: Operation) -> int:
        """How many items of the stage are to be worked."""
        return items.count_open_items(conn, operation_id=operation.id, stage=self.name)

    def next_high(self, conn: Connection, operation: Operation, *, low: int, size: int) -> int | None:
        """The position of the `size`-th pending item from `low` on."""
        blocks.lay_out(conn, operation_id=operation.id, stage=self.name, high=low + size - 1)
        high = items.find_next_high(conn, operation_id=operation.id, stage=self.name, low=low, size=size)
        first = blocks.find_first(conn, operation_id=operation.id, stage=self.name) if high is None else None
        if first is None:
            return high
        blocks.lay_out(conn, operation_id=operation.id, stage=self.name, high=first)
        return items.find_next_high(conn, operation_id=operation.id, stage=self.name, low=low, size=size)

    def run(self, conn: Connection, operation: Operation, claim: Claim) -> Counts:
        """Lock, judge, commit, record, seal."""
        items.create_chunk(conn, claim=claim)
        self.judge(conn, operation)
        self.commit(conn, operation)
        counts = items.apply_verdicts(conn, claim=claim, following=following_stage(self.following, operation))
        self.seal(conn, operation)
        return counts

    def park(self, conn: Connection, operation: Operation, *, position: int, code: str, message: str) -> Counts:
        """Fail one item."""
        parked = items.park_item(
            conn, operation_id=operation.id, stage=self.name, position=position, code=code, message=message
        )
        return Counts(failed=parked)


def collect_items(conn: Connection, *, operation_id: int, stage: str) -> int:
    """The rows of the TEMP table `wanted_references(reference, label)` become items; returns how many."""
    return items.insert_wanted(conn, operation_id=operation_id, stage=stage)


def try_items(conn: Connection) -> None:
    """The rows of the TEMP table `wanted_items(position, reference, label)` become `chunk` and `verdicts`.

    A preview is then the `judge` step alone, over everything at once.
    """
    items.create_trial_chunk(conn)


def find_verdict(conn: Connection, *, position: int) -> Verdict:
    """What was judged, and committed, of one position of `verdicts`."""
    return items.find_verdict(conn, position=position)


def retry_items(
    conn: Connection, operation: Operation, code: str | None, *, positions: Sequence[int] | None = None
) -> Retried:
    """The `retry` of kinds whose ledger is `operation_items`: failed stages only, all or by error code.

    With `positions` only what is unknown of these.
    """
    rows = items.reset_failed(conn, operation_id=operation.id, code=code, positions=positions)
    tally = dict.fromkeys((ItemStatus.FAILED, ItemStatus.UNKNOWN, ItemStatus.CANCELLED), 0)
    for row in rows:
        tally[ItemStatus(row["status"])] += row["count"]
    return Retried(
        phases=frozenset(row["stage"] for row in rows),
        failed=tally[ItemStatus.FAILED],
        unknown=tally[ItemStatus.UNKNOWN],
        cancelled=tally[ItemStatus.CANCELLED],
    )
