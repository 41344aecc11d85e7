"""What must be true after every fault: the file is in the database exactly once, and the books agree."""

from collections import Counter
from collections.abc import Collection
from decimal import Decimal

from tests.chaos.files import GoodOrder, Line, OrdersFile
from tests.chaos.house import House, Started

DIED = "process_died"


def assert_imported(house: House, file: OrdersFile, started: Started, *, parked: Collection[str] = ()) -> None:
    """Every good order of the file once, all else named as an error; `parked` orders were set aside."""
    wanted = {number: order for number, order in file.good.items() if number not in parked}
    _assert_ended(house, file, started, wanted=len(wanted))
    assert found_orders(house, started) == wanted
    assert found_errors(house, started) == file.errors + _errors_of_parked(file, parked)
    assert_tidy(house)
    assert_sound(house)


def _errors_of_parked(file: OrdersFile, parked: Collection[str]) -> Counter[tuple[int, str]]:
    """The first row says why, the others that the order was not brought in."""
    errors: Counter[tuple[int, str]] = Counter()
    for number in parked:
        first, *others = (line.row for line in file.good[number].lines)
        errors.update([(first, DIED), *((row, "order_rejected") for row in others)])
    return errors


def _assert_ended(house: House, file: OrdersFile, started: Started, *, wanted: int) -> None:
    failed = file.total - wanted
    operation = house.operation(started)
    assert operation.status == ("completed_with_errors" if failed else "completed"), operation
    assert (operation.total, operation.succeeded, operation.failed) == (file.total, wanted, failed)
    assert (operation.skipped, operation.cancelled, operation.unknown, operation.pending) == (0, 0, 0, 0)
    (batch,) = house.rows("SELECT * FROM order_batches WHERE id = %(id)s", {"id": started.batch_id})
    assert batch["status"] == "completed"
    assert batch["completed_at"] is not None
    counters = (batch["total_orders"], batch["successful_orders"], batch["failed_orders"], batch["skipped_orders"])
    assert counters == (file.total, wanted, failed, 0)
    assert batch["error_count"] == len(list(found_errors(house, started).elements()))


def found_orders(house: House, started: Started) -> dict[str, GoodOrder]:
    """The batch's orders as the database has them."""
    rows = house.rows(
        """
        SELECT o.number, c.code AS customer, o.line_count, o.total,
            json_agg(json_build_array(i.code, l.quantity::text, l.unit_price::text, l.source_row)
                ORDER BY l.line_number) AS lines
        FROM orders o
        JOIN customers c ON c.organization_id = o.organization_id AND c.id = o.customer_id
        LEFT JOIN order_lines l ON l.organization_id = o.organization_id AND l.order_id = o.id
        LEFT JOIN items i ON i.organization_id = l.organization_id AND i.id = l.item_id
        WHERE o.batch_id = %(batch)s GROUP BY o.number, c.code, o.line_count, o.total
        """,
        {"batch": started.batch_id},
    )
    found = {}
    for row in rows:
        lines = tuple(
            Line(item=item, quantity=Decimal(quantity), unit_price=Decimal(price), row=at)
            for item, quantity, price, at in row["lines"]
        )
        assert row["total"] == sum(line.quantity * line.unit_price for line in lines), row["number"]
        found[row["number"]] = GoodOrder(customer=row["customer"], lines=lines)
    assert len(found) == len(rows), "an order is there twice"
    return found


def found_errors(house: House, started: Started) -> Counter[tuple[int, str]]:
    """The errors by row and code, each as often as it is there."""
    rows = house.rows(
        "SELECT row_number, code FROM import_errors WHERE import_id = %(id)s AND severity = 'error'",
        {"id": started.import_id},
    )
    return Counter((row["row_number"], row["code"]) for row in rows)


def assert_tidy(house: House) -> None:
    """No claim is left over, and the stage is empty again."""
    assert house.claims() == []
    (left,) = house.rows(
        """
        SELECT (SELECT count(*) FROM order_import_lines) AS lines, (SELECT count(*) FROM order_import_groups) AS groups
        """
    )
    assert left == {"lines": 0, "groups": 0}


def assert_sound(house: House) -> None:
    """All checks of `tranche doctor`, of every module."""
    checks = [check for module in house.modules for check in module.checks]
    assert checks
    hits = {check.name: found for check in checks if (found := house.rows(check.sql))}
    assert hits == {}
