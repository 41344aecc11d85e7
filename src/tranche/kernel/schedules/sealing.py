"""The audit log sealed by the clock: every organization's chain in its turn."""

from functools import partial

from tranche.kernel.audit.anchors import NotAnchored, Notes
from tranche.kernel.audit.sealing import seal_organization
from tranche.kernel.jobs.work import Work
from tranche.kernel.module import Scope, Task
from tranche.kernel.schedules.queries import across
from tranche.kernel.text import plural


def make_sealing(notes: Notes) -> Task:
    """The task; its runs fail where a chain is not the one that was anchored."""
    return Task(
        kind="audit_seal",
        name="audit-seal",
        scope=Scope.INSTALLATION,
        cron="*/15 * * * *",
        description="Seals new entries of the audit log into a chain, and anchors its head outside the database.",
        run=partial(_run, notes=notes),
    )


def _run(work: Work, *, notes: Notes) -> str:
    sealed, faults = [], []
    for organization_id in across.walk_organizations(work.database):
        if work.should_abort():
            break
        try:
            entries = seal_organization(work.database, notes, organization_id, should_abort=work.should_abort)
        except NotAnchored as fault:
            faults.append(fault.message)
        else:
            sealed.append(entries)
    if faults:
        more = f" And {plural(len(faults) - 1, 'more organization')}." if len(faults) > 1 else ""
        raise NotAnchored(f"{faults[0]}{more}")
    stopped = " Stopped early, because the worker ends." if work.should_abort() else ""
    return _tell([entries for entries in sealed if entries]) + stopped


def _tell(sealed: list[int]) -> str:
    if not sealed:
        return "There was nothing to seal."
    whose = "one organization" if len(sealed) == 1 else f"{len(sealed):,} organizations"
    return f"Sealed {plural(sum(sealed), 'entry', 'entries')} of {whose}."
