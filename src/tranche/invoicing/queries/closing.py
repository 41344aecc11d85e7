"""Invoices that are voided or credited: temp table `closing(invoice_id)` in, states and orders changed together."""

from datetime import date

from tranche.kernel.db.pool import Connection, Row


def close_one(conn: Connection, *, invoice_id: int) -> None:
    """One invoice is to be closed."""
    conn.execute("CREATE TEMP TABLE closing ON COMMIT DROP AS SELECT %(id)s::bigint AS invoice_id", {"id": invoice_id})


def close_batch(conn: Connection, *, batch_id: int) -> None:
    """The live invoices of an order batch are to be closed."""
    conn.execute(
        """
        CREATE TEMP TABLE closing ON COMMIT DROP AS
        SELECT i.id AS invoice_id FROM orders o
        JOIN invoices i ON i.organization_id = o.organization_id AND i.order_id = o.id AND i.closed = 0
        WHERE o.organization_id = current_organization() AND o.batch_id = %(batch_id)s
        """,
        {"batch_id": batch_id},
    )


def close_chunk(conn: Connection) -> None:
    """The invoices that the engine's `chunk` refers to are to be closed."""
    conn.execute("CREATE TEMP TABLE closing ON COMMIT DROP AS SELECT reference AS invoice_id FROM pg_temp.chunk")


def lock(conn: Connection) -> None:
    """Lock the orders, then the invoices of `closing`, into temp table `held_invoices(id, order_id, kind, status)`."""
    conn.execute(
        """
        SELECT FROM orders o
        WHERE o.organization_id = current_organization() AND o.id = ANY (ARRAY(
            SELECT i.order_id FROM invoices i
            WHERE i.organization_id = current_organization()
              AND i.id = ANY (ARRAY(SELECT invoice_id FROM pg_temp.closing))
        ))
        ORDER BY o.id FOR UPDATE
        """
    )
    conn.execute(
        """
        CREATE TEMP TABLE held_invoices ON COMMIT DROP AS
        SELECT i.id, i.order_id, i.kind, i.status, i.number FROM invoices i
        WHERE i.organization_id = current_organization()
          AND i.id = ANY (ARRAY(SELECT invoice_id FROM pg_temp.closing))
        ORDER BY i.id FOR UPDATE
        """
    )
    conn.execute("ANALYZE pg_temp.held_invoices")


def find_held(conn: Connection) -> Row | None:
    return conn.execute("SELECT id, order_id, kind, status, number FROM pg_temp.held_invoices LIMIT 1").fetchone()


def keep_closed(conn: Connection) -> None:
    """Mark in `verdicts` as kept what is no live invoice any more."""
    conn.execute(
        """
        UPDATE pg_temp.verdicts v SET status = 'skipped',
            error_code = CASE WHEN h.id IS NULL THEN 'already_gone' ELSE 'already_' || h.status END,
            error = CASE h.status
                WHEN 'void' THEN 'It was voided before.'
                WHEN 'credited' THEN 'It was credited before.'
                ELSE 'It is not there any more.'
            END
        FROM pg_temp.chunk c LEFT JOIN pg_temp.held_invoices h ON h.id = c.reference
        WHERE v.position = c.position AND (h.id IS NULL OR h.kind <> 'invoice' OR h.status <> 'issued')
        """
    )


def close(conn: Connection, *, status: str, reason: str, user_id: int | None) -> int:
    """Close the live ones of `held_invoices` and open their orders again; returns how many."""
    closed = conn.execute(
        """
        UPDATE invoices i SET status = %(status)s, closed = i.id, closed_at = now(), closed_by = %(user_id)s,
            close_reason = %(reason)s
        FROM pg_temp.held_invoices h
        WHERE i.organization_id = current_organization() AND i.id = h.id AND h.kind = 'invoice' AND h.status = 'issued'
        """,
        {"status": status, "reason": reason, "user_id": user_id},
    ).rowcount
    conn.execute(
        """
        UPDATE orders o SET status = 'open', updated_at = now()
        FROM pg_temp.held_invoices h
        WHERE o.organization_id = current_organization() AND o.id = h.order_id AND o.status = 'invoiced'
          AND h.kind = 'invoice' AND h.status = 'issued'
        """
    )
    return closed


