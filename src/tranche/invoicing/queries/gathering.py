"""The orders of a run or of a preview, in temp table `wanted_items(position, reference, label)`; frozen selections."""

from collections.abc import Sequence
from typing import Any

from psycopg.types.json import Jsonb

from tranche.kernel.db.pool import Connection, Row


def want_listed(conn: Connection, *, order_ids: Sequence[int]) -> int:
    """Orders in the order given; an unknown one is wanted too, and is judged later."""
    return conn.execute(
        """
        CREATE TEMP TABLE wanted_items ON COMMIT DROP AS
        SELECT w.position, w.reference, coalesce(o.number, '') AS label
        FROM unnest(%(ids)s::bigint[]) WITH ORDINALITY AS w (reference, position)
        LEFT JOIN orders o ON o.organization_id = current_organization() AND o.id = w.reference
        """,
        {"ids": list(order_ids)},
    ).rowcount


def want_selected(conn: Connection, *, selection_id: int) -> int:
    """Orders of a selection, by id; one that is gone since is wanted too, and is judged later."""
    return conn.execute(
        """
        CREATE TEMP TABLE wanted_items ON COMMIT DROP AS
        SELECT w.position, w.reference, coalesce(o.number, '') AS label
        FROM order_selections s CROSS JOIN LATERAL unnest(s.order_ids) WITH ORDINALITY AS w (reference, position)
        LEFT JOIN orders o ON o.organization_id = s.organization_id AND o.id = w.reference
        WHERE s.organization_id = current_organization() AND s.id = %(id)s
        """,
        {"id": selection_id},
    ).rowcount


def match_listed(conn: Connection, *, order_ids: Sequence[int]) -> int:
    """The orders of a list that are there, in temp table `matching_orders`."""
    return conn.execute(
        """
        CREATE TEMP TABLE matching_orders ON COMMIT DROP AS
        SELECT o.id, o.number, o.currency, o.total FROM orders o
        WHERE o.organization_id = current_organization() AND o.id = ANY(%(ids)s)
        """,
        {"ids": list(order_ids)},
    ).rowcount


def want_matching(conn: Connection) -> None:
    """The orders of temp table `matching_orders`, by id; a name costs nothing, a copy of a million rows does."""
    conn.execute("ALTER TABLE pg_temp.matching_orders RENAME TO wanted_items")
    conn.execute("ALTER TABLE pg_temp.wanted_items RENAME COLUMN id TO reference")
    conn.execute("ALTER TABLE pg_temp.wanted_items RENAME COLUMN number TO label")


def draws_stock(conn: Connection) -> bool:
    """Whether a line of temp table `wanted_items` has an item whose stock is tracked."""
    (any_tracked,) = conn.execute(
        """
        SELECT EXISTS (
            SELECT FROM items WHERE organization_id = current_organization() AND stock_tracking <> 'none'
        ) AS found
        """
    ).fetchall()
    if not any_tracked["found"]:
        return False
    (drawn,) = conn.execute(
        """
        SELECT EXISTS (
            SELECT FROM pg_temp.wanted_items w
            JOIN order_lines l ON l.organization_id = current_organization() AND l.order_id = w.reference
            JOIN items t ON t.organization_id = current_organization() AND t.id = l.item_id
            WHERE t.stock_tracking <> 'none'
        ) AS found
        """
    ).fetchall()
    return bool(drawn["found"])


def insert_selection(conn: Connection, *, wanted: dict[str, Any], user_id: int | None) -> Row:
    """Freeze temp table `matching_orders`, which must not be empty."""
    (row,) = conn.execute(
        """
        INSERT INTO order_selections (organization_id, filter, order_ids, totals, created_by)
        SELECT current_organization(), %(filter)s, (SELECT array_agg(id ORDER BY id) FROM pg_temp.matching_orders), (
            SELECT jsonb_agg(jsonb_build_object('currency', currency, 'orders', orders, 'total', total::text)
                ORDER BY currency)
            FROM (
                SELECT currency, count(*) AS orders, sum(total) AS total FROM pg_temp.matching_orders GROUP BY currency
            ) AS sums
        ), %(user_id)s
        RETURNING id, filter, cardinality(order_ids) AS order_count, totals, created_at
        """,
        {"filter": Jsonb(wanted), "user_id": user_id},
    ).fetchall()
    return row


