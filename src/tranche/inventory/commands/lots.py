"""`tranche lots`: look at lots, move stock between them, hold them, trace them, by way of a server."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

import typer

from tranche.inventory.commands.finding import HOME, find_item, find_lot
from tranche.inventory.commands.tracing import trace_app
from tranche.kernel.client.http import Json
from tranche.kernel.client.options import BranchOption, JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, ask, say, say_page, show_fields, show_json, show_table
from tranche.kernel.errors import Invalid

_COLUMNS: Final = (
    Column("Id", "id", Kind.NUMBER),
    Column("Number", "batchNumber"),
    Column("Name", "batchName"),
    Column("Item", "itemName"),
    Column("Expires", "expirationDate", Kind.DAY),
    Column("Quantity", "quantity", Kind.COUNT),
    Column("Active", "isActive"),
)
_MOVED: Final = (
    Column("Movement", "id", Kind.NUMBER),
    Column("From", "sourceBatchNumber"),
    Column("To", "destinationBatchNumber"),
    Column("Quantity", "quantity", Kind.COUNT),
)
_STOCK: Final = (Column("Branch", "branchName"), Column("Quantity", "quantity", Kind.COUNT))

NumberArgument = Annotated[str, typer.Argument(metavar="LOT", help="The number of the lot.", show_default=False)]
NotesOption = Annotated[str | None, typer.Option("--notes", help="A word on why.", show_default=False)]

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


@app.command("receive")
def receive(
    number: NumberArgument,
    quantity: Annotated[str, typer.Argument(help="How much comes in.", show_default=False)],
    *,
    item: Annotated[
        str | None, typer.Option(help="The item of a lot that is new, by code or id.", show_default=False)
    ] = None,
    expires: Annotated[str | None, typer.Option(help="The last day, as 2027-01-31.", show_default=False)] = None,
    cost: Annotated[str | None, typer.Option(help="The cost of one.", show_default=False)] = None,
    notes: NotesOption = None,
    branch: BranchOption = None,
    json: JsonOption = False,
) -> None:
    """Take stock into a lot of the branch."""
    with open_client(branch=branch) as client:
        new = "To take stock into a new one, name its item by --item."
        item_id = find_item(client, item) if item else int(find_lot(client, number, else_do=new)["itemId"])
        body = {
            "itemId": item_id,
            "batchNumber": number,
            "quantity": _amount(quantity, "quantity"),
            "expirationDate": f"{expires}T00:00:00.000Z" if expires else None,
            "costPrice": _amount(cost, "cost") if cost else None,
            "notes": notes,
        }
        answer = client.post("/api/batch/receive", body={"data": body})
    _told(answer, json=json)


@app.command("adjust")
def adjust(
    number: NumberArgument,
    *,
    by: Annotated[str | None, typer.Option(help="The change, such as -2.5.", show_default=False)] = None,
    counted: Annotated[str | None, typer.Option(help="What is really there.", show_default=False)] = None,
    notes: NotesOption = None,
    branch: BranchOption = None,
    json: JsonOption = False,
) -> None:
    """Correct what the branch has of a lot."""
    with open_client(branch=branch) as client:
        body = {
            "itemId": find_lot(client, number)["itemId"],
            "batchNumber": number,
            "quantity": _amount(by, "by") if by else None,
            "countedQuantity": _amount(counted, "counted") if counted else None,
            "notes": notes,
        }
        answer = client.post("/api/batch/adjust", body={"data": body})
    if answer["data"] is None and not json:
        say("What was counted is what there is.")
        return
    _told(answer, json=json)


@app.command("move")
def move(
    number: NumberArgument,
    to_branch: Annotated[int, typer.Argument(min=1, metavar="BRANCH", help="Where the stock goes.")],
    quantity: Annotated[str, typer.Argument(help="How much.", show_default=False)],
    *,
    notes: NotesOption = None,
    branch: BranchOption = None,
    json: JsonOption = False,
) -> None:
    """Move stock of a lot to another branch."""
    with open_client(branch=branch) as client:
        body = {
            "itemId": find_lot(client, number)["itemId"],
            "batchNumber": number,
            "toBranchId": to_branch,
            "quantity": _amount(quantity, "quantity"),
            "notes": notes,
        }
        answer = client.post("/api/batch/branch-transfer", body={"data": body})
    _told(answer, json=json)


@app.command("transfer")
def transfer(
    source: NumberArgument,
    destination: Annotated[str, typer.Argument(metavar="TO", help="Made if it is not there.", show_default=False)],
    quantity: Annotated[str, typer.Argument(help="How much.", show_default=False)],
    *,
    notes: NotesOption = None,
    branch: BranchOption = None,
    json: JsonOption = False,
) -> None:
    """Move a quantity from one lot into another of the same item."""
    with open_client(branch=branch) as client:
        body = {
            "itemId": find_lot(client, source)["itemId"],
            "sourceBatchNumber": source,
            "destinationBatchNumber": destination,
            "quantity": _amount(quantity, "quantity"),
            "notes": notes,
        }
        answer = client.post("/api/batch/transfer", body={"data": body})
    _told(answer, json=json)


@app.command("split")
def split(
    source: NumberArgument,
    parts: Annotated[
        list[str], typer.Argument(metavar="TO=QUANTITY...", help="Such as A-1=5 A-2=3.", show_default=False)
    ],
    *,
    notes: NotesOption = None,
    branch: BranchOption = None,
    json: JsonOption = False,
) -> None:
    """Move from one lot into several."""
    destinations = [{"batchNumber": name, "quantity": amount} for name, amount in map(_part, parts)]
    with open_client(branch=branch) as client:
        body = {
            "itemId": find_lot(client, source)["itemId"],
            "sourceBatchNumber": source,
            "destinations": destinations,
            "notes": notes,
        }
        answer = client.post("/api/batch/split", body={"data": body})
    _told(answer, json=json)


@app.command("merge")
def merge(
    destination: Annotated[str, typer.Argument(metavar="TO", help="Made if it is not there.", show_default=False)],
    sources: Annotated[
        list[str], typer.Argument(metavar="LOT[=QUANTITY]...", help="Without a quantity all.", show_default=False)
    ],
    *,
    notes: NotesOption = None,
    branch: BranchOption = None,
    json: JsonOption = False,
) -> None:
    """Move from several lots into one."""
    wanted = [{"batchNumber": name, "quantity": amount} for name, amount in map(_part, sources)]
    with open_client(branch=branch) as client:
        body = {
            "itemId": find_lot(client, str(wanted[0]["batchNumber"]))["itemId"],
            "destinationBatchNumber": destination,
            "sources": wanted,
            "notes": notes,
        }
        answer = client.post("/api/batch/consolidation", body={"data": body})
    _told(answer, json=json)


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
    _told(answer, json=json)


app.registered_commands += trace_app.registered_commands


def _told(answer: Json, *, json: bool) -> None:
    if json:
        show_json(answer)
        return
    data = answer["data"]
    show_table(_MOVED, data if isinstance(data, list) else [data])
    say(str(answer["message"]) + ".")


def _described(found: Json) -> str:
    places = [("from", found["sourceBatchNumber"]), ("to", found["destinationBatchNumber"])]
    where = "".join(f" {word} {place}" for word, place in places if place)
    return f"{found['operationType']} of {found['quantity']}{where}"


def _said(answer: Json, sentence: str, *, json: bool) -> None:
    if json:
        show_json(answer)
    else:
        say(sentence)


def _part(text: str) -> tuple[str, Decimal | None]:
    name, mark, amount = text.rpartition("=")
    return (name, _amount(amount, text)) if mark else (text, None)


def _amount(text: str, what: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise Invalid(f"{what}: {text!r} is not a number such as 12.5.", code="usage") from error
