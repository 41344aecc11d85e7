"""`tranche worker`: a worker process, of which there may be any number on any number of machines."""

import logging
from dataclasses import replace

import typer

from tranche.commands.database import use_database
from tranche.commands.install import require_serving
from tranche.commands.logs import configure_logs
from tranche.commands.measures import measuring
from tranche.commands.options import load_settings
from tranche.commands.process import Process, leave
from tranche.commands.signals import interruptible
from tranche.worker import Worker

app = typer.Typer(add_completion=False)


@app.command()
def worker() -> None:
    """Start a worker on the database of DATABASE_URL, or on the embedded one of TRANCHE_HOME."""
    settings = load_settings()
    configure_logs(level=logging.INFO, log_format=settings.log_format)
    with interruptible(), measuring(settings) as metrics, use_database(settings) as addresses:
        database_url = addresses.require_app()
        require_serving(settings, database_url)
        part = Worker(replace(settings, owner_url=addresses.owner), database_url=database_url, metrics=metrics)
        Process([part]).run(signals=True)
    leave(0)
