"""`tranche up`: an embedded database, a server and a worker in one process."""

from contextlib import closing
from dataclasses import replace

import typer
from rich.text import Text

from tranche import __version__
from tranche.app import make_web
from tranche.commands import screen
from tranche.commands.database import Addresses, use_database
from tranche.commands.home import Home
from tranche.commands.install import prepare, require_serving
from tranche.commands.measures import measuring
from tranche.commands.options import HostOption, PortOption, begin
from tranche.commands.process import Process, WebPart, bind, leave, url_of
from tranche.commands.signals import interruptible
from tranche.commands.users import setup_address
from tranche.worker import Worker

app = typer.Typer(add_completion=False)


@app.command()
def up(*, host: HostOption = None, port: PortOption = None) -> None:
    """Start everything on this machine: database, server and worker. Ctrl-C ends it.

    All data are kept in TRANCHE_HOME (~/.tranche). The first start makes an organization, and a key for the commands
    on this machine. Where DATABASE_URL names a database, that one is used.
    """
    settings = begin(host=host, port=port)
    home = Home(settings.home)
    with interruptible(), home.held(), closing(bind(settings.host, settings.port)) as bound:
        with measuring(settings) as metrics, use_database(settings) as addresses:
            key = prepare(addresses, home)

            database_url = addresses.require_app()
            require_serving(settings, database_url)

            def started() -> None:
                home.write_url(url_of(bound))
                door = setup_address(database_url, base=settings.public_url or url_of(bound))
                _show(home, addresses, url=url_of(bound), has_key=key is not None, door=door)

            with closing(make_web(settings, database_url=database_url, metrics=metrics)) as web:
                part = WebPart(web, settings, bound=bound, started=started)
                work = replace(settings, owner_url=addresses.owner)
                # Both halves would tell the same of the installation.
                worker = Worker(work, database_url=database_url, metrics=metrics, tells_all=False)
                Process([part, worker]).run(signals=True)
        typer.echo("Tranche has ended.")
        leave(0)


def _show(home: Home, addresses: Addresses, *, url: str, has_key: bool, door: str | None) -> None:
    database = f"PostgreSQL {addresses.version}, embedded" if addresses.is_embedded else "the one of DATABASE_URL"
    key = f"{home.key_file}, used by the commands on this machine" if has_key else "none here: set TRANCHE_API_KEY"
    console = screen.out()
    console.print(f"\n[bold]Tranche {__version__}[/] is up.\n")
    screen.show_facts(
        console,
        [
            ("Server", Text(url, style="bold cyan")),
            ("Data", str(home.folder)),
            ("Database", database),
            ("Key", key),
            *([("Set up", Text(door, style="bold cyan"))] if door else []),
            ("Next", "open the set-up link in a browser; it works once" if door else "tranche orders upload FILE"),
            ("End", "Ctrl-C"),
        ],
    )
    console.print()
