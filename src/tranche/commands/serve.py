"""`tranche serve`: a server process, of which there may be any number on any number of machines."""

from collections.abc import Callable
from contextlib import closing
from typing import Annotated, Final, TypeAlias

import typer

from tranche.app import make_web
from tranche.commands.crew import Crew
from tranche.commands.database import find_database
from tranche.commands.install import require_serving
from tranche.commands.measures import measuring
from tranche.commands.options import HostOption, PortOption, begin
from tranche.commands.process import Part, Process, WebPart, bind, leave, url_of
from tranche.commands.signals import interruptible
from tranche.commands.users import setup_address

app = typer.Typer(add_completion=False)

MOST_PROCESSES: Final = 64
ProcessesOption: TypeAlias = Annotated[
    int,
    typer.Option(
        min=1,
        max=MOST_PROCESSES,
        help="How many processes answer on this address; one for each core takes the most requests.",
    ),
]


@app.command()
def serve(*, host: HostOption = None, port: PortOption = None, processes: ProcessesOption = 1) -> None:
    """Start a server on the database of DATABASE_URL, or on the embedded one of TRANCHE_HOME."""
    settings = begin(host=host, port=port)
    with (
        interruptible(),
        closing(bind(settings.host, settings.port)) as bound,
        find_database(settings) as addresses,
    ):
        database_url = addresses.require_app()
        require_serving(settings, database_url)

        def started() -> None:
            typer.echo(f"Tranche listens on {url_of(bound)}")
            if door := setup_address(database_url, base=settings.public_url or url_of(bound)):
                typer.echo(f"Nobody can sign in yet. Set up by this link, which works once: {door}")

        def work(place: int, leash: Part | None, ready: Callable[[], None]) -> None:
            with (
                measuring(settings, place=place) as metrics,
                closing(make_web(settings, database_url=database_url, metrics=metrics)) as web,
            ):
                part = WebPart(web, settings, bound=bound, started=ready)
                Process([part, leash] if leash else [part]).run(signals=True)

        if processes == 1:
            work(0, None, started)
        else:
            Crew(processes, work).run(started=started)
    leave(0)
