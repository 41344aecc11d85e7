"""The rules for a single staged row, applied to all rows in one statement."""

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from tranche.kernel.db.pool import Connection

# Code, field, condition on a row, message (both as SQL).
RowRule: TypeAlias = tuple[str, str, str, str]

# That no error was found in the staged row `r`. OFFSET 0: it is asked row by row, for a join with the errors that
# were added just now, of which statistics know nothing, would read all of them for each row.
SOUND: Final = """
    NOT EXISTS (
        SELECT FROM import_errors e
        WHERE e.organization_id = current_organization() AND e.import_id = %(import_id)s
          AND e.row_number = r.row_number AND e.severity = 'error' OFFSET 0
    )
"""


def judge_rows(
    conn: Connection,
    *,
    table: str,
    rules: Sequence[RowRule],
    values: Mapping[str, object],
    row: str = "r",
    only: str = "true",
) -> None:
    """Add an error for every broken rule of every row of a stage, unless the reading already faulted that cell.

    The rules call the row `row`; `only` narrows the rows that they are asked of. `values` hold `import_id`, and the
    file's columns as `fields` and `names`.
    """
    verdicts = ",\n".join(
        f"('{code}', '{field}', CASE WHEN {condition} THEN {message} END)" for code, field, condition, message in rules
    )
    conn.execute(
        f"""
        INSERT INTO import_errors (organization_id, import_id, row_number, column_name, severity, code, message)
        SELECT {row}.organization_id, {row}.import_id, {row}.row_number, coalesce(h.header, v.field), 'error',
            v.code, v.message
        FROM {table} {row}
        CROSS JOIN LATERAL (VALUES {verdicts}) AS v (code, field, message)
        LEFT JOIN unnest(%(fields)s::text[], %(names)s::text[]) AS h (field, header) ON h.field = v.field
        WHERE {row}.organization_id = current_organization() AND {row}.import_id = %(import_id)s
          AND ({only})
          AND ({any_of(rules)})
          AND v.message IS NOT NULL
          AND NOT EXISTS (
            SELECT FROM import_errors e
            WHERE e.organization_id = {row}.organization_id AND e.import_id = {row}.import_id
              AND e.row_number = {row}.row_number AND e.column_name = h.header
          )
        ORDER BY {row}.row_number
        """,
        values,
    )


def any_of(rules: Sequence[RowRule]) -> str:
    """That a row breaks any of the rules, as SQL."""
    return " OR ".join(f"({condition})" for _, _, condition, _ in rules)
