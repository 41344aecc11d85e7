"""Finding or making master records for many wishes at once: by code, else by folded name.

The wishes stand in a TEMP table with at least `code`, `name` and the target's id column. Two columns are added:
`name_folded`, and `refusal`, which says why a wish stays without an id ("ambiguous", "unnamed").

Many transactions may do this at the same time, under READ COMMITTED. Who meets a record that another transaction
is just making waits for it and then takes it. Records are made in the order of their codes, then in the order of
their names, and last of all old ones are locked in the order of their ids: so waits never form a circle.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tranche.kernel.db.pool import Connection
from tranche.kernel.text import fold_sql


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A table with `organization_id, id, code, name, name_folded` and the fixed names that the SQL is composed of.

    `extras` are further columns that wishes may carry, each with its type's "nothing" as SQL over `w`, by which an
    empty value is told: they are filled where the record has none and never overwritten.
    """

    table: str
    wanted: str
    id_column: str
    extras: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchCounts:
    """`answered`, `ambiguous` and `unnamed` count wishes; the others count records."""

    answered: int
    ambiguous: int
    unnamed: int
    created: int = 0
    filled: int = 0
    missing: int = 0


def match(conn: Connection, *, target: Target) -> MatchCounts:
    """Answer the wishes that old records fulfil; `missing` says how many records would have to be made."""
    _prepare(conn, target)
    _match_codes(conn, target)
    _match_names(conn, target)
    return _count_answers(conn, target)


def match_or_create(conn: Connection, *, target: Target) -> MatchCounts:
    """Answer all wishes that can be answered, making what is missing and filling what is empty."""
    _prepare(conn, target)
    _match_codes(conn, target)
    created = _insert_coded(conn, target)
    _match_codes(conn, target)
    _match_names(conn, target)
    created += _insert_named(conn, target)
    _match_made_names(conn, target)
    filled = _fill_empty(conn, target)
    return replace(_count_answers(conn, target), created=created, filled=filled)


def _prepare(conn: Connection, target: Target) -> None:
    """Fold the names, forget earlier answers, and let the planner know the table's size."""
    conn.execute(
        f"""
        ALTER TABLE pg_temp.{target.wanted}
            ADD COLUMN IF NOT EXISTS name_folded text, ADD COLUMN IF NOT EXISTS refusal text
        """
    )
    conn.execute(
        f"""
        UPDATE pg_temp.{target.wanted} AS w
        SET {target.id_column} = NULL, code = nullif(btrim(w.code), ''), name_folded = nullif({fold_sql("w.name")}, ''),
            refusal = CASE WHEN nullif(btrim(w.code), '') IS NULL AND nullif({fold_sql("w.name")}, '') IS NULL
                           THEN 'unnamed' END
        """
    )
    conn.execute(f"ANALYZE pg_temp.{target.wanted}")


def _match_codes(conn: Connection, target: Target) -> None:
    conn.execute(
        f"""
        UPDATE pg_temp.{target.wanted} AS w
        SET {target.id_column} = r.id
        FROM {target.table} r
        WHERE r.organization_id = current_organization() AND r.code = w.code AND w.{target.id_column} IS NULL
        """
    )


def _match_names(conn: Connection, target: Target) -> None:
    """Wishes without a code. A name that several records have, old ones or ones still to be made, is ambiguous."""
    conn.execute(
        f"""
        WITH namesakes AS (
            SELECT r.name_folded, r.id FROM {target.table} r
            WHERE r.organization_id = current_organization()
              AND r.name_folded IN (SELECT w.name_folded FROM pg_temp.{target.wanted} w WHERE w.code IS NULL)
            UNION ALL
            SELECT {fold_sql("n.name")}, NULL FROM ({_new_coded(target)}) n
        ), counted AS (
            SELECT name_folded, min(id) AS id, count(*) AS n FROM namesakes GROUP BY name_folded
        )
        UPDATE pg_temp.{target.wanted} AS w
        SET {target.id_column} = CASE WHEN c.n = 1 THEN c.id END,
            refusal = CASE WHEN c.n > 1 THEN 'ambiguous' END
        FROM counted c
        WHERE w.code IS NULL AND w.name_folded = c.name_folded
        """
    )


def _count_answers(conn: Connection, target: Target) -> MatchCounts:
    """A name alone that a new code brings along is not missing once more."""
    (row,) = conn.execute(
        f"""
        SELECT count(w.{target.id_column}) AS answered,
               count(*) FILTER (WHERE w.refusal = 'ambiguous') AS ambiguous,
               count(*) FILTER (WHERE w.refusal = 'unnamed') AS unnamed,
               count(DISTINCT w.code) FILTER (WHERE w.{target.id_column} IS NULL)
               + count(DISTINCT w.name_folded) FILTER (
                    WHERE w.{target.id_column} IS NULL AND w.code IS NULL AND w.refusal IS NULL
                      AND b.name_folded IS NULL
               ) AS missing
        FROM pg_temp.{target.wanted} w
        LEFT JOIN (SELECT DISTINCT {fold_sql("n.name")} AS name_folded FROM ({_new_coded(target)}) n) b
            ON b.name_folded = w.name_folded AND w.code IS NULL
        """
    ).fetchall()
    return MatchCounts(**row)


