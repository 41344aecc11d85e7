"""`tranche users`: what the operator does for people who cannot come in, on the machine of the installation."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated

import typer

from tranche.commands.database import find_database
from tranche.commands.home import Home
from tranche.commands.install import require_ready
from tranche.commands.options import load_settings
from tranche.commands.process import local_url
from tranche.kernel.client.output import say
from tranche.kernel.db.pool import Database
from tranche.kernel.identity import service
from tranche.kernel.identity.service import Purpose
from tranche.kernel.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)

Email = Annotated[str, typer.Argument(help="The person's address.", show_default=False)]


@app.callback()
def users() -> None:
    """Links for people who cannot sign in, and the end of their sessions; needs the database's address."""


@app.command("password-link")
def password_link(email: Email) -> None:
    """Print a link by which a person sets a new password. It works once, for a day."""
    _print_link(email, Purpose.RESET)


@app.command("sign-in-link")
def sign_in_link(email: Email) -> None:
    """Print a link that signs a person in without a password. It works once, for an hour."""
    _print_link(email, Purpose.SIGN_IN)


@app.command("end-sessions")
def end_sessions(email: Email) -> None:
    """End every session of a person, in all organizations."""
    with _database(load_settings()) as database:
        ended = service.end_person_sessions(database, email=email)
    typer.echo(f"{ended} {'session has' if ended == 1 else 'sessions have'} ended.")


def setup_address(database_url: str, *, base: str) -> str | None:
    """The address that sets the installation up, as long as nobody can sign in."""
    with closing(Database(database_url, size=1, name="tranche set-up").open()) as database:
        token = service.make_setup_link(database, entropy=secrets.token_bytes)
    return f"{base.rstrip('/')}/set-up/{token}" if token else None


def sign_in_address(database_url: str, *, email: str, base: str) -> str:
    """An address that signs a person in once."""
    with closing(Database(database_url, size=1, name="tranche sign-in").open()) as database:
        token = service.make_person_link(database, email=email, purpose=Purpose.SIGN_IN, entropy=secrets.token_bytes)
    return f"{base.rstrip('/')}/join/{token}"


def _print_link(email: str, purpose: Purpose) -> None:
    settings = load_settings()
    with _database(settings) as database:
        token = service.make_person_link(database, email=email, purpose=purpose, entropy=secrets.token_bytes)
    base = settings.public_url or Home(settings.home).read_url() or local_url(settings.host, settings.port)
    typer.echo(f"{base.rstrip('/')}/join/{token}")
    say("It works once. Every older link of this person has ended.")


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    with find_database(settings) as addresses:
        url = addresses.require_app()
        require_ready(url)
        with closing(Database(url, size=1, name="tranche users").open()) as database:
            yield database
