"""What must always be true of the audit log; `tranche doctor` asks."""

from typing import Final

from tranche.kernel.audit.queries.seals import STRETCH, chained
from tranche.kernel.module import Check

LONGEST_UNSEALED: Final = "1 day"

_LINKS: Final = """
    SELECT organization_id, number, until, entries, hash,
        lag(number) OVER chain AS before, lag(until) OVER chain AS since, lag(hash) OVER chain AS previous
    FROM audit_seals
    WINDOW chain AS (PARTITION BY organization_id ORDER BY number)
"""
_SHOWN: Final = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')"
_SINCE, _UNTIL = _SHOWN.format("l.since"), _SHOWN.format("l.until")
_STRETCH_SHOWN: Final = f"concat_ws(' ', 'from ' || {_SINCE}, 'to ' || {_UNTIL}, 'UTC')"
_HASH: Final = chained(
    previous="l.previous", organization="l.organization_id", number="l.number", until="l.until", stretch="t"
)

_ACTORS: Final = Check(
    name="every entry of the audit log says who did what",
    sql="""
        SELECT organization_id, format('entry %s has no %s', id,
            CASE WHEN coalesce(actor, '') = '' THEN 'actor' ELSE 'action' END) AS detail
        FROM audit_entries
        WHERE coalesce(actor, '') = '' OR coalesce(action, '') = ''
        ORDER BY organization_id, id
    """,
)

_WHOLE: Final = Check(
    name="the seals of the audit log follow each other without a gap",
    sql=f"""
        SELECT l.organization_id, CASE
            WHEN l.number <> coalesce(l.before, 0) + 1
                THEN format('the seals before seal %s (up to %s UTC) are missing; the last one before is %s', l.number,
                    {_UNTIL}, coalesce(l.before::text, 'none'))
            ELSE format('seal %s ends at %s UTC, not behind seal %s', l.number, {_UNTIL}, l.before)
        END AS detail
        FROM ({_LINKS}) AS l
        WHERE l.number <> coalesce(l.before, 0) + 1 OR l.until <= l.since
    """,
)

_HOLDS: Final = Check(
    name="every sealed entry of the audit log is as it was sealed",
    sql=f"""
        SELECT l.organization_id, format('seal %s (entries %s) does not hold: %s', l.number, {_STRETCH_SHOWN}, CASE
            WHEN t.entries < l.entries THEN format('entries missing: %s of %s', l.entries - t.entries, l.entries)
            WHEN t.entries > l.entries THEN format('entries added: %s to %s', t.entries - l.entries, l.entries)
            ELSE format('one of its entries (%s), this seal or the one before was changed', l.entries)
        END) AS detail
        FROM ({_LINKS}) AS l
        CROSS JOIN LATERAL (
            SELECT {STRETCH} FROM audit_entries e
            WHERE e.organization_id = l.organization_id
              AND e.at >= coalesce(l.since, '-infinity') AND e.at < l.until
        ) AS t
        WHERE l.entries <> t.entries OR l.hash <> {_HASH}
    """,
)

CHECKS: Final = (_ACTORS, _WHOLE, _HOLDS)
# What `tranche audit verify` asks again.
CHAIN_CHECKS: Final = (_WHOLE, _HOLDS)

# Not asked where nothing runs on purpose.
RUNNING_CHECKS: Final = (
    Check(
        name="the audit log is sealed up to a day ago",
        sql=f"""
            SELECT o.id AS organization_id, format('entries since %s UTC are not sealed; does the schedule audit-seal '
                'run?', {_SHOWN.format("u.at")}) AS detail
            FROM organizations o
            CROSS JOIN LATERAL (
                SELECT e.at FROM audit_entries e
                WHERE e.organization_id = o.id AND e.at >= coalesce((
                    SELECT s.until FROM audit_seals s WHERE s.organization_id = o.id ORDER BY s.number DESC LIMIT 1
                ), '-infinity')
                ORDER BY e.at LIMIT 1
            ) AS u
            WHERE u.at < now() - interval '{LONGEST_UNSEALED}'
        """,
    ),
)
