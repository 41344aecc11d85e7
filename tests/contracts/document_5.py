"""What document 5 prints, word for word, and the means to compare an answer with it.

An example of the document annotates each value with its type in brackets: `"itemId": 1 (number (M))`. The types are
read from these annotations, the values from what stands before them.
"""

import re
from decimal import Decimal
from typing import Any

import msgspec

CREATE = """
{
  "data": {
    "itemId": 1 (number (M)),
    "batchName": "Display name" (string (M)),
    "costPrice": 80.5 (number (M)),
    "unitPrice": 100 (number (M)),
    "expirationDate": "2024-12-31T00:00:00.000Z" (string \\| null (O)),
    "manufacturingDate": "2024-01-01T00:00:00.000Z" (string \\| null (O)),
    "supplierBatchNumber": "SUP-001" (string \\| null (O)),
    "notes": "Optional notes" (string \\| null (O))
  }
}
"""
CREATED = """
{
  "success": true (boolean (M)),
  "message": "Batch created successfully" (string (M)),
  "data": {
    "id": 1 (number (M)),
    "companyId": 1 (number (M)),
    "itemId": 1 (number (M)),
    "batchNumber": "BATCH-001" (string (M)),
    "batchName": "Display name" (string \\| null (M)),
    "expirationDate": "2024-12-31T00:00:00.000Z" (string \\| null (M)),
    "manufacturingDate": "2024-01-01T00:00:00.000Z" (string \\| null (M)),
    "costPrice": 80.5 (number \\| null (M)),
    "unitPrice": 100 (number \\| null (M)),
    "supplierBatchNumber": "SUP-001" (string \\| null (M)),
    "notes": "Optional notes" (string \\| null (M)),
    "isActive": true (boolean (M)),
    "createdAt": "2024-01-15T10:30:00.000Z" (string (M)),
    "updatedAt": "2024-01-15T10:30:00.000Z" (string (M)),
    "createdBy": "John Doe" (string \\| null (M)),
    "updatedBy": null (string \\| null (M)),
    "itemName": "Item Name" (string \\| null (M)),
    "itemCode": "ITEM-001" (string \\| null (M))
  },
  "metadata": { "requestId": "...", "timestamp": "..." }
}
"""
UPDATE = """
{
  "data": {
    "batchName": "New name" (string \\| null (O)),
    "expirationDate": "2025-06-30T00:00:00.000Z" (string \\| null (O)),
    "manufacturingDate": null (string \\| null (O)),
    "costPrice": 90 (number \\| null (O)),
    "unitPrice": 110 (number \\| null (O)),
    "supplierBatchNumber": null (string \\| null (O)),
    "notes": null (string \\| null (O))
  }
}
"""
FETCHED = """
{
  "success": true (boolean (M)),
  "message": "Batch fetched successfully" (string (M)),
  "data": {
    "id": 1 (number (M)),
    "companyId": 1 (number (M)),
    "itemId": 1 (number (M)),
    "batchNumber": "BATCH-001" (string (M)),
    "batchName": null (string \\| null (M)),
    "expirationDate": "2024-12-31T00:00:00.000Z" (string \\| null (M)),
    "manufacturingDate": null (string \\| null (M)),
    "costPrice": 80.5 (number \\| null (M)),
    "unitPrice": 100 (number \\| null (M)),
    "supplierBatchNumber": null (string \\| null (M)),
    "notes": null (string \\| null (M)),
    "isActive": true (boolean (M)),
    "createdAt": "..." (string (M)),
    "updatedAt": "..." (string (M)),
    "createdBy": "John Doe" (string \\| null (M)),
    "updatedBy": null (string \\| null (M)),
    "itemName": "Item Name" (string \\| null (M)),
    "itemCode": "ITEM-001" (string \\| null (M))
  },
  "metadata": { "requestId": "...", "timestamp": "..." }
}
"""
LISTED = """
{
  "success": true (boolean (M)),
  "message": "Batches fetched successfully" (string (M)),
  "data": [
    {
      "id": 1 (number (M)),
      "companyId": 1 (number (M)),
      "itemId": 1 (number (M)),
      "batchNumber": "BATCH-001" (string (M)),
      "batchName": null (string \\| null (M)),
      "expirationDate": "2024-12-31T00:00:00.000Z" (string \\| null (M)),
      "manufacturingDate": null (string \\| null (M)),
      "costPrice": 80.5 (number \\| null (M)),
      "unitPrice": 100 (number \\| null (M)),
      "supplierBatchNumber": null (string \\| null (M)),
      "notes": null (string \\| null (M)),
      "isActive": true (boolean (M)),
      "createdAt": "..." (string (M)),
      "updatedAt": "..." (string (M)),
      "createdBy": "John Doe" (string \\| null (M)),
      "updatedBy": null (string \\| null (M)),
      "itemName": "Item Name" (string \\| null (M)),
      "itemCode": "ITEM-001" (string \\| null (M))
    }
  ],
  "pagination": {
    "currentPage": 1 (number (M)),
    "totalPages": 5 (number (M)),
    "totalItems": 50 (number (M)),
    "itemsPerPage": 10 (number (M)),
    "hasNextPage": true (boolean (M)),
    "hasPreviousPage": false (boolean (M)),
    "nextPage": 2 (number \\| null (M)),
    "prevPage": null (number \\| null (M))
  },
  "metadata": { "requestId": "...", "timestamp": "..." }
}
"""
TRANSFER = """
{
  "data": {
    "itemId": 1 (number (M)),
    "sourceBatchNumber": "BATCH-001" (string (M)),
    "destinationBatchNumber": "BATCH-002" (string (M)),
    "quantity": 10 (number (M)),
    "costPrice": 80 (number \\| null (O)),
    "unitPrice": 100 (number \\| null (O)),
    "expirationDate": "2024-12-31T00:00:00.000Z" (string \\| null (O)),
    "notes": "Optional notes" (string \\| null (O))
  }
}
"""
TRANSFERRED = """
{
  "success": true (boolean (M)),
  "message": "Batch transfer completed successfully" (string (M)),
  "data": {
    "id": 1 (number (M)),
    "companyId": 1 (number (M)),
    "branchId": 2 (number (M)),
    "itemId": 1 (number (M)),
    "operationType": "batchTransfer" (BatchOperationType: batchTransfer | batchConsolidation | batchSplit (M)),
    "sourceBatchId": 10 (number (M)),
    "sourceBatchNumber": "BATCH-001" (string (M)),
    "destinationBatchId": 11 (number (M)),
    "destinationBatchNumber": "BATCH-002" (string (M)),
    "quantity": 10 (number (M)),
    "notes": "Optional notes" (string \\| null (M)),
    "createdAt": "2024-01-15T10:30:00.000Z" (string (M)),
    "updatedAt": "2024-01-15T10:30:00.000Z" (string (M)),
    "createdBy": null (number \\| null (M)),
    "updatedBy": null (number \\| null (M))
  },
  "metadata": { "requestId": "...", "timestamp": "..." }
}
"""
CONSOLIDATION = """
{
  "data": {
    "itemId": 1 (number (M)),
    "destinationBatchNumber": "BATCH-MERGED" (string (M)),
    "sources": [
      {
        "batchNumber": "BATCH-001" (string (M)),
        "quantity": 5 (number \\| null (O)),
        "costPrice": 80 (number \\| null (O)),
        "unitPrice": 100 (number \\| null (O)),
        "expirationDate": "2024-12-31T00:00:00.000Z" (string \\| null (O))
      },
      {
        "batchNumber": "BATCH-002" (string (M)),
        "quantity": null (number \\| null (O))
      }
    ],
    "notes": "Consolidation notes" (string \\| null (O))
  }
}
"""
CONSOLIDATED = """
{
  "success": true (boolean (M)),
  "message": "Batch consolidation completed successfully" (string (M)),
  "data": [
    {
      "id": 1 (number (M)),
      "companyId": 1 (number (M)),
      "branchId": 2 (number (M)),
      "itemId": 1 (number (M)),
      "operationType": "batchConsolidation" (BatchOperationType: batchTransfer | batchConsolidation | batchSplit (M)),
      "sourceBatchId": 10 (number (M)),
      "sourceBatchNumber": "BATCH-001" (string (M)),
      "destinationBatchId": 12 (number (M)),
      "destinationBatchNumber": "BATCH-MERGED" (string (M)),
      "quantity": 5 (number (M)),
      "notes": "Consolidation notes" (string \\| null (M)),
      "createdAt": "..." (string (M)),
      "updatedAt": "..." (string (M)),
      "createdBy": null (number \\| null (M)),
      "updatedBy": null (number \\| null (M))
    }
  ],
  "metadata": { "requestId": "...", "timestamp": "..." }
}
"""
SPLIT = """
{
  "data": {
    "itemId": 1 (number (M)),
    "sourceBatchNumber": "BATCH-001" (string (M)),
    "destinations": [
      {
        "batchNumber": "BATCH-001-A" (string (M)),
        "quantity": 5 (number (M)),
        "costPrice": 80 (number \\| null (O)),
        "unitPrice": 100 (number \\| null (O)),
        "expirationDate": "2024-12-31T00:00:00.000Z" (string \\| null (O))
      },
      {
        "batchNumber": "BATCH-001-B" (string (M)),
        "quantity": 3 (number (M)),
        "costPrice": null (number \\| null (O)),
        "unitPrice": null (number \\| null (O)),
        "expirationDate": null (string \\| null (O))
      }
    ],
    "notes": "Split notes" (string \\| null (O))
  }
}
"""
SPLITTED = """
{
  "success": true (boolean (M)),
  "message": "Batch split completed successfully" (string (M)),
  "data": [
    {
      "id": 1 (number (M)),
      "companyId": 1 (number (M)),
      "branchId": 2 (number (M)),
      "itemId": 1 (number (M)),
      "operationType": "batchSplit" (BatchOperationType: batchTransfer | batchConsolidation | batchSplit (M)),
      "sourceBatchId": 10 (number (M)),
      "sourceBatchNumber": "BATCH-001" (string (M)),
      "destinationBatchId": 13 (number (M)),
      "destinationBatchNumber": "BATCH-001-A" (string (M)),
      "quantity": 5 (number (M)),
      "notes": "Split notes" (string \\| null (M)),
      "createdAt": "..." (string (M)),
      "updatedAt": "..." (string (M)),
      "createdBy": null (number \\| null (M)),
      "updatedBy": null (number \\| null (M))
    }
  ],
  "metadata": { "requestId": "...", "timestamp": "..." }
}
"""

