"""`tranche serve`: a server process, of which there may be any number on any number of machines."""

import logging
from contextlib import closing

import typer

from tranche.app import make_web
from tranche.commands.database import use_database
from tranche.commands.install import require_serving
from tranche.commands.logs import configure_logs
from tranche.commands.measures import measuring
from tranche.commands.options import HostOption, PortOption, load_settings
from tranche.commands.process import Process, WebPart, bind, leave, url_of
from tranche.commands.signals import interruptible
from tranche.commands.users import setup_address

app = typer.Typer()


@app.command()
def serve(*, host: HostOption = None, port: PortOption = None) -> None:
    """Start a server on the database of DATABASE_URL, or on the embedded one of TRANCHE_HOME."""
    settings = load_settings(host=host, port=port)
    configure_logs(level=logging.INFO, log_format=settings.log_format)
    with (
        interruptible(),
        closing(bind(settings.host, settings.port)) as bound,
        measuring(settings) as metrics,
        use_database(settings) as addresses,
    ):
        database_url = addresses.require_app()
        require_serving(settings, database_url)

        def started() -> None:
            typer.echo(f"Tranche listens on {url_of(bound)}")
            if door := setup_address(database_url, base=settings.public_url or url_of(bound)):
                typer.echo(f"Nobody can sign in yet. Set up by this link, which works once: {door}")

        with closing(make_web(settings, database_url=database_url, metrics=metrics)) as web:
            Process([WebPart(web, settings, bound=bound, started=started)]).run(signals=True)
    leave(0)
