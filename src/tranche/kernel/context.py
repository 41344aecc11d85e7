"""Who acts, for which organization, in which branch, with which rights."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Rights in rising order: viewer reads, operator changes, admin sets up."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what `needed` may do."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, slots=True)
class Context:
    """The actor of one request or one slice of background work."""

    organization_id: int
    role: Role
    user_id: int | None = None
    user_name: str = ""
    branch_id: int | None = None
    api_key_id: int | None = None
    scopes: frozenset[str] = frozenset()
    request_id: str = ""

    @property
    def caller(self) -> str:
        """A stable name of the caller for idempotency keys and rate limits."""
        return f"key:{self.api_key_id}" if self.api_key_id else f"user:{self.user_id}"
