"""The two pairs of tables: what differs between schedules of organizations and those of the installation."""

from dataclasses import dataclass

from tranche.kernel.module import Scope


@dataclass(frozen=True, slots=True)
class Tables:
    """Fixed fragments: the two tables, which of their rows are meant, and the columns of a new row's owner."""

    schedules: str
    runs: str
    ours: str
    owner: str = ""
    owner_value: str = ""


TABLES = {
    Scope.ORGANIZATION: Tables(
        "schedules",
        "schedule_runs",
        "organization_id = current_organization()",
        "organization_id, ",
        "current_organization(), ",
    ),
    Scope.INSTALLATION: Tables("installation_schedules", "installation_schedule_runs", "true"),
}
UNDER_WAY = "status IN ('waiting', 'running')"
