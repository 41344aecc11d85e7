"""`tranche notifications`: which mails one wants, and what was told to whom, by way of a server."""

from typing import Annotated

import typer

from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, Kind, say, say_page, show_json, show_table
from tranche.kernel.identity.domain import Wish
from tranche.kernel.notify.domain import Channel, Status

_WISHES = "/api/me/notifications"
_COLUMNS = (
    Column("Id", "id", Kind.NUMBER),
    Column("Channel", "channel"),
    Column("Event", "event"),
    Column("To", "destination"),
    Column("Status", "status"),
    Column("Attempts", "attempts", Kind.COUNT),
    Column("Created", "createdAt", Kind.MOMENT),
    Column("Why", "error"),
)
_MEANING = {
    Wish.AUTO: "You get a mail when an operation of yours took longer than ten seconds or failed.",
    Wish.ALWAYS: "You get a mail at every end of an operation of yours.",
    Wish.NEVER: "You get no mails about operations.",
}

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Choose your mails; see what was told to whom.")


@app.command("list")
def list_notifications(
    *,
    channel: Annotated[Channel | None, typer.Option(help="Only this channel.", show_default=False)] = None,
    status: Annotated[
        Status | None, typer.Option(help="Only notifications of this status.", show_default=False)
    ] = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List mails, webhook deliveries and alerts of the organization, the newest first."""
    params = {
        "channel": channel.value if channel else None,
        "status": status.value if status else None,
        "page": page,
        "limit": limit,
    }
    with open_client() as client:
        answer = client.get("/api/notifications", params=params)
    if json:
        show_json(answer)
        return
    show_table(_COLUMNS, answer["data"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="notifications")


@app.command()
def mails(
    wish: Annotated[
        Wish | None, typer.Argument(metavar="[auto|always|never]", help="What you want.", show_default=False)
    ] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Show or choose which ends of your operations you get a mail about."""
    with open_client() as client:
        if wish is None:
            answer = client.get(_WISHES)
        else:
            answer = client.put(_WISHES, body={"data": {"operationMails": wish.value}})
    if json:
        show_json(answer)
    else:
        say(_MEANING[Wish(answer["data"]["operationMails"])])