def insert_credit_note(
    conn: Connection, *, invoice_id: int, number: str, sequence: int, today: date, user_id: int | None, notes: str
) -> int:
    """A credit note over a whole invoice, with the number that was taken for it; returns its id."""
    (row,) = conn.execute(
        """
        INSERT INTO invoices (organization_id, id, kind, series, year, sequence, number, invoice_date, due_date,
            currency, customer_id, buyer_code, buyer_name, buyer_email, buyer_phone, buyer_address, order_id,
            order_number, closed, credits_id, imprint_id, branch_id, line_count, net, tax, total, total_minor, notes,
            created_by)
        SELECT i.organization_id, n.id, 'credit_note', i.series, %(year)s, %(sequence)s, %(number)s, %(today)s,
            %(today)s, i.currency, i.customer_id, i.buyer_code, i.buyer_name, i.buyer_email, i.buyer_phone,
            i.buyer_address, i.order_id, i.order_number, n.id, i.id, i.imprint_id, i.branch_id, i.line_count, i.net,
            i.tax, i.total, i.total_minor, %(notes)s, %(user_id)s
        FROM invoices i, (SELECT nextval(pg_get_serial_sequence('invoices', 'id')) AS id) AS n
        WHERE i.organization_id = current_organization() AND i.id = %(id)s
        RETURNING id
        """,
        {
            "id": invoice_id,
            "year": today.year,
            "sequence": sequence,
            "number": number,
            "today": today,
            "notes": notes,
            "user_id": user_id,
        },
    ).fetchall()
    conn.execute(
        """
        INSERT INTO invoice_lines (organization_id, invoice_id, line_number, item_id, item_code, description, quantity,
            unit_price, tax_rate, net, tax)
        SELECT organization_id, %(note_id)s, line_number, item_id, item_code, description, quantity, unit_price,
            tax_rate, net, tax
        FROM invoice_lines WHERE organization_id = current_organization() AND invoice_id = %(id)s ORDER BY line_number
        """,
        {"id": invoice_id, "note_id": row["id"]},
    )
    return int(row["id"])


def want_run(conn: Connection, *, operation_id: int) -> None:
    """The live invoices of a run, as an undo's temp table `wanted_references(reference, label)`."""
    conn.execute(
        """
        CREATE TEMP TABLE wanted_references ON COMMIT DROP AS
        SELECT id AS reference, number AS label FROM invoices
        WHERE organization_id = current_organization() AND operation_id = %(operation_id)s AND kind = 'invoice'
        """,
        {"operation_id": operation_id},
    )


def mark_used_items(conn: Connection) -> None:
    """Say in temp table `held_items` which items stand in invoices."""
    conn.execute(
        """
        UPDATE pg_temp.held_items h SET used_by = 'invoices'
        WHERE h.used_by IS NULL AND h.id IN (
            SELECT l.item_id FROM invoice_lines l WHERE l.organization_id = current_organization()
        )
        """
    )


def mark_freed_orders(conn: Connection) -> None:
    """Say in temp table `held` of open orders that nothing has touched them since their invoice was closed."""
    conn.execute(
        """
        UPDATE pg_temp.held h SET is_freed = true
        FROM invoices i
        WHERE i.organization_id = current_organization() AND i.order_id = ANY (ARRAY(SELECT id FROM pg_temp.held))
          AND i.order_id = h.id AND h.status = 'open' AND i.closed_at = h.updated_at
        """
    )


def find_series(conn: Connection, *, invoice_id: int) -> str:
    (row,) = conn.execute(
        "SELECT series FROM invoices WHERE organization_id = current_organization() AND id = %(id)s",
        {"id": invoice_id},
    ).fetchall()
    return str(row["series"])


def fill_returns(conn: Connection) -> None:
    """Say whose stock comes back, in temp table `stock_returns`: that of the live ones of `held_invoices`."""
    conn.execute(
        """
        INSERT INTO pg_temp.stock_returns (consumer_id)
        SELECT id FROM pg_temp.held_invoices WHERE kind = 'invoice' AND status = 'issued'
        """
    )
