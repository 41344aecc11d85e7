"""The HTTP endpoints of operations."""

from typing import Any, Final

from tranche.kernel.operations.api.reading import (
    export_operation_items,
    export_operations,
    find_operation,
    follow_operation,
    list_items,
    list_operations,
    list_timeline,
    load_operation,
)
from tranche.kernel.operations.api.verbs import (
    cancel_operation,
    pause_operation,
    resume_operation,
    retry_operation,
    undo_operation,
)

ROUTES: Final[tuple[Any, ...]] = (
    list_operations,
    export_operations,
    find_operation,
    list_items,
    export_operation_items,
    list_timeline,
    follow_operation,
    cancel_operation,
    pause_operation,
    resume_operation,
    retry_operation,
    undo_operation,
)

__all__ = ["ROUTES", "load_operation"]