def find_selection(conn: Connection, *, selection_id: int) -> Row | None:
    return conn.execute(
        """
        SELECT id, filter, cardinality(order_ids) AS order_count, totals, created_at FROM order_selections
        WHERE organization_id = current_organization() AND id = %(id)s
        """,
        {"id": selection_id},
    ).fetchone()


def prune_selections(conn: Connection, *, most: int) -> int:
    """Delete up to `most` selections that are older than a day; returns how many."""
    return conn.execute(
        """
        WITH old AS MATERIALIZED (
            SELECT organization_id, id FROM order_selections
            WHERE organization_id = current_organization() AND created_at < now() - interval '24 hours'
            ORDER BY created_at, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
        )
        DELETE FROM order_selections s USING old o WHERE s.organization_id = o.organization_id AND s.id = o.id
        """,
        {"most": most},
    ).rowcount


def list_findings(conn: Connection, *, examples: int) -> list[Row]:
    """The verdicts of a preview by state and code, each with the numbers of its first orders."""
    return conn.execute(
        """
        SELECT v.status, v.error_code AS code, min(v.error) AS message, count(*) AS orders,
            (array_agg(c.label ORDER BY c.position))[1:%(examples)s] AS examples
        FROM pg_temp.verdicts v JOIN pg_temp.chunk c ON c.position = v.position
        GROUP BY v.status, v.error_code ORDER BY count(*) DESC, v.error_code
        """,
        {"examples": examples},
    ).fetchall()


def list_candidates(conn: Connection, *, code: str | None, limit: int) -> list[Row]:
    """The first orders of a preview with one verdict, in the order of positions; without a `code` those ready."""
    return conn.execute(
        """
        SELECT c.reference AS order_id, c.label AS number, coalesce(k.name, '') AS customer,
            coalesce(o.currency, '') AS currency, coalesce(s.net + s.tax, o.total) AS total, v.error AS message
        FROM (
            SELECT position, error FROM pg_temp.verdicts
            WHERE error_code = %(code)s OR %(code)s::text IS NULL AND status = 'succeeded'
            ORDER BY position LIMIT %(limit)s
        ) AS v
        JOIN pg_temp.chunk c ON c.position = v.position
        LEFT JOIN pg_temp.draft_sums s ON s.position = v.position
        LEFT JOIN orders o ON o.organization_id = current_organization() AND o.id = c.reference
        LEFT JOIN customers k ON k.organization_id = current_organization() AND k.id = o.customer_id
        ORDER BY v.position
        """,
        {"code": code, "limit": limit},
    ).fetchall()


def list_ready_sums(conn: Connection) -> list[Row]:
    """What the orders of a preview come to that are ready, with tax, by currency."""
    return conn.execute(
        """
        SELECT d.currency, count(*) AS orders, sum(s.net + s.tax) AS total
        FROM pg_temp.verdicts v
        JOIN pg_temp.drafts d ON d.position = v.position
        JOIN pg_temp.draft_sums s ON s.position = v.position
        WHERE v.status = 'succeeded' GROUP BY d.currency ORDER BY d.currency
        """
    ).fetchall()


def count_unreachable(conn: Connection) -> Row:
    """How many customers of a preview's ready orders have no e-mail address, and how many no phone number."""
    (row,) = conn.execute(
        r"""
        SELECT count(*) FILTER (WHERE coalesce(k.email, '') !~ '\S') AS without_email,
            count(*) FILTER (WHERE coalesce(k.phone, '') !~ '\S') AS without_phone
        FROM customers k
        WHERE k.organization_id = current_organization() AND k.id IN (
            SELECT d.customer_id FROM pg_temp.verdicts v JOIN pg_temp.drafts d ON d.position = v.position
            WHERE v.status = 'succeeded'
        )
        """
    ).fetchall()
    return row
