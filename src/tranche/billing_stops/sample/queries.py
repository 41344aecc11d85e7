"""The sample's tables and their generator: plain SQL over generate_series, the same rows for the same number."""

from collections.abc import Mapping

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tranche.kernel.db.pool import Connection, connect

_TABLES = """
CREATE TABLE ci_per (per_id varchar(10), entity_name varchar(254) NOT NULL, upd_dttm timestamptz NOT NULL);
CREATE TABLE ci_prem (prem_id varchar(10), address1 varchar(254) NOT NULL, city varchar(90) NOT NULL,
    postal varchar(12) NOT NULL, upd_dttm timestamptz NOT NULL);
CREATE TABLE ci_acct (acct_id varchar(10), per_id varchar(10) NOT NULL, prem_id varchar(10),
    upd_dttm timestamptz NOT NULL);
CREATE TABLE ci_acct_rel (crp_acct_id varchar(10), acct_id varchar(10), end_dttm timestamptz,
    upd_dttm timestamptz NOT NULL);
CREATE TABLE ci_sa (sa_id varchar(10), acct_id varchar(10) NOT NULL, sa_status_flg char(2) NOT NULL);
CREATE TABLE ci_bseg (bseg_id varchar(12), sa_id varchar(10) NOT NULL, end_dt date NOT NULL,
    bseg_stat_flg char(2) NOT NULL, upd_dttm timestamptz NOT NULL);
CREATE TABLE ci_ft (ft_id varchar(12), sa_id varchar(10) NOT NULL, ft_type_flg char(2) NOT NULL,
    cur_amt numeric(15, 2) NOT NULL, upd_dttm timestamptz NOT NULL);
"""

# One CRP has forty customers. Every eighth customer's last bill is 41 to 400 days old, every two hundredth has none,
# every five hundredth stands under two CRPs.
_ROWS = """
INSERT INTO ci_per SELECT 'P' || lpad(n::text, 8, '0'),
    (ARRAY['Rahman', 'Akter', 'Hossain', 'Begum', 'Chowdhury', 'Islam', 'Khatun', 'Sarker', 'Mia', 'Das'])[1 + n % 10]
    || ', ' || (ARRAY['Anika', 'Farid', 'Nasrin', 'Kamal', 'Shirin', 'Tarek', 'Rupa', 'Imran', 'Laila'])[1 + n / 7 % 9],
    %(before)s FROM generate_series(1, %(most)s) AS n;
INSERT INTO ci_prem SELECT 'R' || lpad(n::text, 8, '0'), 'House ' || 1 + n % 180 || ', Road ' || 1 + n / 180 % 60,
    (ARRAY['Dhanmondi', 'Motijheel', 'Lalbagh', 'Ramna', 'Kamrangirchar', 'Tejgaon'])[1 + n / 11 % 6],
    (1200 + n % 40)::text, %(before)s FROM generate_series(1, %(most)s) AS n;
INSERT INTO ci_acct SELECT 'CPC' || lpad(n::text, 7, '0'), 'P' || lpad(n::text, 8, '0'),
    'R' || lpad(n::text, 8, '0'), %(before)s FROM generate_series(1, %(most)s) AS n;
INSERT INTO ci_acct_rel SELECT 'CRP' || lpad((1 + (n + k * 41) %% %(most)s / 40)::text, 6, '0'),
    'CPC' || lpad(n::text, 7, '0'), NULL, %(before)s
    FROM generate_series(1, %(most)s) AS n CROSS JOIN generate_series(0, 1) AS k WHERE k = 0 OR n % 500 = 0;
INSERT INTO ci_sa SELECT 'S' || lpad(n::text, 8, '0'), 'CPC' || lpad(n::text, 7, '0'), '20'
    FROM generate_series(1, %(most)s) AS n;
INSERT INTO ci_bseg SELECT 'B' || lpad(n::text, 8, '0') || k, 'S' || lpad(n::text, 8, '0'),
    %(today)s - CASE WHEN n % 8 = 0 THEN 41 + n / 8 % 360 ELSE 1 + n % 30 END - 30 * k, '50', %(before)s
    FROM generate_series(1, %(most)s) AS n CROSS JOIN generate_series(0, 1) AS k WHERE n % 200 <> 0;
INSERT INTO ci_ft SELECT 'F' || lpad(n::text, 8, '0') || k, 'S' || lpad(n::text, 8, '0'),
    CASE k WHEN 0 THEN 'BS' ELSE 'PS' END,
    CASE k WHEN 0 THEN 300 + n * 37 % 90000 / 100.0 ELSE -1 * (n * 53 % 60000) / 100.0 END, %(before)s
    FROM generate_series(1, %(most)s) AS n CROSS JOIN generate_series(0, 1) AS k;
"""

