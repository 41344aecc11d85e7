"""For every foreign key: each child has its parent, in its own organization; generated from the catalogue.

PostgreSQL keeps this as long as its triggers run. A restore, a replication role or a key that was made NOT VALID
passes them by.
"""

from psycopg import sql

from tranche.kernel.db.pool import Connection, Row
from tranche.kernel.module import Check


def relation_checks(conn: Connection) -> list[Check]:
    """One check per foreign key of a table that belongs to organizations."""
    return [_check(conn, row) for row in _foreign_keys(conn)]


def _foreign_keys(conn: Connection) -> list[Row]:
    return conn.execute("""
        SELECT c.relname AS child, p.relname AS parent,
            array_agg(a.attname::text ORDER BY pair.place) AS child_columns,
            array_agg(b.attname::text ORDER BY pair.place) AS parent_columns
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_class p ON p.oid = k.confrelid
        CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS pair (child, parent, place)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.child
        JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.parent
        WHERE k.contype = 'f' AND c.relnamespace = 'public'::regnamespace AND k.conparentid = 0
          AND EXISTS (
            SELECT FROM pg_attribute o WHERE o.attrelid = c.oid AND o.attname = 'organization_id' AND NOT o.attisdropped
          )
        GROUP BY k.oid, c.relname, p.relname
        ORDER BY c.relname, p.relname, k.oid
        LIMIT 10000
    """).fetchall()


def _check(conn: Connection, key: Row) -> Check:
    """A left join hashes the parent once; what it misses is looked at again, to say whose it is."""
    pairs = list(zip(key["child_columns"], key["parent_columns"], strict=True))
    statement = sql.SQL("""
        SELECT c.organization_id, {detail} AS detail
        FROM {child} c
        WHERE {given} AND NOT EXISTS (SELECT FROM {parent} p WHERE {same})
    """).format(
        detail=_detail(key, pairs),
        child=sql.Identifier("public", key["child"]),
        parent=sql.Identifier("public", key["parent"]),
        given=sql.SQL(" AND ").join(sql.SQL("{} IS NOT NULL").format(_column("c", child)) for child, _ in pairs),
        same=sql.SQL(" AND ").join(_equal(child, parent) for child, parent in pairs),
    )
    columns = ", ".join(child for child, _ in pairs)
    return Check(name=f"{key['child']} ({columns}) has its {key['parent']}", sql=statement.as_string(conn))


def _detail(key: Row, pairs: list[tuple[str, str]]) -> sql.Composable:
    others = [(child, parent) for child, parent in pairs if child != "organization_id"]
    what = sql.SQL("format({}, {})").format(
        sql.Literal(f"{key['child']}: " + ", ".join(f"{child} %s" for child, _ in pairs)),
        sql.SQL(", ").join(_column("c", child) for child, _ in pairs),
    )
    if not others:
        return what
    elsewhere = sql.SQL("EXISTS (SELECT FROM {} p WHERE {})").format(
        sql.Identifier("public", key["parent"]), sql.SQL(" AND ").join(_equal(*pair) for pair in others)
    )
    return sql.SQL("{} || CASE WHEN {} THEN {} ELSE {} END").format(
        what,
        elsewhere,
        sql.Literal(f" is a row of {key['parent']} of another organization"),
        sql.Literal(f" is no row of {key['parent']}"),
    )


def _equal(child: str, parent: str) -> sql.Composed:
    return sql.SQL("{} = {}").format(_column("p", parent), _column("c", child))


def _column(table: str, name: str) -> sql.Identifier:
    return sql.Identifier(table, name)
