"""The wire contract of remembered mappings."""

from datetime import UTC, datetime
from typing import Any

from tranche.imports.memory.domain import Memory
from tranche.kernel.web.json import Out


class MemoryOut(Out, frozen=True):
    """One remembered mapping: `mapping` is written as an upload takes it, `header` as the last file had it."""

    id: int
    target: str
    header: list[str]
    mapping: dict[str, Any]
    uses: int
    used_at: datetime
    created_by: int | None
    created_at: datetime


def memory_out(memory: Memory) -> MemoryOut:
    return MemoryOut(
        id=memory.id,
        target=memory.target,
        header=memory.header,
        mapping={**memory.columns, **memory.options},
        uses=memory.uses,
        used_at=memory.used_at.astimezone(UTC),
        created_by=memory.created_by,
        created_at=memory.created_at.astimezone(UTC),
    )
