"""What must be true of the schema itself: versions, roles, tenant walls, keys, views and functions.

Every exception is named here, so that a new one is a decision and not an accident.
"""

from tranche.kernel.module import Check

OLDEST_VERSION = 15

# Tables of the whole installation: they hold nothing of an organization.
GLOBAL_TABLES = (
    "credentials",
    "doctor_reports",
    "installation_schedule_runs",
    "installation_schedules",
    "organizations",
    "schema_migrations",
    "setup_links",
    "sign_in_attempts",
    "workers",
    "procrastinate_events",
    "procrastinate_jobs",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
)

# Stages take COPY, which is refused under row security; only imports read them, keyed by organization and import.
WALLLESS_TABLES = (
    "item_import_rows",
    "stock_import_rows",
    "order_import_customers",
    "order_import_groups",
    "order_import_items",
    "order_import_lines",
)

# Functions that see across organizations or need ownership, each with a reason in its migration.
DEFINER_FUNCTIONS = (
    "analyze_import_rows()",
    "analyze_import_stage(part text)",
    "attach_snapshot_part(wanted bigint, part text)",
    "close_snapshot_part(wanted bigint, part text)",
    "count_credentials()",
    "count_organizations()",
    "drop_snapshot_part(wanted bigint, part text)",
    "find_api_key(presented bytea)",
    "index_snapshot_part(wanted bigint, part text)",
    "find_credential(address text)",
    "find_entry_link(presented bytea)",
    "find_session(presented bytea)",
    "keep_credential(address text, hash text)",
    "list_due_schedules(most integer)",
    "measure_history()",
    "measure_now()",
    "list_open_schedule_runs(most integer)",
    "list_organization_ids(behind bigint, most integer)",
    "list_due_notifications(wanted text, most integer)",
    "list_memberships(address text)",
    "list_runnable_operations(most integer)",
    "open_snapshot_part(wanted bigint, part text)",
    "list_unsettled_organizations(names text[], crons text[], zones text[], changed boolean, most integer)",
)

# As the server writes the two expressions back.
_WALL = "(organization_id = (NULLIF(current_setting('app.organization_id'::text, true), ''::text))::bigint)"
_OWN_WALL = "(id = current_organization())"


def _texts(values: tuple[str, ...]) -> str:
    return "ARRAY[{}]::text[]".format(", ".join("'{}'".format(value.replace("'", "''")) for value in values))


def version_check(*, oldest: int = OLDEST_VERSION) -> Check:
    """The server is not older than what the SQL needs."""
    return Check(
        name=f"PostgreSQL is {oldest} or newer",
        sql=f"""
            SELECT NULL::bigint AS organization_id, format('it is %s', current_setting('server_version')) AS detail
            WHERE current_setting('server_version_num')::integer < {oldest * 10_000}
        """,
    )


_PLAIN_ROLE = Check(
    name="whoever serves is held by the walls",
    sql="""
        WITH served AS (
            SELECT DISTINCT r.oid, r.rolname
            FROM pg_class c
            CROSS JOIN LATERAL aclexplode(c.relacl) AS a
            JOIN pg_roles r ON r.oid = a.grantee
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v') AND a.grantee <> c.relowner
        )
        SELECT NULL::bigint AS organization_id, format('the role %s %s', s.rolname, f.fault) AS detail
        FROM served s
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN bool_or(r.rolsuper) THEN 'is a superuser'
                WHEN bool_or(r.rolbypassrls) THEN 'passes row security (BYPASSRLS)'
                WHEN bool_or(r.oid IN (SELECT relowner FROM pg_class WHERE relnamespace = 'public'::regnamespace))
                    THEN 'owns tables, or is a member of the role that does'
                WHEN bool_or(r.oid = (SELECT datdba FROM pg_database WHERE datname = current_database()))
                    THEN 'owns the database, or is a member of the role that does'
            END AS fault
            FROM pg_roles r WHERE pg_has_role(s.oid, r.oid, 'MEMBER')
        ) AS f
        WHERE f.fault IS NOT NULL
        UNION ALL
        SELECT NULL, 'no role but the owner has rights on the tables; run `tranche migrate`'
        WHERE NOT EXISTS (SELECT FROM served)
    """,
)

_WALLS_STAND = Check(
    name="every table of organizations has its wall, for reading and for writing",
    sql=f"""
        WITH tables AS (
            SELECT c.oid, c.relname, c.relrowsecurity,
                CASE c.relname WHEN 'organizations' THEN $wall${_OWN_WALL}$wall$ ELSE $wall${_WALL}$wall$ END AS wall
            FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND (c.relname = 'organizations' OR EXISTS (
                SELECT FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped
              ))
              AND c.relname <> ALL ({_texts(WALLLESS_TABLES)})
              -- A partition without rights is reached through its parent only, whose wall holds.
              AND NOT (c.relispartition AND NOT EXISTS (
                SELECT FROM aclexplode(c.relacl) AS a WHERE a.grantee <> c.relowner
              ))
              -- A snapshot that is being loaded, because COPY is refused under a wall: nobody reads it, and a trigger
              -- keeps other organizations from writing. It gets its wall when it is whole.
              AND NOT (
                c.relname ~ '^snapshot_[0-9]+_detail$' AND NOT c.relispartition
                AND EXISTS (
                    SELECT FROM pg_trigger t
                    WHERE t.tgrelid = c.oid AND t.tgname = 'own_organization' AND t.tgenabled = 'O'
                ) AND NOT EXISTS (
                    SELECT FROM aclexplode(c.relacl) AS a
                    WHERE a.grantee <> c.relowner AND a.privilege_type <> 'INSERT'
                )
              )
        )
        SELECT NULL::bigint AS organization_id, format('table %s has no row security', relname) AS detail
        FROM tables WHERE NOT relrowsecurity
        UNION ALL
        SELECT NULL, format('table %s has no policy', t.relname)
        FROM tables t WHERE NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)
        UNION ALL
        SELECT NULL, format('policy %s of table %s is not the wall', p.polname, t.relname)
        FROM tables t
        JOIN pg_policy p ON p.polrelid = t.oid
        WHERE p.polpermissive AND (
            p.polcmd <> '*'
            OR pg_get_expr(p.polqual, p.polrelid) IS DISTINCT FROM t.wall
            OR pg_get_expr(p.polwithcheck, p.polrelid) IS DISTINCT FROM t.wall
        )
    """,
)

