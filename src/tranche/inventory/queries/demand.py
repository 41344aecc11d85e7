"""What a bulk consumer wants, what there is of it, and who gets what: TEMP tables of one transaction."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from tranche.inventory.rationing import Place, Shortage, Want
from tranche.kernel.db.pool import Connection

# What may be given out of a lot `l`; `t.today` is the organization's day.
USABLE = "l.is_active AND l.held_at IS NULL AND (l.expires_on IS NULL OR l.expires_on >= t.today)"
TODAY = "(SELECT (now() AT TIME ZONE zone)::date AS today FROM organizations WHERE id = current_organization())"

# The lots `l` with what each branch `b` has of them, the day in `t`; OFFSET 0: asked lot by lot, whatever is estimated.
_STOCKED = f"""
    lots l
    CROSS JOIN {TODAY} t
    CROSS JOIN LATERAL (
        SELECT branch_id, quantity FROM lot_balances
        WHERE organization_id = l.organization_id AND lot_id = l.id AND quantity > 0 OFFSET 0
    ) b
"""


def create_demand(conn: Connection) -> None:
    conn.execute("DROP TABLE IF EXISTS pg_temp.stock_demand")
    conn.execute(
        """
        CREATE TEMP TABLE stock_demand (
            position bigint,
            line integer,
            item_id bigint NOT NULL,
            branch_id bigint NOT NULL,
            quantity numeric NOT NULL CHECK (quantity > 0 AND quantity NOT IN ('NaN', 'Infinity')),
            PRIMARY KEY (position, line)
        ) ON COMMIT DROP
        """
    )


def create_verdicts(conn: Connection) -> None:
    """The TEMP tables that the judge fills, empty."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.stock_allocations, pg_temp.stock_shortages")
    conn.execute(
        """
        CREATE TEMP TABLE stock_allocations (
            position bigint NOT NULL,
            line integer NOT NULL,
            lot_id bigint NOT NULL,
            branch_id bigint NOT NULL,
            quantity numeric NOT NULL,
            PRIMARY KEY (position, line, lot_id)
        ) ON COMMIT DROP
        """
    )
    conn.execute(
        """
        CREATE TEMP TABLE stock_shortages (
            position bigint NOT NULL,
            item_id bigint NOT NULL,
            wanted numeric NOT NULL,
            available numeric NOT NULL,
            kept_back numeric NOT NULL DEFAULT 0
        ) ON COMMIT DROP
        """
    )


def create_wanted(conn: Connection) -> None:
    """The demand that stock must meet, in temp table `stock_wanted`. An item that is not there is never met.

    Which item is wanted in which branch, and how much of it, is in temp table `stock_places`.
    """
    conn.execute("DROP TABLE IF EXISTS pg_temp.stock_wanted")
    conn.execute("ANALYZE pg_temp.stock_demand")
    conn.execute(
        """
        CREATE TEMP TABLE stock_wanted ON COMMIT DROP AS
        SELECT d.position, d.line, d.item_id, d.branch_id, d.quantity
        FROM pg_temp.stock_demand d
        LEFT JOIN items i ON i.organization_id = current_organization() AND i.id = d.item_id
        WHERE i.stock_tracking IS DISTINCT FROM 'none'
        """
    )
    conn.execute("ANALYZE pg_temp.stock_wanted")
    conn.execute("DROP TABLE IF EXISTS pg_temp.stock_places")
    conn.execute(
        """
        CREATE TEMP TABLE stock_places ON COMMIT DROP AS
        SELECT item_id, branch_id, sum(quantity) AS wanted FROM pg_temp.stock_wanted GROUP BY item_id, branch_id
        """
    )
    conn.execute("ALTER TABLE pg_temp.stock_places ADD PRIMARY KEY (item_id, branch_id)")


def lock_wanted(conn: Connection) -> None:
    """Lock, in the order of their ids, the lots that the demand may take from."""
    conn.execute(
        f"""
        SELECT l.id FROM lots l CROSS JOIN {TODAY} t
        WHERE l.organization_id = current_organization() AND {USABLE}
          AND l.item_id = ANY (ARRAY(SELECT DISTINCT w.item_id FROM pg_temp.stock_places w))
          AND EXISTS (
            SELECT FROM lot_balances b
            WHERE b.organization_id = l.organization_id AND b.lot_id = l.id AND b.quantity > 0
              AND b.branch_id = ANY (ARRAY(SELECT DISTINCT w.branch_id FROM pg_temp.stock_places w)) OFFSET 0
          )
        ORDER BY l.id FOR NO KEY UPDATE OF l
        """
    )


def create_supply(conn: Connection) -> None:
    """What there is, in temp table `stock_supply`: each lot as a piece of its item's line from 0, first expiry first.

    Pieces that begin where no more is wanted are left out. A statement of its own, after the locks: it sees what others
    had done before they let go.
    """
    conn.execute("DROP TABLE IF EXISTS pg_temp.stock_supply")
    conn.execute(
        f"""
        CREATE TEMP TABLE stock_supply ON COMMIT DROP AS
        SELECT item_id, branch_id, lot_id, place, high FROM (
            SELECT l.item_id, b.branch_id, l.id AS lot_id, w.wanted, row_number() OVER given AS place,
                sum(b.quantity) OVER given - b.quantity AS low, sum(b.quantity) OVER given AS high
            FROM {_STOCKED}
            JOIN pg_temp.stock_places w ON w.item_id = l.item_id AND w.branch_id = b.branch_id
            WHERE l.organization_id = current_organization() AND {USABLE}
              AND l.item_id = ANY (ARRAY(SELECT DISTINCT item_id FROM pg_temp.stock_places))
            WINDOW given AS (PARTITION BY l.item_id, b.branch_id ORDER BY l.expires_on NULLS LAST, l.id)
        ) s WHERE low < wanted
        """
    )
    conn.execute("ANALYZE pg_temp.stock_supply")


