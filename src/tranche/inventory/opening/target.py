"""Opening stock as a target of the import machine."""

from typing import Final
from uuid import NAMESPACE_OID, UUID, uuid5

from tranche.catalog import service as catalog
from tranche.imports import service as imports
from tranche.imports.domain import OnDuplicate
from tranche.imports.targets import Import, Judgement, StageLost
from tranche.inventory.opening.fields import STOCK_FIELDS
from tranche.inventory.opening.queries import judging, stage
from tranche.inventory.opening.queries.judging import Rules
from tranche.inventory.queries.tracking import has_plain, number_plain
from tranche.inventory.service.numbering import next_number
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Counts, Operation, Status

BRANCH: Final = "branchId"
USER: Final = "userId"


class StockTarget:
    """See imports.targets.Target. A row is what a branch has of a lot, or of an item without lots."""

    name = "stock"
    unit = "rows"
    fields = STOCK_FIELDS
    stage_table = "stock_import_rows"
    stage_columns: tuple[str, ...] = (
        "item_code",
        "item_name",
        "lot_number",
        "quantity",
        "expires",
        "made",
        "cost_price",
        "unit_price",
        "supplier_number",
        "notes",
    )

    def clear(self, conn: Connection, work: Import) -> None:
        """Forget the rows."""
        stage.clear(conn, import_id=work.id)

    def count_staged(self, conn: Connection, work: Import) -> int:
        """How many rows are staged."""
        return stage.count_rows(conn, import_id=work.id)

    def analyze(self, conn: Connection, *, phase: str) -> None:
        """No join of the stage depends on how many rows it has."""

    def judge(self, conn: Connection, work: Import) -> Judgement:
        """Rules per row, then which item and lot each row means, then what is there already."""
        rules = _rules(work)
        judging.judge_rows(conn, rules)
        judging.want_items(conn, rules)
        catalog.match(conn)
        judging.judge_meaning(conn, rules)
        judging.decide(conn, rules)
        judging.judge_existing(conn, rules)
        found = judging.tally(conn, rules)
        return Judgement(total=found["rows"], done=found["done"], failed=found["bad"], skipped=found["skipped"])

    def prepare(self, conn: Connection, work: Import) -> None:
        """Make the items that are missing, and turn on how their stock is tracked."""
        stage.want_items(conn, import_id=work.id)
        catalog.match_or_create(conn)
        stage.keep_items(conn, import_id=work.id)
        for item_id in stage.turn_tracking(conn, import_id=work.id):
            if has_plain(conn, item_id=item_id):
                number_plain(conn, item_id=item_id, number=next_number(conn))

    def next_high(self, conn: Connection, work: Import, *, low: int, size: int) -> int | None:
        """The last position of the slice."""
        return stage.find_next_high(conn, import_id=work.id, low=low, size=size)

    def commit(self, conn: Connection, work: Import, *, low: int, high: int) -> Counts:
        """Make the lots of these positions and move their stock in; what was overtaken becomes an error."""
        if stage.create_arriving(conn, import_id=work.id, low=low, high=high) != high - low + 1:
            raise StageLost
        user_id = work.options.get(USER)
        stage.insert_lots(conn, user_id=user_id)
        made = stage.insert_openings(
            conn, import_id=work.id, branch_id=work.options[BRANCH], group_id=group_of(work.id), user_id=user_id
        )
        overtaken = stage.insert_overtaken(conn, import_id=work.id, header=work.headers.get("lotNumber"))
        return Counts(succeeded=made, failed=overtaken)

    def park(self, conn: Connection, work: Import, *, position: int, code: str, message: str) -> Counts:
        """Note the row that could not be brought in."""
        row = stage.find_row(conn, import_id=work.id, position=position)
        if row is None:
            raise StageLost
        imports.add_error(
            conn, import_id=work.id, row_number=row["row_number"], code=code, message=f"{row['label']}: {message}"
        )
        return Counts(failed=1)

    def reopen(self, conn: Connection, work: Import) -> None:
        """Always."""

    def finished(self, conn: Connection, work: Import, operation: Operation, status: Status) -> None:
        """The operation says it all."""


def group_of(import_id: int) -> UUID:
    """The one operation on the stock that an import is: all its movements are undone together."""
    return uuid5(NAMESPACE_OID, f"stock import {import_id}")


def _rules(work: Import) -> Rules:
    return Rules(
        import_id=work.id,
        branch_id=work.options[BRANCH],
        on_duplicate=work.options.get("onDuplicate", OnDuplicate.ERROR),
        headers=work.headers,
    )
