"""Toy kinds of operation, one of each sort, whose effects can be counted and made to fail at will."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Counts, ItemStatus, Operation, Status
from tranche.kernel.operations.handlers import (
    Fatal,
    Following,
    Group,
    Handler,
    Outcome,
    OutsideItem,
    Registry,
    Restart,
    Stopped,
    StreamWork,
)
from tranche.kernel.operations.items import ItemPhase, retry_items

MINT, STAMP, INSURE, FILES, MAIL, RELAY, PARTS, LETTERS = (
    "toy_mint",
    "toy_stamp",
    "toy_insure",
    "toy_files",
    "toy_mail",
    "toy_relay",
    "toy_parts",
    "toy_letters",
)


class Killed(SystemExit):
    """Ends a worker in the middle, as kill -9 does: nobody in the engine may stop it."""


class Panic(BaseException):
    """What compiled code raises when it breaks; `except Exception` does not see it."""


@dataclass
class Hooks:
    """What a test wants to happen, where: each is called at its place and may raise."""

    chunk: Callable[[list[int]], None] = lambda _references: None
    effect: Callable[[OutsideItem], Outcome | None] = lambda _item: None
    part: Callable[[int], None] = lambda _part: None
    between: Callable[[int], None] = lambda _part: None
    measure: Callable[[], None] = lambda: None
    park: Callable[[], None] = lambda: None
    finished: Callable[[Operation, Status], None] = lambda _operation, _status: None
    note: Callable[[Connection], None] = lambda _conn: None
    ends: list[Status] = field(default_factory=list)
    groups: list[list[int]] = field(default_factory=list)
    lost: list[list[int]] = field(default_factory=list)


class BranchPhase(ItemPhase):
    """Set: a branch for every item, whose unique name shows what is done twice.

    The payload's `fails` and `skips` name references that are judged so.
    """

    first_size = 10
    most_size = 100

    def __init__(self, name: str, hooks: Hooks, *, following: str | None = None, parallel: bool = True) -> None:
        super().__init__(name, following=following)
        self.parallel = parallel
        self._hooks = hooks

    def measure(self, conn: Connection, operation: Operation) -> int:
        self._hooks.measure()
        return super().measure(conn, operation)

    def judge(self, conn: Connection, operation: Operation) -> None:
        conn.execute(
            """
            UPDATE verdicts v SET
                status = CASE WHEN c.reference = ANY(%(fails)s) THEN 'failed' ELSE 'skipped' END,
                error_code = CASE WHEN c.reference %% 2 = 0 THEN 'even' ELSE 'odd' END,
                error = 'It was to be so.'
            FROM chunk c
            WHERE c.position = v.position AND c.reference = ANY(%(fails)s::bigint[] || %(skips)s::bigint[])
            """,
            {"fails": operation.payload.get("fails", []), "skips": operation.payload.get("skips", [])},
        )

    def commit(self, conn: Connection, operation: Operation) -> None:
        del operation
        rows = conn.execute("SELECT reference FROM chunk ORDER BY position").fetchall()
        self._hooks.chunk([row["reference"] for row in rows])
        conn.execute(
            """
            INSERT INTO branches (organization_id, name)
            SELECT current_organization(), %(stage)s || ' ' || c.reference
            FROM chunk c JOIN verdicts v ON v.position = c.position AND v.status = 'succeeded'
            ORDER BY c.position
            """,
            {"stage": self.name},
        )

    def park(self, conn: Connection, operation: Operation, *, position: int, code: str, message: str) -> Counts:
        self._hooks.park()
        return super().park(conn, operation, position=position, code=code, message=message)


class EffectPhase:
    """Outside: a line in a file of the item's own for every time that the effect happens."""

    unit = "files"
    parallel = True
    batch = 4

    def __init__(
        self, name: str, folder: Path, hooks: Hooks, *, repeatable: bool, following: str | None = None
    ) -> None:
        self.name = name
        self.repeatable = repeatable
        self.following: Following = following
        self.lease_seconds = 30.0
        self._folder = folder
        self._hooks = hooks

    def perform(self, operation: Operation, item: OutsideItem) -> Outcome:
        del operation
        outcome = self._hooks.effect(item)
        if outcome is not None:
            return outcome
        with (self._folder / f"{self.name}-{item.reference}").open("a") as file:
            file.write("done\n")
        return Outcome(status=ItemStatus.SUCCEEDED, result={"provider": f"id {item.reference}"})


