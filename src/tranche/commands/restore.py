"""`tranche restore`: a backup brought back into an empty installation, and examined there."""

import os
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from tranche.commands import screen
from tranche.commands.database import Addresses, use_database
from tranche.commands.doctor import examine, show_outcomes
from tranche.commands.home import Home
from tranche.commands.migrate import show_line
from tranche.commands.moving import require_direct, showing, write_signing_key
from tranche.commands.options import load_settings
from tranche.commands.queries import reaching
from tranche.kernel.backup.domain import KEY, Done, Manifest, Occupied
from tranche.kernel.backup.places import Source, reading
from tranche.kernel.backup.restoring import Restoring, require_fitting, restore
from tranche.kernel.client.output import ExitCode, ask, local_time, say
from tranche.kernel.db.migrate import MigrationReport
from tranche.kernel.db.pool import Connection, connect
from tranche.kernel.db.programs import find_restorer
from tranche.kernel.notify.signing import KEY_FILE, load_signing_key
from tranche.kernel.settings import Settings
from tranche.kernel.text import plural
from tranche.outward import make_storage

app = typer.Typer(add_completion=False)


@app.command("restore")
def restore_backup(
    place: Annotated[Path, typer.Argument(help="What `tranche backup` made: a .tar file or a folder.", exists=True)],
    *,
    replace: Annotated[bool, typer.Option("--replace", help="Drop what is there.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before something is dropped.")] = False,
) -> None:
    """Bring a backup into an empty installation: TRANCHE_OWNER_URL, or a TRANCHE_HOME that holds nothing yet.

    Servers and workers must not run. What is there afterwards is examined, as `tranche doctor --stopped` does.
    """
    settings = load_settings()
    with ExitStack() as stack:
        source = stack.enter_context(reading(place))
        if replace and not (yes or ask("Drop everything that is in the database now?")):
            say("Nothing was changed. (--yes does it without asking.)")
            raise typer.Exit(ExitCode.FAILURE)
        if settings.database_url is None and settings.owner_url is None:
            stack.enter_context(Home(settings.home).held())
        addresses = stack.enter_context(use_database(settings))
        owner_url = addresses.require_owner()
        stack.enter_context(reaching("TRANCHE_OWNER_URL"))
        conn = stack.enter_context(connect(owner_url, name="tranche restore"))
        require_direct(conn)
        _require_key(settings, source.manifest, replace=replace)
        require_fitting(conn, source.manifest, replace=replace)
        done, report = _restore(conn, source, settings, owner_url=owner_url)
        outcomes = examine(conn, settings, is_stopped=True, deep=False)
    show_outcomes(screen.out(), outcomes)
    _tell(addresses, done, report)
    if done.missing or not all(outcome.is_ok for outcome in outcomes):
        raise typer.Exit(ExitCode.FAILURE)


def _restore(conn: Connection, source: Source, settings: Settings, *, owner_url: str) -> tuple[Done, MigrationReport]:
    found = source.manifest
    restoring = Restoring(
        owner_url=owner_url,
        storage=make_storage(settings),
        programs=find_restorer(
            settings.pg_bin, server=conn.info.server_version // 10_000, dumped_from=found.database.server
        ),
        environ=os.environ,
    )
    done, report = restore(conn, source, restoring, progress=showing)
    if found.has_key and settings.signing_key is None:
        with source.open(KEY) as file:
            write_signing_key(settings, file.read())
    return done, report


def _require_key(settings: Settings, found: Manifest, *, replace: bool) -> None:
    """Refuse to put another key in the place of one that is there, and say where ours differs from the backup's."""
    if settings.signing_key is None and not (settings.home / KEY_FILE).exists():
        if not found.has_key:
            say("The backup holds no signing key: bring its TRANCHE_SIGNING_KEY or signing.key here before you start.")
        return
    if load_signing_key(settings.home, given=settings.signing_key).mark.hex() == found.key_mark:
        return
    if settings.signing_key is not None:
        raise Occupied(
            "TRANCHE_SIGNING_KEY is not the key of the backup: webhooks and stored credentials would not work. Set the "
            "key of the backup, or unset it to take the one that the backup holds."
        )
    if not replace:
        raise Occupied(f"{settings.home} holds another signing key. Name another home, or add --replace.")


def _tell(addresses: Addresses, done: Done, report: MigrationReport) -> None:
    found = done.manifest
    for name in done.missing:
        say(f"missing: {name}")
    for head in done.lost:
        say(
            f"The audit log of organization {head.organization_id} was sealed up to "
            f"{local_time(head.until.isoformat())} here, by seal {head.short}. That seal is not in the backup; its own "
            "last one is anchored now."
        )
    files = plural(found.files, "file")
    say(f"Restored what Tranche {found.tranche} saved at {local_time(found.made_at)}: {files}.")
    if report.applied:
        say(f"Brought to the schema of this release: {', '.join(report.applied)}.")
    say("What waited to be sent is sent when a worker starts: mails, webhooks, messages.")
    if not addresses.is_embedded:
        show_line(report)
