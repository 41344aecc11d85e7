"""How the positions of an order import are cut into slices."""

import pytest

from tranche.kernel.context import Context
from tranche.kernel.db.pool import Database
from tranche.orders.queries.stage import find_next_high


@pytest.mark.parametrize("low", [1, 20_001, 32_767, 32_768, 2_147_483_647])
def test_a_slice_is_cut_wherever_it_begins(database: Database, context: Context, low: int) -> None:
    with database.transaction(context.organization_id) as conn:
        conn.execute(
            "INSERT INTO order_import_groups (organization_id, import_id, position, number, state, first_row, "
            "last_row, line_count, lines_through) SELECT current_organization(), 1, %(low)s::bigint + n, n::text, "
            "'ready', n, n, 2, (n + 1) * 2 FROM generate_series(0, 9) AS n",
            {"low": low},
        )
        highs = [find_next_high(conn, import_id=1, low=low, size=size) for size in (1, 2, 3, 4, 20_000)]
        behind = find_next_high(conn, import_id=1, low=low + 10, size=20_000)
    assert highs == [low, low, low, low + 1, low + 9]
    assert behind is None
