"""`tranche migrate`: the database brought to the schema of this release, and the plain role made."""

import typer

from tranche.commands.database import Addresses, use_database
from tranche.commands.options import JsonOption, load_settings
from tranche.commands.queries import reaching
from tranche.kernel.client.output import say, show_json
from tranche.kernel.db import migrate as migrations
from tranche.kernel.db.grants import APP_ROLE

app = typer.Typer(add_completion=False)


@app.command()
def migrate(*, json: JsonOption = False) -> None:
    """Apply what the database lacks, make the plain role, and print its address for DATABASE_URL.

    TRANCHE_OWNER_URL names the database; without it and DATABASE_URL it is the embedded one of TRANCHE_HOME.
    """
    with use_database(load_settings()) as addresses, reaching("TRANCHE_OWNER_URL"):
        report = migrations.migrate(addresses.require_owner())
    if json:
        show_json({"applied": report.applied, "appRoleMade": report.app_role_made, "databaseUrl": report.app_url})
        return
    _show(report, addresses)


def _show(report: migrations.MigrationReport, addresses: Addresses) -> None:
    for name in report.applied:
        say(f"applied {name}")
    if not report.applied:
        say("The schema is that of this release already.")
    if addresses.is_embedded:
        say("This is the embedded database: `tranche up`, `serve` and `worker` find it by themselves.")
        return
    show_line(report)


def show_line(report: migrations.MigrationReport) -> None:
    """The line for the plain role, and what is to be known of its password."""
    if report.app_role_made:
        say("Keep this line: the password in it is shown only now.")
    else:
        say(
            "The password was shown when the role was made; this line is without it. For a new one: "
            f"psql \"$TRANCHE_OWNER_URL\" -c '\\password {APP_ROLE}'"
        )
    typer.echo(f"DATABASE_URL={report.app_url}")
