"""The rows of an order import that has ended: which orders they belong to, and whether those are there."""

from collections.abc import Sequence

from tranche.kernel.db.pool import Connection, Row


def judge_brought_in(conn: Connection, *, import_id: int, batch_id: int, header: str | None) -> None:
    """A row cannot be added to an order that its own batch has brought in."""
    conn.execute(
        """
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT l.organization_id, l.import_id, l.row_number, %(header)s, 'error', 'order_brought_in',
            format('Order %%s has come in already with this upload, without this row; give the row another order '
                'number', l.order_number)
        FROM order_import_lines l
        JOIN orders o ON o.organization_id = l.organization_id AND o.number = l.order_number
        WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s
          AND o.organization_id = current_organization() AND o.batch_id = %(batch_id)s
        ORDER BY l.row_number
        """,
        {"import_id": import_id, "batch_id": batch_id, "header": header},
    )


def set_apart(conn: Connection, *, import_id: int, batch_id: int, header: str | None) -> None:
    """Before a retry: a row that was moved to an order which came in without it stands for itself, refused."""
    conn.execute(
        """
        WITH apart AS (
            SELECT l.row_number, l.order_number
            FROM order_import_lines l
            JOIN orders o ON o.organization_id = l.organization_id AND o.number = l.order_number
            WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s
              AND o.organization_id = current_organization() AND o.batch_id = %(batch_id)s
              AND NOT EXISTS (
                SELECT FROM order_lines p
                WHERE p.organization_id = o.organization_id AND p.order_id = o.id AND p.source_row = l.row_number
              )
        ), named AS (
            INSERT INTO import_errors
                (organization_id, import_id, row_number, column_name, severity, code, message)
            SELECT current_organization(), %(import_id)s, row_number, coalesce(%(header)s, 'orderId'), 'error',
                'order_brought_in', format('Order %%s has come in already with this upload, without this row; give the '
                    'row another order number', order_number)
            FROM apart ORDER BY row_number
        )
        UPDATE order_import_lines l SET order_number = NULL FROM apart
        WHERE l.organization_id = current_organization() AND l.import_id = %(import_id)s
          AND l.row_number = apart.row_number
        """,
        {"import_id": import_id, "batch_id": batch_id, "header": header},
    )


def clear_brought_in(conn: Connection, *, import_id: int, batch_id: int) -> None:
    """Take back the errors of rows whose order the batch has: a retry judges them once more."""
    conn.execute(
        """
        DELETE FROM import_errors e USING order_import_lines l, orders o
        WHERE e.organization_id = current_organization() AND e.import_id = %(import_id)s AND e.severity = 'error'
          AND e.code <> 'order_brought_in'
          AND l.organization_id = e.organization_id AND l.import_id = e.import_id AND l.row_number = e.row_number
          AND o.organization_id = e.organization_id AND o.number = l.order_number AND o.batch_id = %(batch_id)s
          AND NOT EXISTS (
            SELECT FROM import_errors own
            WHERE own.organization_id = e.organization_id AND own.import_id = e.import_id
              AND own.row_number = e.row_number AND own.code = 'order_brought_in'
          )
        """,
        {"import_id": import_id, "batch_id": batch_id},
    )


def find_orders(conn: Connection, *, batch_id: int, numbers: Sequence[str]) -> list[Row]:
    """Those of these orders that the batch has."""
    return conn.execute(
        """
        SELECT id, number FROM orders
        WHERE organization_id = current_organization() AND batch_id = %(batch_id)s
          AND number = ANY (%(numbers)s::text[])
        ORDER BY number LIMIT %(limit)s
        """,
        {"batch_id": batch_id, "numbers": list(numbers), "limit": len(numbers)},
    ).fetchall()