_EXACT = msgspec.json.Decoder(float_hook=Decimal)
_NOTE = re.compile(r" \((?:[^()]|\([^()]*\))*\)(?=,?\n)")
_FIELD = re.compile(r'^\s*"(?P<name>\w+)": .* \((?P<kinds>.*) \((?P<need>[MO])\)\),?$', re.MULTILINE)
_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, Decimal),
    "boolean": (bool,),
    "null": (type(None),),
}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def example(text: str) -> Any:
    """The JSON of an example without its annotations."""
    return msgspec.json.decode(_NOTE.sub("", text))


def exactly(answer: bytes) -> Any:
    """An answer with its decimals as they were written."""
    return _EXACT.decode(answer)


def body(text: str, **changes: object) -> dict[str, Any]:
    """The `data` of a request's example with some of its values changed."""
    return {"data": {**example(text)["data"], **changes}}


def faults(text: str, answer: bytes, *, quantity: bool) -> list[str]:
    """In what an answer differs from the example: fields that are missing or too many, and values of another type.

    `quantity` says whether a branch asked, so that batches have one.
    """
    given = exactly(answer)
    kinds = {match["name"]: match["kinds"] for match in _FIELD.finditer(text)}
    found = _compare(example(text), given, kinds, "")
    rows = given["data"] if isinstance(given["data"], list) else [given["data"]]
    if "quantity" not in kinds and any(("quantity" in row) is not quantity for row in rows):
        found.append(f"data.quantity is {'missing' if quantity else 'there'}")
    return found


