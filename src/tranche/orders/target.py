"""Orders as a target of the import machine."""

from collections.abc import Sequence
from dataclasses import replace

from tranche.catalog import service as catalog
from tranche.customers import service as customers
from tranche.imports import service as imports
from tranche.imports.corrections.keeping import refuse_while_correcting
from tranche.imports.corrections.port import Made
from tranche.imports.domain import OnDuplicate
from tranche.imports.targets import Import, Judgement, StageLost
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Counts, Operation, Status
from tranche.kernel.text import plural
from tranche.orders.domain import BatchDeleted, BatchUndone
from tranche.orders.fields import ORDER_FIELDS
from tranche.orders.queries import batches, forming, judging, lines, masters, orders, refused, stage, told, undoing
from tranche.orders.queries.rules import Rules

_LEFT_BY = {"stage": "lines", "judge": "orders", "prepare": "masters"}


class OrderTarget:
    """See imports.targets.Target. A row is an order line; positions are orders."""

    name = "order"
    unit = "orders"
    fields = ORDER_FIELDS
    stage_table = "order_import_lines"
    group_column: str | None = "order_number"
    stage_columns: tuple[str, ...] = (
        "order_number",
        "customer_name",
        "customer_code",
        "customer_email",
        "customer_phone",
        "customer_address",
        "order_date",
        "item_code",
        "item_name",
        "quantity",
        "unit_price",
        "tax_rate",
        "currency",
        "notes",
    )

    def clear(self, conn: Connection, work: Import) -> None:
        """Forget lines and groups."""
        stage.clear(conn, import_id=work.id)

    def count_staged(self, conn: Connection, work: Import) -> int:
        """How many lines are staged."""
        return stage.count_lines(conn, import_id=work.id)

    def analyze(self, conn: Connection, *, phase: str) -> None:
        """Statistics of what the phase has left."""
        stage.analyze(conn, part=_LEFT_BY[phase])

    def judge(self, conn: Connection, work: Import) -> Judgement:
        """Rules per line, then per order, then the orders by state; a row without a number is a failed order."""
        return self._judge(conn, _rules(conn, work))

    def judge_again(self, conn: Connection, work: Import) -> Judgement:
        """As `judge`, for a few rows; an order that the batch has cannot take another row."""
        rules = _rules(conn, work)
        if rules.batch_id is not None:
            header = work.headers.get("orderId")
            refused.judge_brought_in(conn, import_id=work.id, batch_id=rules.batch_id, header=header)
        return self._judge(conn, replace(rules, batch_id=None))

    def _judge(self, conn: Connection, rules: Rules) -> Judgement:
        stage.clear_groups(conn, import_id=rules.import_id)
        lines.judge_lines(conn, rules)
        judging.mark_bad_lines(conn, rules)
        forming.create_facts(conn, rules)
        forming.judge_agreement(conn, rules)
        judging.mark_bad_lines(conn, rules)
        masters.wish(conn, rules)
        _match_masters(conn, import_id=rules.import_id)
        masters.judge(conn, rules)
        judging.mark_bad_lines(conn, rules)
        forming.mark_bad_orders(conn, rules)
        forming.settle_uneven(conn, rules)
        forming.group_orders(conn, rules)
        judging.judge_existing(conn, rules)
        judging.name_siblings(conn, rules)
        judging.warn_of_repeats(conn, rules)
        told.warn_of_dates(conn, rules)
        told.warn_of_customers(conn, rules)
        found = forming.tally(conn, rules)
        # Read under another mapping, the file may not have the numbers any more under which orders came in before.
        done = orders.count_batch_orders(conn, batch_id=rules.batch_id) if rules.batch_id else 0
        return Judgement(
            total=found["orders"] + found["orphan_rows"] + done - found["done"],
            done=done,
            failed=found["bad"] + found["orphan_rows"],
            skipped=found["skipped"],
        )

    def prepare(self, conn: Connection, work: Import) -> None:
        """Make the customers and items that sound lines name and nobody has yet."""
        masters.create_wanted(conn, import_id=work.id)
        customers.match_or_create(conn)
        catalog.match_or_create(conn)
        masters.keep_answers(conn, import_id=work.id)

    def next_high(self, conn: Connection, work: Import, *, low: int, size: int) -> int | None:
        """The last order so that the slice has about `size` lines."""
        return stage.find_next_high(conn, import_id=work.id, low=low, size=size)

    def commit(self, conn: Connection, work: Import, *, low: int, high: int) -> Counts:
        """Bring in the orders of these positions, whole; what was overtaken becomes an error."""
        found = stage.create_formed_orders(conn, import_id=work.id, low=low, high=high)
        if found["orders"] != high - low + 1:
            raise StageLost
        batch_id = work.options["batchId"]
        made = stage.insert_orders(conn, batch_id=batch_id)
        if work.options.get("onDuplicate") == OnDuplicate.UPDATE:
            undoing.note_takeovers(conn, batch_id=batch_id)
            made += stage.update_orders(conn, batch_id=batch_id)
        if not stage.insert_lines(conn, import_id=work.id, first_row=found["first_row"], last_row=found["last_row"]):
            raise StageLost
        overtaken = 0
        if made < found["orders"]:
            overtaken = stage.insert_overtaken(conn, import_id=work.id, header=work.headers.get("orderId"))
        return Counts(succeeded=made, failed=overtaken)

    def hold(self, conn: Connection, work: Import) -> None:
        """The batch must still be there when its refused rows come in."""
        batch_id = work.options.get("batchId")
        if batch_id is not None and not batches.lock_batch(conn, batch_id=batch_id):
            raise BatchDeleted("The batch of this import was deleted; upload the file again.")

    def set_apart(self, conn: Connection, work: Import) -> None:
        """A row that an edit moved to an order of the batch must not vanish among that order's own rows."""
        batch_id = work.options.get("batchId")
        if batch_id is not None:
            refused.set_apart(conn, import_id=work.id, batch_id=batch_id, header=work.headers.get("orderId"))

    def name_rest(self, conn: Connection, work: Import) -> None:
        """An order that failed while it was brought in has one error; its other rows need one too."""
        rules = _rules(conn, work)
        if rules.batch_id is not None:
            refused.clear_brought_in(conn, import_id=work.id, batch_id=rules.batch_id)
        judging.name_siblings(conn, rules)

    def find_made(self, conn: Connection, work: Import, *, keys: Sequence[str]) -> dict[str, Made]:
        """The orders of the batch by their numbers."""
        batch_id = work.options.get("batchId")
        found = [] if batch_id is None else refused.find_orders(conn, batch_id=batch_id, numbers=keys)
        return {row["number"]: Made(id=row["id"], label=row["number"]) for row in found}

    def park(self, conn: Connection, work: Import, *, position: int, code: str, message: str) -> Counts:
        """Note the order that could not be brought in, at its first row."""
        group = stage.find_group(conn, import_id=work.id, position=position)
        if group is None:
            raise StageLost
        imports.add_error(
            conn, import_id=work.id, row_number=group["first_row"], code=code, message=f"{group['number']}: {message}"
        )
        return Counts(failed=1)

    def reopen(self, conn: Connection, work: Import) -> None:
        """The batch is being processed again, unless it was deleted, was undone or is being corrected."""
        refuse_while_correcting(conn, import_id=work.id)
        batch_id = work.options.get("batchId")
        if batch_id is None or batches.reopen_batch(conn, batch_id=batch_id):
            return
        if batches.find_batch(conn, batch_id=batch_id):
            raise BatchUndone("The batch of this import was undone; upload the file again.")
        raise BatchDeleted("The batch of this import was deleted; upload the file again.")

    def finished(self, conn: Connection, work: Import, operation: Operation, status: Status) -> None:
        """Write the batch's last word; a dry run has no batch."""
        batch_id = work.options.get("batchId")
        if batch_id is not None:
            batches.finish_batch(conn, batch_id=batch_id, operation=operation, failure=_failure(operation, status))


