"""House rules that the database's catalogue must keep."""

from tranche.kernel.db.pool import Connection

UNTENANTED = {
    "schema_migrations": "the schema is one for all",
    "workers": "a worker works for all organizations",
    "organizations": "its own id is the organization",
    "credentials": "a password belongs to a person, whatever organizations they are in; walled without a policy",
    "setup_links": "before the first organization there is nobody to belong to",
    "sign_in_attempts": "who tries to sign in belongs to nobody yet",
    "order_import_lines": "COPY FROM is refused under a tenant wall; keyed by organization and import",
    "order_import_groups": "belongs to the lines",
    "order_import_customers": "belongs to the lines",
    "order_import_items": "belongs to the lines",
    "installation_schedules": "upkeep of the installation, which no organization owns",
    "installation_schedule_runs": "belongs to installation_schedules",
    "doctor_reports": "an examination looks at all organizations; who reads it sees their own findings",
    "item_import_rows": "as order_import_lines",
    "stock_import_rows": "as order_import_lines",
}
DEFINERS = {
    "find_api_key",
    "find_session",
    "find_entry_link",
    "find_credential",
    "keep_credential",
    "count_credentials",
    "list_memberships",
    "count_organizations",
    "list_runnable_operations",
    "analyze_import_stage",
    "analyze_import_rows",
    "attach_snapshot_part",
    "close_snapshot_part",
    "drop_snapshot_part",
    "index_snapshot_part",
    "open_snapshot_part",
    "list_due_notifications",
    "list_due_schedules",
    "measure_history",
    "measure_now",
    "list_open_schedule_runs",
    "list_unsettled_organizations",
    "list_organization_ids",
}
KEYS_WITHOUT_ORGANIZATION = {
    ("organizations", "organizations_pkey"),
    ("workers", "workers_pkey"),
    ("credentials", "credentials_pkey"),
    ("setup_links", "setup_links_pkey"),
    ("sign_in_attempts", "sign_in_attempts_pkey"),
    ("installation_schedules", "installation_schedules_pkey"),
    ("installation_schedules", "installation_schedules_name_key"),
    ("installation_schedule_runs", "installation_schedule_runs_pkey"),
    ("installation_schedule_runs", "installation_planned_once"),
    ("installation_schedule_runs", "installation_schedule_runs_one_open"),
    ("doctor_reports", "doctor_reports_pkey"),
}
FOREIGN_KEYS_WITHOUT_ORGANIZATION = {("installation_schedule_runs", "installation_schedule_runs_schedule_id_fkey")}

OURS = """
    c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'procrastinate%'
    AND c.relname <> 'schema_migrations'
"""


def test_every_table_has_its_tenant_wall(owner: Connection) -> None:
    rows = owner.execute(
        f"""
        SELECT c.relname AS name FROM pg_class c
        WHERE {OURS} AND c.relkind IN ('r', 'p')
          AND NOT (c.relrowsecurity AND EXISTS (
            SELECT FROM pg_policy p
            WHERE p.polrelid = c.oid AND p.polcmd = '*' AND p.polqual IS NOT NULL AND p.polwithcheck IS NOT NULL
          ))
        """
    ).fetchall()
    assert {row["name"] for row in rows} <= UNTENANTED.keys()


def test_every_tenant_wall_compares_the_tables_organization(owner: Connection) -> None:
    rows = owner.execute(
        f"""
        SELECT c.relname AS name, pg_get_expr(p.polqual, c.oid) AS shown, pg_get_expr(p.polwithcheck, c.oid) AS written
        FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid WHERE {OURS}
        """
    ).fetchall()
    assert rows
    for row in rows:
        column = "id" if row["name"] == "organizations" else "organization_id"
        assert row["shown"] == row["written"]
        assert row["shown"].startswith(f"({column} = "), row["name"]


def test_every_key_holds_the_organization(owner: Connection) -> None:
    rows = owner.execute(
        f"""
        SELECT c.relname AS "table", i.relname AS key
        FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
        WHERE {OURS} AND x.indisunique AND NOT EXISTS (
            SELECT FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND a.attnum = x.indkey[0]
        )
        """
    ).fetchall()
    assert {(row["table"], row["key"]) for row in rows} == KEYS_WITHOUT_ORGANIZATION


def test_every_foreign_key_holds_the_organization(owner: Connection) -> None:
    rows = owner.execute(
        f"""
        SELECT c.relname AS "table", k.conname AS key
        FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
        WHERE {OURS} AND k.contype = 'f' AND NOT EXISTS (
            SELECT FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND a.attnum = k.conkey[1]
        )
        """
    ).fetchall()
    assert {(row["table"], row["key"]) for row in rows} == FOREIGN_KEYS_WITHOUT_ORGANIZATION


def test_only_the_known_functions_see_across_organizations(owner: Connection) -> None:
    rows = owner.execute(
        """
        SELECT p.proname AS name, p.proconfig AS config FROM pg_proc p
        WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND p.proname NOT LIKE 'procrastinate%'
        """
    ).fetchall()
    assert {row["name"] for row in rows} == DEFINERS
    assert all(any(entry.startswith("search_path=") for entry in row["config"]) for row in rows)


def test_every_view_asks_with_the_askers_rights(owner: Connection) -> None:
    rows = owner.execute(
        f"""
        SELECT c.relname AS name FROM pg_class c
        WHERE {OURS} AND c.relkind = 'v' AND NOT coalesce('security_invoker=true' = ANY (c.reloptions), false)
        """
    ).fetchall()
    assert rows == []


def test_the_plain_role_may_not_truncate_nor_change_the_audit_log(owner: Connection) -> None:
    rows = owner.execute(
        f"""
        SELECT c.relname AS name FROM pg_class c
        WHERE {OURS} AND c.relkind IN ('r', 'p')
          AND (has_table_privilege('tranche_app', c.oid, 'TRUNCATE')
            OR c.relname IN ('audit_entries', 'audit_seals')
              AND has_table_privilege('tranche_app', c.oid, 'UPDATE, DELETE'))
        """
    ).fetchall()
    assert rows == []


def test_no_number_column_takes_what_is_not_a_number(owner: Connection) -> None:
    """A CHECK that only says `> 0` lets NaN through, so every numeric column names it."""
    rows = owner.execute(
        f"""
        SELECT c.relname || '.' || a.attname AS name
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        WHERE {OURS} AND c.relkind = 'r' AND a.atttypid = 'numeric'::regtype AND a.attnum > 0
          AND NOT EXISTS (
            SELECT FROM pg_constraint k
            WHERE k.conrelid = c.oid AND k.contype = 'c' AND a.attnum = ANY (k.conkey)
              AND (pg_get_constraintdef(k.oid) LIKE '%%NaN%%' OR pg_get_constraintdef(k.oid) LIKE '%%<= (100%%')
          )
        """.replace("%%", "%")
    ).fetchall()
    assert rows == []
