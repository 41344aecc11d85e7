"""`tranche bill-stop`, with the one sub-command that works on the machine of the database: the sample source."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated, Final

import typer

from tranche.billing_stops.commands import app
from tranche.billing_stops.sample import queries
from tranche.commands.database import require_started
from tranche.commands.options import load_settings
from tranche.commands.queries import reaching
from tranche.kernel.client.options import open_client
from tranche.kernel.client.output import ExitCode, ask, say
from tranche.kernel.db.embedded import APP_ROLE, OWNER_ROLE, EmbeddedPostgres
from tranche.kernel.db.pool import Connection, connect
from tranche.kernel.errors import Forbidden, Invalid, NotFound
from tranche.kernel.settings import Settings
from tranche.kernel.text import plural

__all__ = ["app"]

_LEAST: Final = 1_000
_MOST: Final = 5_000_000
_SOURCE: Final = "/api/crp-cpc/bill-stop-source"
_STATUS: Final = "/api/crp-cpc/bill-stop-batch/status"


class CannotMakeSample(Forbidden):
    """Whoever asks may not make a database there."""

    code = "cannot_make_sample"


@app.command("sample")
def make_sample(
    *,
    customers: Annotated[int, typer.Option(min=_LEAST, max=_MOST, help="How many customers it has.")] = 20_000,
    changes: Annotated[
        int | None,
        typer.Option(
            min=1, max=_MOST, help="Let a day pass for so many customers of the one there is.", show_default=False
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before the source is replaced.")] = False,
) -> None:
    """Make a sample source shaped as CC&B's tables are, in a database of its own beside Tranche's, and read it.

    It runs on the machine of the database, as `tranche migrate` does.
    """
    settings = load_settings()
    require_started(settings)
    if changes is not None:
        with _sample(settings) as conn:
            queries.change(conn, customers=changes, seed=secrets.token_hex(2))
            count = queries.count_customers(conn)
        passed = f"{min(changes, count):,} of {plural(count, 'customer')}"
        say(f"A day has passed for {passed}. Read it: tranche bill-stop run")
        return
    with open_client() as client:
        question = "Read the sample from now on, instead of the present source?"
        if client.get(_STATUS)["published_run_id"] and not (yes or ask(question)):
            say("Nothing was changed. (--yes does it without asking.)")
            raise typer.Exit(ExitCode.FAILURE)
        _make(settings, customers=customers)
        client.put(_SOURCE, body={"data": {"kind": "sample", "refresh": "incremental"}})
    say(f"The database {settings.sample_database} has {plural(customers, 'customer')}. Read it: tranche bill-stop run")


def _make(settings: Settings, *, customers: int) -> None:
    name = settings.sample_database
    if settings.owner_url is None and settings.database_url is None:
        with EmbeddedPostgres.start(settings.home, pg_bin=settings.pg_bin) as server:
            server.drop_database(name)
            server.create_database(name)
            with connect(server.url(OWNER_ROLE, database=name), name="tranche sample") as conn:
                queries.fill(conn, customers=customers, reader=APP_ROLE)
        return
    owner, app_url = _addresses(settings)
    with reaching("TRANCHE_OWNER_URL"), connect(owner, name="tranche sample") as conn:
        if not queries.create_database(conn, database=name):
            raise CannotMakeSample(
                f"The role of TRANCHE_OWNER_URL may not make databases. Have an administrator run: "
                f"ALTER ROLE {queries.find_role(conn)} CREATEDB; then run this again."
            )
    with reaching("DATABASE_URL"), connect(app_url, name="tranche sample") as conn:
        reader = queries.find_role(conn)
    with connect(queries.beside(owner, database=name), name="tranche sample") as conn:
        queries.fill(conn, customers=customers, reader=reader)


@contextmanager
def _sample(settings: Settings) -> Iterator[Connection]:
    name = settings.sample_database
    if settings.owner_url is None and settings.database_url is None:
        with EmbeddedPostgres.start(settings.home, pg_bin=settings.pg_bin) as server:
            with closing(_there(server.url(OWNER_ROLE, database=name))) as conn:
                yield conn
            return
    owner, _ = _addresses(settings)
    with closing(_there(queries.beside(owner, database=name))) as conn:
        yield conn


def _addresses(settings: Settings) -> tuple[str, str]:
    if settings.owner_url is None or settings.database_url is None:
        raise Invalid(
            "Set both DATABASE_URL and TRANCHE_OWNER_URL: the owner makes the sample, the plain role reads it."
        )
    return settings.owner_url, settings.database_url


def _there(url: str) -> Connection:
    conn = queries.try_connect(url)
    if conn is None:
        raise NotFound("There is no sample yet; make it with: tranche bill-stop sample")
    return conn