def _compare(wanted: Any, given: Any, kinds: dict[str, str], path: str) -> list[str]:
    if isinstance(wanted, dict):
        if not isinstance(given, dict):
            return [f"{path} is no object"]
        found = [f"{path}.{name} is missing" for name in wanted.keys() - given.keys()]
        found += [f"{path}.{name} is not in the document" for name in given.keys() - wanted.keys() - {"quantity"}]
        for name in wanted.keys() & given.keys():
            found += _compare(wanted[name], given[name], kinds, f"{path}.{name}")
        return found
    if isinstance(wanted, list):
        if not isinstance(given, list):
            return [f"{path} is no list"]
        return [fault for at, one in enumerate(given) for fault in _compare(wanted[0], one, kinds, f"{path}[{at}]")]
    return _compare_value(wanted, given, kinds.get(path.rpartition(".")[2], "string"), path)


def _compare_value(wanted: Any, given: Any, kind: str, path: str) -> list[str]:
    if kind.startswith("BatchOperationType"):
        return [] if given in re.findall(r"batch\w+", kind) else [f"{path} is {given!r}"]
    allowed = tuple(python for word in kind.split(" \\| ") for python in _KINDS[word])
    if not isinstance(given, allowed) or (isinstance(given, bool) and bool not in allowed):
        return [f"{path} is {given!r}, not {kind}"]
    is_moment = isinstance(wanted, str) and (_MOMENT.fullmatch(wanted) or path.endswith(("createdAt", "updatedAt")))
    if is_moment and isinstance(given, str) and not _MOMENT.fullmatch(given):
        return [f"{path} is {given!r}, no moment as the document writes it"]
    return []