def create_scarce(conn: Connection) -> None:
    """Items of which more is wanted in a branch than it has, in temp table `stock_scarce`."""
    conn.execute("DROP TABLE IF EXISTS pg_temp.stock_scarce")
    conn.execute(
        """
        CREATE TEMP TABLE stock_scarce ON COMMIT DROP AS
        SELECT w.item_id, w.branch_id, coalesce(s.available, 0) AS available
        FROM pg_temp.stock_places w
        LEFT JOIN (SELECT item_id, branch_id, max(high) AS available FROM pg_temp.stock_supply GROUP BY 1, 2) s
            USING (item_id, branch_id)
        WHERE w.wanted > coalesce(s.available, 0)
        """
    )


def find_scarce(conn: Connection) -> dict[Place, Decimal]:
    rows = conn.execute("SELECT item_id, branch_id, available FROM pg_temp.stock_scarce").fetchall()
    return {(row["item_id"], row["branch_id"]): row["available"] for row in rows}


def list_contested(conn: Connection) -> Iterator[Want]:
    """What positions want of scarce items, in the order of positions; as many as the demand has."""
    rows = conn.execute(
        """
        SELECT w.position, w.item_id, w.branch_id, sum(w.quantity) AS quantity
        FROM pg_temp.stock_wanted w JOIN pg_temp.stock_scarce s USING (item_id, branch_id)
        GROUP BY w.position, w.item_id, w.branch_id
        ORDER BY w.position, w.item_id, w.branch_id
        """
    )
    for row in rows:
        yield Want(row["position"], (row["item_id"], row["branch_id"]), row["quantity"])


def insert_shortages(conn: Connection, *, shortages: Iterable[Shortage]) -> None:
    statement = "COPY pg_temp.stock_shortages (position, item_id, wanted, available) FROM STDIN"
    with conn.cursor() as cursor, cursor.copy(statement) as copy:
        for short in shortages:
            copy.write_row((short.position, short.item_id, short.wanted, short.available))
    conn.execute("ANALYZE pg_temp.stock_shortages")


def count_kept_back(conn: Connection) -> None:
    """Say of each shortage how much more there is in lots that may not be used now."""
    conn.execute(
        f"""
        WITH kept AS MATERIALIZED (
            SELECT l.item_id, b.branch_id, sum(b.quantity) AS quantity
            FROM {_STOCKED}
            WHERE l.organization_id = current_organization() AND NOT ({USABLE})
              AND l.item_id = ANY (ARRAY(SELECT DISTINCT item_id FROM pg_temp.stock_scarce))
            GROUP BY l.item_id, b.branch_id
        )
        UPDATE pg_temp.stock_shortages f SET kept_back = k.quantity
        FROM (
            SELECT w.position, w.item_id, sum(kept.quantity) AS quantity
            FROM (SELECT DISTINCT position, item_id, branch_id FROM pg_temp.stock_wanted) w
            JOIN kept USING (item_id, branch_id)
            GROUP BY w.position, w.item_id
        ) k
        WHERE k.position = f.position AND k.item_id = f.item_id
        """
    )


def allocate(conn: Connection) -> None:
    """Lay the demand of positions that are not short on the same line as the supply, and cut it at the ends of both.

    Each piece is asked for by the first demand and given by the first lot that ends there or later: one pass over the
    line, however many lots an item has.
    """
    conn.execute(
        """
        INSERT INTO pg_temp.stock_allocations (position, line, lot_id, branch_id, quantity)
        SELECT p.asked[1], p.asked[2], p.given[2], p.branch_id, p.quantity
        FROM (
            SELECT e.branch_id, e.high - lag(e.high, 1, 0::numeric) OVER behind AS quantity,
                min(e.asked) OVER ahead AS asked, min(e.given) OVER ahead AS given
            FROM (
                SELECT w.item_id, w.branch_id, ARRAY[w.position, w.line] AS asked, NULL::bigint[] AS given,
                    sum(w.quantity) OVER (PARTITION BY w.item_id, w.branch_id ORDER BY w.position, w.line) AS high
                FROM pg_temp.stock_wanted w
                WHERE NOT EXISTS (SELECT FROM pg_temp.stock_shortages f WHERE f.position = w.position)
                UNION ALL
                SELECT s.item_id, s.branch_id, NULL, ARRAY[s.place, s.lot_id], s.high FROM pg_temp.stock_supply s
            ) e
            WINDOW behind AS (PARTITION BY e.item_id, e.branch_id ORDER BY e.high),
                ahead AS (PARTITION BY e.item_id, e.branch_id ORDER BY e.high DESC)
        ) p
        WHERE p.quantity > 0 AND p.asked IS NOT NULL AND p.given IS NOT NULL
        """
    )
    conn.execute("ANALYZE pg_temp.stock_allocations")