def _insert_coded(conn: Connection, target: Target) -> int:
    """Make the records whose codes are still unknown; a code alone is also the name."""
    columns = "".join(f", {column}" for column in target.extras)
    return conn.execute(
        f"""
        INSERT INTO {target.table} (organization_id, code, name, name_folded{columns})
        SELECT current_organization(), n.code, n.name, {fold_sql("n.name")}{columns}
        FROM ({_new_coded(target)}) n
        ORDER BY n.code
        ON CONFLICT (organization_id, code) DO NOTHING
        """
    ).rowcount


def _insert_named(conn: Connection, target: Target) -> int:
    """Make the records of which only a name is known."""
    columns = "".join(f", {column}" for column in target.extras)
    return conn.execute(
        f"""
        INSERT INTO {target.table} (organization_id, name, name_folded{columns})
        SELECT current_organization(), n.name, n.name_folded{columns}
        FROM (
            SELECT w.name_folded, {_usual("btrim(w.name)")} AS name{_usual_extras(target)}
            FROM pg_temp.{target.wanted} w
            WHERE w.code IS NULL AND w.{target.id_column} IS NULL AND w.refusal IS NULL
            GROUP BY w.name_folded
        ) n
        ORDER BY n.name_folded
        ON CONFLICT (organization_id, name_folded) WHERE code IS NULL DO NOTHING
        """
    ).rowcount


def _match_made_names(conn: Connection, target: Target) -> None:
    """After `_insert_named`: take the one record without a code, whoever made it."""
    conn.execute(
        f"""
        UPDATE pg_temp.{target.wanted} AS w
        SET {target.id_column} = r.id
        FROM {target.table} r
        WHERE r.organization_id = current_organization() AND r.code IS NULL AND r.name_folded = w.name_folded
          AND w.code IS NULL AND w.{target.id_column} IS NULL AND w.refusal IS NULL
        """
    )


def _fill_empty(conn: Connection, target: Target) -> int:
    """Give records what they lack and a wish has; what stands there stays.

    What is given stands in an indexed table of its own: statistics know neither how many wishes have been answered
    nor a new organization, and a plan for one row of each would read all of one for each row of the other.
    """
    lacking = " OR ".join(f"r.{column} IS NULL AND g.{column} IS NOT NULL" for column in target.extras)
    filled = ", ".join(f"{column} = coalesce(r.{column}, g.{column})" for column in target.extras)
    conn.execute("DROP TABLE IF EXISTS pg_temp.given")
    conn.execute(
        f"""
        CREATE TEMP TABLE given ON COMMIT DROP AS
        SELECT w.{target.id_column} AS id{_usual_extras(target)}
        FROM pg_temp.{target.wanted} w
        WHERE w.{target.id_column} IS NOT NULL
        GROUP BY w.{target.id_column}
        """
    )
    conn.execute("ALTER TABLE pg_temp.given ADD PRIMARY KEY (id)")
    conn.execute(
        f"""
        SELECT count(*) FROM (
            SELECT FROM {target.table} r JOIN pg_temp.given g ON g.id = r.id
            WHERE r.organization_id = current_organization() AND ({lacking})
            ORDER BY r.id FOR NO KEY UPDATE OF r
        ) AS locked
        """
    )
    return conn.execute(
        f"""
        UPDATE {target.table} AS r
        SET {filled}, updated_at = now()
        FROM pg_temp.given g
        WHERE r.organization_id = current_organization() AND r.id = g.id AND ({lacking})
        """
    ).rowcount


def _new_coded(target: Target) -> str:
    """One row for each code that no record has yet."""
    return f"""
        SELECT w.code,
               coalesce({_usual("btrim(w.name)")} FILTER (WHERE w.name_folded IS NOT NULL), w.code) AS name
               {_usual_extras(target)}
        FROM pg_temp.{target.wanted} w
        WHERE w.code IS NOT NULL AND w.{target.id_column} IS NULL
        GROUP BY w.code
    """


def _usual_extras(target: Target) -> str:
    return "".join(f", {_usual(value)} AS {column}" for column, value in target.extras.items())


def _usual(expression: str) -> str:
    """The most frequent value that is not NULL, of equally frequent ones the least: the same in every run."""
    return f"mode() WITHIN GROUP (ORDER BY {expression})"
