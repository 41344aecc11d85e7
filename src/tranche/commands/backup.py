"""`tranche backup`: the database, every file and the signing key, in a folder or a tar file."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tranche import __version__
from tranche.commands.database import find_database
from tranche.commands.moving import read_signing_key, require_direct, showing
from tranche.commands.options import JsonOption, load_settings
from tranche.commands.queries import reaching
from tranche.kernel.backup.domain import Done
from tranche.kernel.backup.places import writing
from tranche.kernel.backup.saving import Saving, save
from tranche.kernel.client.output import ExitCode, say, show_json
from tranche.kernel.db.migrate import require_current
from tranche.kernel.db.pool import connect
from tranche.kernel.db.programs import find_dumper
from tranche.kernel.text import plural
from tranche.outward import make_storage

app = typer.Typer(add_completion=False)

_SHOWN = 10


@app.command()
def backup(
    place: Annotated[
        Path,
        typer.Argument(help="A .tar file, or a folder; the same folder again takes only new files."),
    ],
    *,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the file that is there.")] = False,
    without_key: Annotated[
        bool, typer.Option("--without-key", help="Leave the signing key out; keep it elsewhere then.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Save everything while it runs: the database as one moment saw it, and every file that it names.

    It reads as the owner: the database of TRANCHE_OWNER_URL, which must be a direct address, or the embedded one.
    """
    settings = load_settings()
    with find_database(settings) as addresses:
        owner_url = addresses.require_owner()
        with reaching("TRANCHE_OWNER_URL"), connect(owner_url, name="tranche backup") as conn:
            require_direct(conn)
            require_current(conn)
            saving = Saving(
                owner_url=owner_url,
                storage=make_storage(settings),
                key=read_signing_key(settings, with_text=not without_key),
                programs=find_dumper(settings.pg_bin, server=conn.info.server_version // 10_000),
                environ=os.environ,
                version=__version__,
                now=datetime.now(UTC),
            )
            with writing(place, overwrite=overwrite) as target:
                done = save(conn, target, saving, progress=showing)
    _show(place, done, json=json)
    if done.missing:
        raise typer.Exit(ExitCode.COMPLETED_WITH_ERRORS)


def _show(place: Path, done: Done, *, json: bool) -> None:
    found = done.manifest
    if json:
        show_json(
            {
                "place": str(place),
                "database": found.database.size,
                "files": found.files,
                "newFiles": found.files - done.known_files,
                "fileBytes": found.file_bytes,
                "hasKey": found.has_key,
                "missing": list(done.missing),
            }
        )
        return
    for name in done.missing[:_SHOWN]:
        say(f"missing: {name}")
    if done.missing:
        say(f"{plural(len(done.missing), 'registered file')} missing or not as saved. Ask: tranche doctor --deep")
    key = "with the signing key: keep it where only you can read it" if found.has_key else "without the signing key"
    new = f", {found.files - done.known_files:,} of them new since the last backup" if done.known_files else ""
    say(f"Saved to {place}: database {found.database.size:,} bytes, {plural(found.files, 'file')}{new}, {key}.")
