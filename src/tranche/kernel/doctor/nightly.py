"""The nightly examination: a worker that knows the owner's address makes it and stores the report."""

from functools import partial

from tranche.kernel.db.pool import connect
from tranche.kernel.doctor.reports import examine_now, store_report
from tranche.kernel.doctor.service import Patient
from tranche.kernel.errors import Conflict
from tranche.kernel.jobs.work import NotHere, Work
from tranche.kernel.module import Scope, Task


class NotSound(Conflict):
    """The examination found something."""

    code = "not_sound"


def make_nightly(patient: Patient, *, owner_url: str | None) -> Task:
    """The task; without the owner's address its runs fail and say what to set."""
    return Task(
        kind="doctor",
        name="doctor-nightly",
        scope=Scope.INSTALLATION,
        cron="40 3 * * *",
        description="Checks that all is as it must be, like the command tranche doctor, and keeps the report.",
        run=partial(_run, patient=patient, owner_url=owner_url),
    )


def _run(work: Work, *, patient: Patient, owner_url: str | None) -> str:
    del work
    if owner_url is None:
        raise NotHere(
            "The examination reads as the owner of the database, and no worker that was asked knows the owner's "
            "address. Give TRANCHE_OWNER_URL to one worker, or disable this schedule and run `tranche doctor` by a "
            "clock of your own."
        )
    with connect(owner_url, name="tranche doctor") as conn:
        outcomes, report = examine_now(conn, patient)
        store_report(conn, report)
    bad = [outcome.name for outcome in outcomes if not outcome.is_ok]
    if bad:
        shown = "; ".join(bad[:3])
        raise NotSound(f"{len(bad)} of {len(outcomes)} checks found something: {shown}. See the report of the doctor.")
    return f"All {len(outcomes)} checks are fine."
