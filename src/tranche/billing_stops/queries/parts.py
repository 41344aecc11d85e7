"""The parts of a snapshot: opened, filled by COPY, summed up, indexed, attached, dropped."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import psycopg
from psycopg import sql

from tranche.billing_stops.datasets import DataSet
from tranche.billing_stops.domain import BadRow
from tranche.kernel.db.pool import Connection

DETAIL, SUMMARY = "detail", "summary"
_CHANGED = "snapshot_changes"
_SHOWN = 5

# Of a row that cannot be taken the server tells all columns; only the two keys may be repeated.
_KEYS = re.compile(r"^Failing row contains \(\d+, \d+, ([^,]{1,50}), ([^,]{1,50}), ")
_PLACE = re.compile(r"line (\d+)(?:, column (\w+))?")


def open_part(conn: Connection, *, snapshot_id: int, part: str) -> None:
    """An empty one; what an earlier attempt had left is gone. Details can be written and not yet read."""
    conn.execute("SELECT open_snapshot_part(%(id)s, %(part)s)", {"id": snapshot_id, "part": part})


def close_details(conn: Connection, *, snapshot_id: int) -> None:
    """The details are whole: from here on they are read and not written, by their organization alone."""
    conn.execute("SELECT close_snapshot_part(%(id)s, %(part)s)", {"id": snapshot_id, "part": DETAIL})


def copy_in(
    conn: Connection, data_set: DataSet, *, snapshot_id: int, data: bytes, is_binary: bool, rows_before: int
) -> None:
    """Load rows of the details.

    Raises:
        BadRow: names the row, its keys where it is known, and what is wrong with it.
    """
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT {})").format(
        sql.Identifier(f"snapshot_{snapshot_id}_{DETAIL}"),
        sql.SQL(", ").join(map(sql.Identifier, data_set.names)),
        sql.SQL("binary" if is_binary else "text"),
    )
    _copy(conn, statement, data, rows_before=rows_before)


def merge_changes(
    conn: Connection, data_set: DataSet, *, snapshot_id: int, base_id: int, cutoff: date, is_status_given: bool
) -> int:
    """Fill the part with what did not change since the base and with what did; how many rows it has then."""
    columns = sql.SQL(", ").join(map(sql.Identifier, data_set.names))
    same_key = sql.SQL(" AND ").join(sql.SQL("c.{0} = d.{0}").format(sql.Identifier(name)) for name in data_set.key)
    kept = sql.SQL(", ").join(
        # Time alone makes a stop of a bill that has grown old.
        sql.SQL(data_set.rule.sql("d", cutoff=cutoff))
        if name == data_set.rule.column and not is_status_given
        else sql.SQL("d.{}").format(sql.Identifier(name))
        for name in data_set.names
    )
    statement = sql.SQL("""
        INSERT INTO {part} ({columns})
        SELECT {kept} FROM {details} d
        WHERE d.organization_id = current_organization() AND d.snapshot_id = {base}
          AND NOT EXISTS (SELECT FROM {changed} c WHERE {same_key})
        UNION ALL
        SELECT {columns} FROM {changed} WHERE is_removed IS NOT TRUE
    """).format(
        part=sql.Identifier(f"snapshot_{snapshot_id}_{DETAIL}"),
        details=sql.Identifier(f"{data_set.name}_detail_rows"),
        base=sql.Literal(base_id),
        changed=sql.Identifier(_CHANGED),
        columns=columns,
        kept=kept,
        same_key=same_key,
    )
    try:
        return conn.execute(statement).rowcount
    except psycopg.errors.IntegrityError as error:
        raise _bad_row(error, rows_before=0) from error


def open_changes(conn: Connection, data_set: DataSet) -> None:
    """A table of this transaction for the rows that the source says have changed."""
    conn.execute(
        sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {}, false AS is_removed FROM {} WHERE false").format(
            sql.Identifier(_CHANGED),
            sql.SQL(", ").join(map(sql.Identifier, data_set.names)),
            sql.Identifier(f"{data_set.name}_detail_rows"),
        )
    )


def copy_changes(conn: Connection, data_set: DataSet, *, data: bytes, is_binary: bool, rows_before: int) -> None:
    """Load rows of the changes.

    Raises:
        BadRow: as `copy_in`.
    """
    names = [*data_set.names, "is_removed"]
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT {})").format(
        sql.Identifier(_CHANGED),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL("binary" if is_binary else "text"),
    )
    _copy(conn, statement, data, rows_before=rows_before)


def sum_up(conn: Connection, data_set: DataSet, *, snapshot_id: int) -> int:
    """Fill the summary by one GROUP BY over the details; how many groups it has."""
    measures = data_set.measures
    statement = sql.SQL("""
        INSERT INTO {summary} ({group}, {names}) SELECT d.{group}, {figures} FROM {details} d GROUP BY d.{group}
    """).format(
        summary=sql.Identifier(f"snapshot_{snapshot_id}_{SUMMARY}"),
        details=sql.Identifier(f"snapshot_{snapshot_id}_{DETAIL}"),
        group=sql.Identifier(data_set.group_by),
        names=sql.SQL(", ").join(sql.Identifier(measure.name) for measure in measures),
        figures=sql.SQL(", ").join(sql.SQL(measure.sql) for measure in measures),
    )
    return conn.execute(statement).rowcount


def read_totals(conn: Connection, data_set: DataSet, *, snapshot_id: int) -> dict[str, Decimal]:
    """The figures of the whole, from the summary; empty where there is no group."""
    statement = sql.SQL("SELECT {} FROM {} s").format(
        sql.SQL(", ").join(
            sql.SQL("{} AS {}").format(sql.SQL(f"({measure.total})::numeric"), sql.Identifier(measure.name))
            for measure in data_set.measures
        ),
        sql.Identifier(f"snapshot_{snapshot_id}_{SUMMARY}"),
    )
    (row,) = conn.execute(statement).fetchall()
    return {name: value for name, value in row.items() if value is not None}


def index_part(conn: Connection, *, snapshot_id: int, part: str) -> bool:
    """Make the next index that is missing, the primary key first; False when all are there.

    Raises:
        Duplicates: the key is not one.
    """
    try:
        (row,) = conn.execute(
            "SELECT index_snapshot_part(%(id)s, %(part)s) AS made", {"id": snapshot_id, "part": part}
        ).fetchall()
    except psycopg.errors.UniqueViolation as error:
        raise Duplicates from error
    return bool(row["made"])


class Duplicates(Exception):
    """Some keys stand more than once in the details."""


def list_duplicates(conn: Connection, data_set: DataSet, *, snapshot_id: int) -> Sequence[str]:
    """The first keys that stand more than once, as a person would name them."""
    key = sql.SQL(", ").join(map(sql.Identifier, data_set.key))
    rows = conn.execute(
        sql.SQL(
            "SELECT {key}, count(*) AS n FROM {part} GROUP BY {key} HAVING count(*) > 1 ORDER BY {key} LIMIT {most}"
        ).format(key=key, part=sql.Identifier(f"snapshot_{snapshot_id}_{DETAIL}"), most=sql.Literal(_SHOWN))
    ).fetchall()
    crp, cpc = data_set.key
    return [f"{row[cpc]} under {row[crp]} ({row['n']} times)" for row in rows]


def attach_part(conn: Connection, *, snapshot_id: int, part: str) -> None:
    conn.execute("SELECT attach_snapshot_part(%(id)s, %(part)s)", {"id": snapshot_id, "part": part})


def drop_part(conn: Connection, *, snapshot_id: int, part: str) -> bool:
    """Drop it unless somebody reads it now: whoever comes after us would wait behind us. Whether it is gone."""
    try:
        with conn.transaction():
            conn.execute("SELECT set_config('lock_timeout', '100ms', true)")
            conn.execute("SELECT drop_snapshot_part(%(id)s, %(part)s)", {"id": snapshot_id, "part": part})
    except psycopg.errors.LockNotAvailable:
        return False
    return True


def settle_long(conn: Connection, *, seconds: int, memory: str) -> None:
    """Allow the rest of this transaction's statements the time and the memory that sorting millions of rows takes."""
    conn.execute(
        "SELECT set_config('statement_timeout', %(time)s, true), set_config('maintenance_work_mem', %(memory)s, true), "
        "set_config('work_mem', '64MB', true)",
        {"time": f"{seconds}s", "memory": memory},
    )


