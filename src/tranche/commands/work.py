"""`tranche worker`: a worker process, of which there may be any number on any number of machines."""

from dataclasses import replace

import typer

from tranche.commands.database import find_database
from tranche.commands.install import require_serving
from tranche.commands.measures import measuring
from tranche.commands.options import begin
from tranche.commands.process import Process, leave
from tranche.commands.signals import interruptible
from tranche.worker import Worker

app = typer.Typer(add_completion=False)


@app.command()
def worker() -> None:
    """Start a worker on the database of DATABASE_URL, or on the embedded one of TRANCHE_HOME."""
    settings = begin()
    with interruptible(), measuring(settings) as metrics, find_database(settings) as addresses:
        database_url = addresses.require_app()
        require_serving(settings, database_url)
        part = Worker(replace(settings, owner_url=addresses.owner), database_url=database_url, metrics=metrics)
        Process([part]).run(signals=True)
    leave(0)
