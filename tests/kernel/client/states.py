"""States of an operation as the server sends them."""

from typing import Any


def state(status: str = "processing", *, phase: str = "commit", done: int = 0, **changes: Any) -> dict[str, Any]:
    """One state; whatever is not named is that of an import of a hundred orders."""
    return {
        "id": 7,
        "status": status,
        "isStalled": False,
        "anotherTry": None,
        "steps": [],
        "phase": {"name": phase, "unit": "orders", "done": done, "total": 100, "failed": changes.get("failed", 0)},
        "total": 100,
        "succeeded": done,
        "failed": 0,
        "skipped": 0,
        "unknown": 0,
        "ratePerSecond": 50.5,
        "secondsLeft": 2,
        "version": done + 1,
        "error": None,
        **changes,
    }