def _copy(conn: Connection, statement: sql.Composed, data: bytes, *, rows_before: int) -> None:
    try:
        with conn.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(data)
    except (psycopg.errors.IntegrityError, psycopg.errors.DataError) as error:
        raise _bad_row(error, rows_before=rows_before) from error


def _bad_row(error: psycopg.Error, *, rows_before: int) -> BadRow:
    """A sentence without the row's data: they are people's."""
    diag = error.diag
    place = _PLACE.search(diag.context or "")
    keys = _KEYS.match(diag.message_detail or "")
    column = diag.column_name or (place.group(2) if place else None)
    if isinstance(error, psycopg.errors.CheckViolation):
        what = f"{_checked(diag.constraint_name or '')}"
    elif isinstance(error, psycopg.errors.NotNullViolation):
        what = f"{column} is empty"
    elif isinstance(error, psycopg.errors.StringDataRightTruncation):
        what = f"{column or 'a text'} is longer than the column"
    else:
        what = f"{column or 'a value'} is not of its type, or too large"
    row = f"Row {rows_before + int(place.group(1)):,} of the source" if place else "A row of the source"
    whom = f" (customer {keys.group(2)} under {keys.group(1)})" if keys else ""
    return BadRow(f"{row}{whom} cannot be taken: {what}. The data of the last run stay.", code="bad_row")


def _checked(constraint: str) -> str:
    reasons = {
        "current_balance": "current_balance is not a finite number",
        "last_bill_date": "last_bill_date is not a day of the calendar",
        "billing_status": "billing_status is not one of its words",
    }
    return next((said for name, said in reasons.items() if name in constraint), "a key is empty")