_TABLES_KNOWN = Check(
    name="every table belongs to organizations, or is known not to",
    sql=f"""
        SELECT NULL::bigint AS organization_id, format('table %s has no organization_id', c.relname) AS detail
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'm', 'f')
          AND c.relname <> ALL ({_texts(GLOBAL_TABLES)})
          AND NOT EXISTS (
            SELECT FROM pg_attribute a
            WHERE a.attrelid = c.oid AND a.attname = 'organization_id' AND NOT a.attisdropped AND a.attnotnull
          )
    """,
)

_UNIQUE_KEYS = Check(
    name="no unique key reaches across organizations",
    sql=f"""
        SELECT NULL::bigint AS organization_id,
            format('index %s of table %s', i.indexrelid::regclass, i.indrelid::regclass) AS detail
        FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid
        WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique
          AND c.relname <> ALL ({_texts(GLOBAL_TABLES)})
          AND NOT EXISTS (
            SELECT FROM pg_attribute a
            WHERE a.attrelid = i.indrelid AND a.attname = 'organization_id'
              AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
          )
    """,
)

_FOREIGN_KEYS = Check(
    name="every foreign key includes the organization",
    sql=f"""
        SELECT NULL::bigint AS organization_id, format('%s of table %s', k.conname, c.relname) AS detail
        FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid
        JOIN pg_class p ON p.oid = k.confrelid
        WHERE k.contype = 'f' AND c.relnamespace = 'public'::regnamespace
          AND c.relname <> ALL ({_texts(GLOBAL_TABLES)})
          AND NOT EXISTS (
            SELECT FROM unnest(k.conkey, k.confkey) AS pair (child, parent)
            JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = pair.child
            JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = pair.parent
            WHERE a.attname = 'organization_id'
              AND (b.attname = 'organization_id' OR p.relname = 'organizations' AND b.attname = 'id')
          )
    """,
)

_VIEWS = Check(
    name="every view sees what its caller may see (security_invoker)",
    sql="""
        SELECT NULL::bigint AS organization_id, format('%s %s', CASE c.relkind WHEN 'm' THEN 'materialized view'
            ELSE 'view' END, c.relname) AS detail
        FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('v', 'm')
          AND NOT coalesce(c.reloptions && ARRAY['security_invoker=true', 'security_invoker=on',
              'security_invoker=1'], false)
    """,
)

_DEFINERS = Check(
    name="only the known functions run with the owner's rights, each with a fixed search_path",
    sql=f"""
        WITH found AS (
            SELECT format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) AS signature, p.proconfig,
                p.proowner, p.proacl
            FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
        ), known AS (
            SELECT unnest({_texts(DEFINER_FUNCTIONS)}) AS signature
        )
        SELECT NULL::bigint AS organization_id, format('%s is not one of them', signature) AS detail
        FROM found WHERE signature NOT IN (SELECT signature FROM known)
        UNION ALL
        SELECT NULL, format('%s is missing', signature)
        FROM known WHERE signature NOT IN (SELECT signature FROM found)
        UNION ALL
        SELECT NULL, format('%s has no fixed search_path', signature)
        FROM found WHERE NOT coalesce('search_path=pg_catalog, public' = ANY (proconfig), false)
        UNION ALL
        SELECT NULL, format('everybody may call %s', f.signature)
        FROM found f
        CROSS JOIN LATERAL aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) AS a
        WHERE a.grantee = 0
    """,
)

_RIGHTS = Check(
    name="nobody but the owner may TRUNCATE, and nothing is open to everybody",
    sql="""
        SELECT NULL::bigint AS organization_id, format('%s on %s to %s', a.privilege_type, c.relname,
            CASE a.grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(a.grantee)::text END) AS detail
        FROM pg_class c
        CROSS JOIN LATERAL aclexplode(c.relacl) AS a
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
          AND a.grantee <> c.relowner AND (a.privilege_type IN ('TRUNCATE', 'TRIGGER', 'MAINTAIN') OR a.grantee = 0)
    """,
)

WALL_CHECKS = (
    _PLAIN_ROLE,
    _WALLS_STAND,
    _TABLES_KNOWN,
    _UNIQUE_KEYS,
    _FOREIGN_KEYS,
    _VIEWS,
    _DEFINERS,
    _RIGHTS,
)