def _failure(operation: Operation, status: Status) -> str | None:
    if status is Status.CANCELLED and not operation.succeeded:
        return "Cancelled before any order came in; there is nothing to take back."
    if status is Status.CANCELLED:
        verb = "is" if operation.succeeded == 1 else "are"
        kept = f"{plural(operation.succeeded, 'order was', 'orders were')} imported before and {verb} kept."
        return f"Cancelled; {kept} Undo or delete the batch to take them back."
    if status is Status.FAILED and operation.error_code == "all_failed":
        what = "The only order could not" if operation.total == 1 else f"None of the {operation.total:,} orders could"
        return f"{what} be imported; the errors say why."
    return operation.error if status is Status.FAILED else None


def _match_masters(conn: Connection, *, import_id: int) -> None:
    masters.create_wanted(conn, import_id=import_id)
    customers.match(conn)
    catalog.match(conn)


def _rules(conn: Connection, work: Import) -> Rules:
    mapping = work.options.get("mapping") or {}
    return Rules(
        import_id=work.id,
        batch_id=work.options.get("batchId"),
        on_duplicate=work.options.get("onDuplicate", OnDuplicate.ERROR),
        accept_returns=bool(mapping.get("acceptReturns")),
        default_customer=mapping.get("defaultCustomer"),
        default_currency=batches.find_currency(conn),
        headers=work.headers,
    )
