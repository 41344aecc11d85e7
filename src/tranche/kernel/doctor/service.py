"""The examination: every check once, in one read-only look at the database."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tranche.kernel.db.migrate import pending
from tranche.kernel.db.pool import Connection
from tranche.kernel.doctor import anchors, clock, files
from tranche.kernel.doctor.catalogue import WALL_CHECKS, version_check
from tranche.kernel.doctor.domain import MOST_FINDINGS, Finding, Group, Outcome
from tranche.kernel.doctor.queries.findings import list_findings
from tranche.kernel.doctor.queries.relations import relation_checks
from tranche.kernel.doctor.running import RUNNING_CHECKS
from tranche.kernel.errors import TrancheError
from tranche.kernel.module import Check, Probe
from tranche.kernel.storage.domain import Storage

Look = Callable[[], Sequence[Finding]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """What is examined besides the database: the modules' rules and probes, and where the files are.

    `is_stopped`: nothing runs on purpose, so that work may wait. `deep`: every file is read.
    """

    checks: Sequence[Check]
    storage: Storage
    home: Path
    probes: Sequence[Probe] = ()
    is_stopped: bool = False
    deep: bool = False


def examine(conn: Connection, patient: Patient, *, now: float) -> Iterator[Outcome]:
    """The outcomes as they come; `conn` is the owner's, in a transaction. `now` is the machine's clock."""
    noted = anchors.read(patient.storage)
    version = version_check()
    yield _look(Group.DATABASE, version.name, partial(_ask, conn, version))
    schema = _look(Group.DATABASE, "the schema is that of this release", partial(_schema, conn))
    yield schema
    if not schema.is_ok:
        return  # the other checks ask for tables that may not be there
    groups = [
        (Group.WALLS, WALL_CHECKS),
        (Group.RELATIONS, relation_checks(conn)),
        (Group.DATA, patient.checks),
        (Group.RUNNING, () if patient.is_stopped else RUNNING_CHECKS),
    ]
    for group, checks in groups:
        for check in checks:
            yield _look(group, check.name, partial(_ask, conn, check))
    yield from _examine_files(conn, patient, now=now)
    yield from _examine_room(patient)
    name = "the chain of the audit log goes on from its anchor"
    yield _look(Group.FILES, name, partial(anchors.find_faults, conn, patient.storage, noted))
    yield _look(Group.MACHINE, "the clock agrees with the database's", partial(clock.find_skew, conn))
    for probe in patient.probes:
        yield _look(Group.MACHINE, probe.name, partial(_probe, conn, probe))


def examine_without(patient: Patient, *, cause: str) -> Iterator[Outcome]:
    """What can be examined where the database cannot be had, and why it cannot."""
    missing = (Finding(None, cause), Finding(None, "what asks the database was not examined"))
    yield Outcome(group=Group.DATABASE, name="the database answers", findings=missing)
    yield from _examine_room(patient)
    for probe in patient.probes:
        if not probe.needs_database:
            yield _look(Group.MACHINE, probe.name, partial(_probe, None, probe))


def _examine_files(conn: Connection, patient: Patient, *, now: float) -> Iterator[Outcome]:
    storage = patient.storage
    present = partial(files.missing_files, conn, storage, deep=patient.deep)
    yield _look(Group.FILES, "every registered file is there", present)
    yield _look(Group.FILES, "every file is registered", partial(files.orphans, conn, storage, now=now))


def _examine_room(patient: Patient) -> Iterator[Outcome]:
    yield _look(Group.FILES, "the storage takes files", partial(files.closed_storage, patient.storage))
    yield _look(Group.FILES, "there is room on the disk", partial(files.full_disk, patient.home))


def _look(group: Group, name: str, look: Look) -> Outcome:
    began = time.monotonic()
    try:
        findings = look()
    except TrancheError as error:
        findings = [Finding(None, error.message)]
    return Outcome(
        group=group,
        name=name,
        findings=tuple(findings[:MOST_FINDINGS]),
        is_cut=len(findings) > MOST_FINDINGS,
        seconds=time.monotonic() - began,
    )


def _schema(conn: Connection) -> list[Finding]:
    try:
        return [Finding(None, f"{name} is missing; run `tranche migrate`") for name in pending(conn)]
    except TrancheError as error:
        return [Finding(None, error.message)]


def _probe(conn: Connection | None, probe: Probe) -> list[Finding]:
    hits = probe.look(conn) if probe.needs_database else probe.look()
    return [Finding(organization_id, detail) for organization_id, detail in hits]


def _ask(conn: Connection, check: Check) -> list[Finding]:
    rows = list_findings(conn, statement=check.sql, limit=MOST_FINDINGS + 1)
    return [Finding(row["organization_id"], row["detail"]) for row in rows]
