"""What a target adds so that the rows it refused can be corrected."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from tranche.imports.targets import Import, Judgement, Target
from tranche.kernel.db.pool import Connection

_LONGEST_KEY = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What rows became, such as an order with its number."""

    id: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a stage is written from outside: its table, the column of each field, the column that groups rows."""

    table: str
    columns: Mapping[str, str]
    group: str | None

    @property
    def group_field(self) -> str | None:
        """The field whose cell says to which group a row belongs."""
        return next((field for field, column in self.columns.items() if column == self.group), None)


@runtime_checkable
class Correctable(Target, Protocol):
    """A target whose refused rows are kept. `group_column` of its stage holds what rows of one thing share.

    A few rows in the stage are judged and brought in like a whole file: `prepare`, `commit` and `clear` are
    called as by an import, the positions 1..n being what the judgement left open. `reopen` refuses while a bulk
    correction runs (`keeping.refuse_while_correcting`).
    """

    group_column: str | None

    def hold(self, conn: Connection, work: Import) -> None:
        """Lock what the rows go into; refuse with a Conflict where that is gone."""

    def judge_again(self, conn: Connection, work: Import) -> Judgement:
        """Judge the staged rows of an import that has ended; what it brought in already is refused by name."""

    def set_apart(self, conn: Connection, work: Import) -> None:
        """A retry staged the file once more, with the edits: refuse rows moved to what came in without them."""

    def name_rest(self, conn: Connection, work: Import) -> None:
        """Give every staged row of a group that was not brought in an error, and none to one that was."""

    def find_made(self, conn: Connection, work: Import, *, keys: Sequence[str]) -> dict[str, Made]:
        """What this import made of groups, by the groups' keys."""


def group_key_of(value: str) -> str:
    """The key of a group by what its rows share; the same as the SQL function of that name."""
    if len(value) <= _LONGEST_KEY:
        return value
    return value[:100] + hashlib.sha256(value.encode()).hexdigest()


def shape_of(target: Correctable) -> Shape:
    """The shape of a target's stage."""
    names = (field.name for field in target.fields)
    return Shape(
        table=target.stage_table,
        columns=dict(zip(names, target.stage_columns, strict=True)),
        group=target.group_column,
    )
