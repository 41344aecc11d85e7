"""Items as a target of the import machine."""

from tranche.catalog import service as catalog
from tranche.imports import service as imports
from tranche.imports.domain import OnDuplicate
from tranche.imports.targets import Import, Judgement, StageLost
from tranche.inventory.domain import ImportUndone
from tranche.inventory.fields import ITEM_FIELDS
from tranche.inventory.queries import judging, stage
from tranche.inventory.queries.judging import Rules
from tranche.kernel.db.pool import Connection
from tranche.kernel.operations.domain import Counts, Operation, Status


class ItemTarget:
    """See imports.targets.Target. A row is an item; positions are rows."""

    name = "item"
    unit = "items"
    fields = ITEM_FIELDS
    stage_table = "item_import_rows"
    stage_columns: tuple[str, ...] = ("code", "name", "unit_price", "stock_tracking")

    def clear(self, conn: Connection, work: Import) -> None:
        """Forget the rows."""
        stage.clear(conn, import_id=work.id)

    def count_staged(self, conn: Connection, work: Import) -> int:
        """How many rows are staged."""
        return stage.count_rows(conn, import_id=work.id)

    def analyze(self, conn: Connection, *, phase: str) -> None:
        """No join of the stage depends on how many rows it has."""

    def judge(self, conn: Connection, work: Import) -> Judgement:
        """Rules per row, then which item each row means, then what is there already."""
        rules = _rules(work)
        judging.judge_rows(conn, rules)
        judging.want_items(conn, rules)
        catalog.match(conn)
        judging.judge_meaning(conn, rules)
        judging.judge_tracking(conn, rules)
        judging.decide(conn, rules)
        judging.judge_existing(conn, rules)
        found = judging.tally(conn, rules)
        return Judgement(
            total=found["rows"] + found["done"] - found["found_done"],
            done=found["done"],
            failed=found["bad"],
            skipped=found["skipped"],
        )

    def prepare(self, conn: Connection, work: Import) -> None:
        """An item needs nothing beside itself."""

    def next_high(self, conn: Connection, work: Import, *, low: int, size: int) -> int | None:
        """The last position of the slice."""
        return stage.find_next_high(conn, import_id=work.id, low=low, size=size)

    def commit(self, conn: Connection, work: Import, *, low: int, high: int) -> Counts:
        """Make and change the items of these positions; what was overtaken becomes an error."""
        if stage.create_coming(conn, import_id=work.id, low=low, high=high) != high - low + 1:
            raise StageLost
        stage.keep_tracking(conn)
        catalog.take_in(conn)
        made = stage.insert_effects(conn, import_id=work.id)
        overtaken = stage.insert_overtaken(conn, import_id=work.id, header=work.headers.get("name"))
        return Counts(succeeded=made, failed=overtaken)

    def park(self, conn: Connection, work: Import, *, position: int, code: str, message: str) -> Counts:
        """Note the item that could not be brought in."""
        row = stage.find_row(conn, import_id=work.id, position=position)
        if row is None:
            raise StageLost
        imports.add_error(
            conn, import_id=work.id, row_number=row["row_number"], code=code, message=f"{row['label']}: {message}"
        )
        return Counts(failed=1)

    def reopen(self, conn: Connection, work: Import) -> None:
        """Not once its undo has begun."""
        del conn
        if work.options.get("undoOperationId"):
            raise ImportUndone("This import was undone; upload the file again.")

    def finished(self, conn: Connection, work: Import, operation: Operation, status: Status) -> None:
        """The operation says it all."""


def _rules(work: Import) -> Rules:
    return Rules(
        import_id=work.id,
        on_duplicate=work.options.get("onDuplicate", OnDuplicate.ERROR),
        headers=work.headers,
    )
