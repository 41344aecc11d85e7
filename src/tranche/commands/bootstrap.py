"""`tranche bootstrap`: an organization with its first branch, administrator and key."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated

import typer

from tranche.commands.database import find_database
from tranche.commands.home import Home
from tranche.commands.install import require_ready
from tranche.commands.local_key import ADMIN_NAME
from tranche.commands.options import JsonOption, load_settings
from tranche.kernel.client.output import say, show_json
from tranche.kernel.db.pool import Database
from tranche.kernel.identity import service
from tranche.kernel.identity.domain import AlreadySetUp, Bootstrapped

app = typer.Typer(add_completion=False)


@app.command()
def bootstrap(
    *,
    organization: Annotated[str, typer.Option("--organization", help="Its name.")],
    email: Annotated[str, typer.Option("--email", help="The administrator's address.")],
    name: Annotated[str, typer.Option("--name", help="The administrator's name.")] = ADMIN_NAME,
    zone: Annotated[str, typer.Option("--zone", help="Time zone, such as Europe/Berlin.")] = "UTC",
    currency: Annotated[str, typer.Option("--currency", help="Currency code, such as EUR.")] = "USD",
    language: Annotated[str, typer.Option("--language", help="Language tag, such as en.")] = "en",
    another: Annotated[bool, typer.Option("--another", help="One more beside those that exist.")] = False,
    json: JsonOption = False,
) -> None:
    """Make an organization with a branch, an administrator and their key, which is shown only now."""
    settings = load_settings()
    with find_database(settings) as addresses:
        database_url = addresses.require_app()
        require_ready(database_url)
        with closing(Database(database_url, size=2, name="tranche bootstrap").open()) as database, _in_our_words():
            made = service.bootstrap(
                database,
                entropy=secrets.token_bytes,
                name=organization,
                admin_email=email,
                admin_name=name,
                zone=zone,
                currency=currency,
                language=language,
                another=another,
            )
    home = Home(settings.home)
    if addresses.is_embedded and home.read_key() is None:
        home.write_key(made.issued.secret)
        say(f"The commands on this machine will use this key; it is kept in {home.key_file}.")
    _show(made, json=json)


@contextmanager
def _in_our_words() -> Iterator[None]:
    try:
        yield
    except AlreadySetUp as error:
        raise AlreadySetUp("There is an organization already. Add --another to make one more beside it.") from error


def _show(made: Bootstrapped, *, json: bool) -> None:
    answer = {
        "organizationId": made.organization.id,
        "branchId": made.branch.id,
        "userId": made.user.id,
        "apiKey": made.issued.secret,
    }
    if json:
        show_json(answer)
        return
    for field, value in answer.items():
        typer.echo(f"{field}: {value}")
    say("Keep the key: it is shown only now.")
