"""`tranche lots`: look at lots, move stock between them, hold them, trace them, by way of a server."""

from typing import Annotated, Final

import typer

from tranche.inventory.commands.finding import HOME, LOT_NAMES, NumberArgument, find_item, find_lot
from tranche.inventory.commands.moving import moving_app, show_moved
from tranche.inventory.commands.tracing import trace_app
from tranche.kernel.client.hints import naming
from tranche.kernel.client.http import Json
from tranche.kernel.client.options import BranchOption, JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, ask, say, say_page, show_fields, show_json, show_table

_COLUMNS: Final = (
    Column("Id", "id", Kind.NUMBER),
    Column("Number", "batchNumber"),
    Column("Name", "batchName"),
    Column("Item", "itemName"),
    Column("Expires", "expirationDate", Kind.DAY),
    Column("Quantity", "quantity", Kind.COUNT),
    Column("Active", "isActive"),
)
_STOCK: Final = (Column("Branch", "branchName"), Column("Quantity", "quantity", Kind.COUNT))

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Stock in lots: receive, move, hold, trace.")


@app.command("list")
def list_lots(
    *,
    search: Annotated[str | None, typer.Option(help="A part of number or name.", show_default=False)] = None,
    item: Annotated[str | None, typer.Option(help="Only lots of this item, by code or id.", show_default=False)] = None,
    branch: BranchOption = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List lots, the newest first; with a branch, what it has of them."""
    with open_client(branch=branch) as client:
        item_id = find_item(client, item) if item else None
        answer = client.get(HOME, params={"search": search, "itemId": item_id, "page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(_COLUMNS, answer["data"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="lots")


@app.command("show")
def show_lot(number: NumberArgument, *, branch: BranchOption = None, json: JsonOption = False) -> None:
    """One lot, and what each branch has of it."""
    with open_client(branch=branch) as client:
        answer = client.get(f"{HOME}/{find_lot(client, number)['id']}/stock")
    if json:
        show_json(answer)
        return
    show_fields(_COLUMNS, answer["data"]["batch"])
    if answer["data"]["isOnHold"]:
        say(f"On hold: {answer['data']['holdReason']} ({answer['data']['heldBy']})")
    show_table(_STOCK, answer["data"]["branches"])


app.registered_commands += moving_app.registered_commands


@app.command("hold")
def hold(
    number: NumberArgument,
    reason: Annotated[str, typer.Argument(help="Why it is kept back.", show_default=False)],
    *,
    json: JsonOption = False,
) -> None:
    """Keep a lot back: nothing is consumed of it."""
    with open_client() as client:
        path = f"{HOME}/{find_lot(client, number)['id']}/hold"
        with naming(LOT_NAMES):
            answer = client.post(path, body={"data": {"reason": reason}})
    _said(answer, f"{number} is on hold.", json=json)


@app.command("release")
def release(number: NumberArgument, *, json: JsonOption = False) -> None:
    """Let a lot go again."""
    with open_client() as client:
        answer = client.post(f"{HOME}/{find_lot(client, number)['id']}/release")
    _said(answer, f"{number} is released.", json=json)


@app.command("undo")
def undo(
    movement: Annotated[
        int,
        typer.Argument(
            min=1,
            metavar="MOVEMENT",
            help="Any of its movements, as `tranche lots history` lists them.",
            show_default=False,
        ),
    ],
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    json: JsonOption = False,
) -> None:
    """Undo what was done to the stock in one step, unless something has left its lots since."""
    with open_client() as client:
        found = client.get(f"/api/batch/operations/{movement}")["data"]
        say(f"Movement {movement}: {_described(found)}")
        if not (yes or ask("Undo it, with all that was moved in the same step?")):
            say("Nothing was undone. (--yes undoes without asking.)")
            raise typer.Exit(ExitCode.FAILURE)
        answer = client.post(f"/api/batch/operations/{movement}/undo")
    show_moved(answer, json=json)


app.registered_commands += trace_app.registered_commands


def _described(found: Json) -> str:
    places = [("from", found["sourceBatchNumber"]), ("to", found["destinationBatchNumber"])]
    where = "".join(f" {word} {place}" for word, place in places if place)
    return f"{found['operationType']} of {found['quantity']}{where}"


def _said(answer: Json, sentence: str, *, json: bool) -> None:
    if json:
        show_json(answer)
    else:
        say(sentence)
