"""Every route of stock with the ids of another organization: as if there were nothing, and nothing changes."""

import re
from collections.abc import Iterator
from typing import Any, Final

import httpx
import pytest

from tests.contracts.stockroom import Stockroom
from tests.factories import Organization
from tests.live import Live
from tests.signing_in import sign_in

_OURS: Final = re.compile(r"^/api/(batches|inventory/batches|batch|items)(/|$)")
_NOWHERE: Final = 10**12
_BODIES: Final[dict[str, dict[str, Any]]] = {
    "/api/batches": {"batchName": "B", "costPrice": 1, "unitPrice": 1},
    "/api/batches/{batch_id}": {"batchName": "B"},
    "/api/batches/{batch_id}/hold": {"reason": "R"},
    "/api/batch/transfer": {"sourceBatchNumber": "L-1", "destinationBatchNumber": "L-2", "quantity": 1},
    "/api/batch/consolidation": {"destinationBatchNumber": "L-2", "sources": [{"batchNumber": "L-1"}]},
    "/api/batch/split": {"sourceBatchNumber": "L-1", "destinations": [{"batchNumber": "L-2", "quantity": 1}]},
    "/api/batch/receive": {"batchNumber": "L-9", "quantity": 1},
    "/api/batch/adjust": {"batchNumber": "L-1", "quantity": 1},
    "/api/batch/branch-transfer": {"batchNumber": "L-1", "quantity": 1, "toBranchId": 0},
    "/api/items/{item_id}": {"name": "N"},
}
