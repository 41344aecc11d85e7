"""What is remembered of a header, and the refusal about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tranche.kernel.errors import NotFound

MOST_HANDED_ON = 1_000


class MappingNotFound(NotFound):
    """No such remembered mapping in this organization."""

    code = "mapping_not_found"
    noun = "remembered mapping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A remembered mapping; `columns` and `options` are written as in a mapping that a person sends."""

    id: int
    target: str
    fingerprint: bytes
    header: list[str]
    columns: dict[str, Any]
    options: dict[str, Any]
    uses: int
    used_at: datetime
    created_by: int | None
    created_at: datetime
