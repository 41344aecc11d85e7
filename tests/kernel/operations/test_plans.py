"""The ledger's hot questions reach their index behind the tenant wall, on filled tables and as the plain role."""

from collections.abc import Callable

import pytest

from tests.databases import Shared
from tests.kernel.operations.toys import MINT
from tests.kernel.operations.workshop import Workshop
from tests.plans import explain
from tranche.kernel.db.listing import Choice, fetch_page, fetch_slice
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Claim
from tranche.kernel.operations.queries import claims, items, leases, operations, watching
from tranche.kernel.operations.queries.listing import ITEMS, OPERATIONS
from tranche.kernel.text import number_ranges

KEY, PENDING, FAILED = "operation_items_pkey", "operation_items_pending", "operation_items_failed"
CLAIM = Claim(id=1, operation_id=1, phase="mint", low=19_001, high=19_100, epoch=1, attempts=0)


@pytest.fixture(scope="module")
def filled(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> Shared:
    """Three operations of 20,000 items, one of them worked in parts, and a thousand others."""
    workshop = Workshop(shared.database, shared.owner, shared.context, tmp_path_factory.mktemp("workshop"))
    for _ in range(3):
        workshop.start(MINT, range(1, 20_001))
    owner = shared.owner
    owner.execute("UPDATE operation_items SET status = 'succeeded' WHERE position <= 15000")
    owner.execute("UPDATE operation_items SET status = 'failed', error = 'x', error_code = 'c' WHERE position = 14999")
    owner.execute(
        "INSERT INTO operations (organization_id, uuid, kind, phase, status, finished_at) "
        "SELECT %(organization)s, gen_random_uuid(), 'toy_mint', 'mint', 'completed', now() "
        "FROM generate_series(1, 5000)",
        {"organization": shared.context.organization_id},
    )
    owner.execute(
        "INSERT INTO operation_claims (organization_id, operation_id, phase, low, high) "
        "SELECT organization_id, id, 'mint', n * 10, n * 10 + 9 FROM operations, generate_series(1, 3) n"
    )
    owner.execute("VACUUM ANALYZE")
    return shared


QUESTIONS: dict[str, tuple[str, Callable[[Connection], object], set[str]]] = {
    "the next chunk": (
        "operation_items",
        lambda conn: items.find_next_high(conn, operation_id=1, stage="mint", low=15_001, size=100),
        {PENDING},
    ),
    "what is open": ("operation_items", lambda conn: items.count_open_items(conn, operation_id=2), {PENDING}),
    "a lease": ("operation_items", lambda conn: leases.count_pending(conn, claim=CLAIM), {PENDING}),
    "a page of items": (
        "operation_items",
        lambda conn: items.list_items(conn, operation_id=1, statuses=None, code=None, after=(12_000, "mint"), limit=50),
        {KEY},
    ),
    "what failed": (
        "operation_items",
        lambda conn: items.list_items(conn, operation_id=1, statuses=["failed"], code="c", after=(0, ""), limit=50),
        {FAILED},
    ),
    "an orphan": (
        "operation_claims",
        lambda conn: claims.lock_orphan(conn, operation_id=2, dead_after=8.0, in_order=True, waits_for_leases=True),
        {"operation_claims_by_operation", "Index Scan", PENDING},
    ),
    "the newest operations": (
        "operations",
        lambda conn: fetch_page(conn, OPERATIONS, Choice(), limit=20, offset=0),
        {"operations_pkey"},
    ),
    "the reasons of failures": (
        "operation_items",
        lambda conn: items.list_failure_groups(conn, operation_id=1, limit=100),
        {FAILED},
    ),
    "a page of items on the page": (
        "operation_items",
        lambda conn: fetch_slice(conn, ITEMS, Choice({"operation_id": 1}), limit=25),
        {KEY},
    ),
    "items of a reason": (
        "operation_items",
        lambda conn: fetch_slice(conn, ITEMS, Choice({"operation_id": 1, "status": "failed", "code": "c"}), limit=25),
        {FAILED},
    ),
    "kinds that there are": (
        "operations",
        lambda conn: watching.list_kinds(conn, kinds=["toy_mint", "toy_stamp", "toy_insure"]),
        {"operations_by_kind"},
    ),
    "operations by the beginning of their number": (
        "operations",
        lambda conn: watching.list_numbered(conn, ranges=number_ranges("42"), limit=8),
        {"operations_pkey"},
    ),
    "one operation": ("operations", lambda conn: operations.find_operation(conn, operation_id=2), {"operations_pkey"}),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_hot_question_reaches_its_index(filled: Shared, question: str) -> None:
    table, ask, indexes = QUESTIONS[question]
    with filled.reading() as conn:
        used = explain(conn, ask).scans(table)
    assert used
    assert used <= indexes