_KEYS = """
ALTER TABLE ci_per ADD PRIMARY KEY (per_id);
ALTER TABLE ci_prem ADD PRIMARY KEY (prem_id);
ALTER TABLE ci_acct ADD PRIMARY KEY (acct_id);
ALTER TABLE ci_acct_rel ADD PRIMARY KEY (crp_acct_id, acct_id);
ALTER TABLE ci_sa ADD PRIMARY KEY (sa_id);
ALTER TABLE ci_bseg ADD PRIMARY KEY (bseg_id);
ALTER TABLE ci_ft ADD PRIMARY KEY (ft_id);
CREATE INDEX ON ci_acct (per_id);
CREATE INDEX ON ci_acct (prem_id);
CREATE INDEX ON ci_acct_rel (acct_id);
CREATE INDEX ON ci_sa (acct_id);
CREATE INDEX ON ci_bseg (sa_id);
CREATE INDEX ON ci_ft (sa_id);
CREATE INDEX ON ci_per USING brin (upd_dttm);
CREATE INDEX ON ci_bseg USING brin (upd_dttm);
CREATE INDEX ON ci_ft USING brin (upd_dttm);
"""

# A day at the company: bills go out, payments come in, people move, one leaves its CRP, one is new.
_CHANGES = """
CREATE TEMP TABLE touched ON COMMIT DROP AS
SELECT a.acct_id, s.sa_id, a.prem_id, row_number() OVER (ORDER BY a.acct_id) AS n
FROM (SELECT acct_id, prem_id FROM ci_acct ORDER BY md5(acct_id || %(seed)s) LIMIT %(most)s) AS a
JOIN ci_sa s ON s.acct_id = a.acct_id;
INSERT INTO ci_bseg SELECT 'B' || %(seed)s || n, sa_id, %(today)s, '50', clock_timestamp() FROM touched WHERE n % 2 = 0;
INSERT INTO ci_ft SELECT 'F' || %(seed)s || n, sa_id, 'PS', -10 - n % 90, clock_timestamp() FROM touched;
UPDATE ci_prem m SET address1 = 'Flat ' || t.n || ', ' || m.address1, upd_dttm = clock_timestamp()
FROM touched t WHERE t.prem_id = m.prem_id AND t.n % 5 = 0;
UPDATE ci_acct_rel r SET end_dttm = clock_timestamp(), upd_dttm = clock_timestamp()
FROM touched t WHERE t.acct_id = r.acct_id AND t.n % 50 = 1 AND r.end_dttm IS NULL;
"""


def beside(url: str, *, database: str) -> str:
    """The address of another database on the same server, by the same role."""
    return make_conninfo(url, dbname=database)


def create_database(conn: Connection, *, database: str) -> bool:
    """Make it anew; False when the role may not."""
    name = sql.Identifier(database)
    try:
        conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        conn.execute(sql.SQL("CREATE DATABASE {}").format(name))
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


def find_role(conn: Connection) -> str:
    """Who this connection is."""
    (row,) = conn.execute("SELECT current_user AS role").fetchall()
    return str(row["role"])


def try_connect(url: str) -> Connection | None:
    """A connection, None where there is no such database."""
    try:
        return connect(url, name="tranche sample")
    except psycopg.OperationalError:
        return None


def fill(conn: Connection, *, customers: int, reader: str) -> None:
    """Make the tables and their rows, for `reader` to read."""
    values = {"most": customers}
    with conn.transaction():
        _run(conn, _TABLES, {})
        _run(conn, _ROWS, values)
        _run(conn, _KEYS, {})
        conn.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(sql.Identifier(reader)))
    conn.execute("VACUUM ANALYZE")


def change(conn: Connection, *, customers: int, seed: str) -> None:
    """Let a day pass for so many of them."""
    with conn.transaction():
        _run(conn, _CHANGES, {"most": customers, "seed": seed})


def count_customers(conn: Connection) -> int:
    (row,) = conn.execute("SELECT count(*) AS n FROM ci_acct").fetchall()
    return int(row["n"])


def _run(conn: Connection, text: str, values: Mapping[str, object]) -> None:
    """Statement by statement, with literals of ours in place of the words."""
    for statement in text.split(";\n"):
        if not statement.strip():
            continue
        done = statement.replace("%(today)s", "current_date").replace("%(before)s", "now() - interval '7 days'")
        for name, value in values.items():
            done = done.replace(f"%({name})s", sql.Literal(value).as_string(conn))
        conn.execute(done.replace("%%", "%").encode())