class LettersPhase:
    """Outside, up to 4 together: the hooks are asked for each item, and `noted` has what the domain wrote down.

    An effect that answers with a pause of `put_off` was never begun, and neither is what lies behind it.
    """

    name = "letter"
    unit = "letters"
    parallel = True
    batch = 8
    following: Following = None
    lease_seconds = 30.0
    repeatable = False
    most_at_once = 4

    def __init__(self, folder: Path, hooks: Hooks) -> None:
        self._folder = folder
        self._hooks = hooks

    def lose(self, conn: Connection, operation: Operation, positions: Sequence[int]) -> None:
        del conn, operation
        self._hooks.lost.append(list(positions))

    def perform_all(self, operation: Operation, items: Sequence[OutsideItem], *, is_over: Callable[[], bool]) -> Group:
        del operation
        outcomes: dict[int, Outcome] = {}
        self._hooks.groups.append([item.position for item in items])
        for number, item in enumerate(items):
            if number and is_over():
                break
            outcome = self._hooks.effect(item)
            if outcome is not None and outcome.error_code == "put_off":
                return Group(outcomes=outcomes, note=self._hooks.note, pause=outcome.retry_after or 0.0)
            with (self._folder / f"letter-{item.reference}").open("a") as file:
                file.write("done\n")
            outcomes[item.position] = outcome or Outcome(status=ItemStatus.SUCCEEDED)
        return Group(outcomes=outcomes, note=self._hooks.note)


class PartsPhase:
    """Stream: `parts` branches, one in a transaction; a second call goes on behind the last one."""

    unit = "parts"

    def __init__(self, name: str, hooks: Hooks) -> None:
        self.name = name
        self._hooks = hooks

    def work(self, work: StreamWork) -> None:
        total = work.operation.payload.get("parts", 3)
        with work.transaction() as conn:
            done = self._count(conn)
        for part in range(done + 1, total + 1):
            if work.should_stop():
                raise Stopped
            self._hooks.between(part)
            with work.transaction() as conn:
                self._hooks.part(part)
                conn.execute(
                    "INSERT INTO branches (organization_id, name) VALUES (current_organization(), %(name)s)",
                    {"name": f"{self.name} {part}"},
                )
                work.progress(conn, done=part, total=total)

    def _count(self, conn: Connection) -> int:
        row = conn.execute(
            "SELECT count(*) AS count FROM branches WHERE name LIKE %(pattern)s", {"pattern": f"{self.name} %"}
        ).fetchone()
        return int(row["count"]) if row else 0


def make_registry(hooks: Hooks, folder: Path) -> Registry:
    """One kind of each sort."""

    def finished(_conn: Connection, operation: Operation, status: Status) -> None:
        hooks.finished(operation, status)
        hooks.ends.append(status)

    def kind(name: str, *phases: BranchPhase | EffectPhase | PartsPhase | LettersPhase) -> Handler:
        retry = None if isinstance(phases[0], PartsPhase) else retry_items
        lasting = frozenset({"mint"} if name == RELAY else ())
        return Handler(kind=name, phases=phases, finished=finished, retry=retry, lasting=lasting)

    return Registry(
        [
            kind(MINT, BranchPhase("mint", hooks)),
            kind(STAMP, BranchPhase("mint", hooks, following="stamp"), BranchPhase("stamp", hooks)),
            kind(INSURE, BranchPhase("mint", hooks, parallel=False)),
            kind(FILES, EffectPhase("file", folder, hooks, repeatable=True)),
            kind(MAIL, EffectPhase("mail", folder, hooks, repeatable=False)),
            kind(
                RELAY,
                BranchPhase("mint", hooks, following="mail"),
                EffectPhase("mail", folder, hooks, repeatable=False),
            ),
            kind(LETTERS, LettersPhase(folder, hooks)),
            kind(PARTS, PartsPhase("first", hooks), PartsPhase("second", hooks)),
        ]
    )


def once(action: Callable[[], None]) -> Callable[..., None]:
    """Do it the first time only."""
    lock = threading.Lock()
    done = [False]

    def act(*_: object) -> None:
        with lock:
            if done[0]:
                return
            done[0] = True
        action()

    return act


def fatal(*_: object) -> None:
    raise Fatal("The warehouse burned down.", code="burned")


def restart_first(*_: object) -> None:
    raise Restart("first")


def kill(*_: object) -> None:
    raise Killed
