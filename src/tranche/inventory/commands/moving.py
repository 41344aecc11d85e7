"""`tranche lots receive | adjust | move | transfer | split | merge`: what moves stock."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Final

import typer

from tranche.inventory.commands.finding import LOT_NAMES, NumberArgument, find_branch, find_item, find_lot
from tranche.kernel.client.hints import naming
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.options import BranchOption, JsonOption, open_client
from tranche.kernel.client.output import Column, Kind, say, show_json, show_table
from tranche.kernel.errors import Invalid

_MOVED: Final = (
    Column("Movement", "id", Kind.NUMBER),
    Column("From", "sourceBatchNumber"),
    Column("To", "destinationBatchNumber"),
    Column("Quantity", "quantity", Kind.COUNT),
)
NotesOption = Annotated[str | None, typer.Option("--notes", help="A word on why.", show_default=False)]

moving_app = typer.Typer(add_completion=False)


@moving_app.command("receive")
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
            "expirationDate": f"{_day(expires)}T00:00:00.000Z" if expires else None,
            "costPrice": _amount(cost, "--cost") if cost else None,
            "notes": notes,
        }
        answer = _send(client, "receive", body)
    show_moved(answer, json=json)


@moving_app.command("adjust")
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
    if (by is None) == (counted is None):
        raise typer.BadParameter("Name one --by, or one --counted.", param_hint="--by")
    with open_client(branch=branch) as client:
        body = {
            "itemId": find_lot(client, number)["itemId"],
            "batchNumber": number,
            "quantity": None if by is None else _amount(by, "--by"),
            "countedQuantity": None if counted is None else _amount(counted, "--counted"),
            "notes": notes,
        }
        answer = _send(client, "adjust", body, quantity="--by")
    if answer["data"] is None and not json:
        say("What was counted is what there is.")
        return
    show_moved(answer, json=json)


@moving_app.command("move")
def move(
    number: NumberArgument,
    to_branch: Annotated[str, typer.Argument(metavar="BRANCH", help="The number of the branch where the stock goes.")],
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
            "toBranchId": find_branch(to_branch),
            "quantity": _amount(quantity, "quantity"),
            "notes": notes,
        }
        answer = _send(client, "branch-transfer", body)
    show_moved(answer, json=json)


@moving_app.command("transfer")
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
        answer = _send(client, "transfer", body)
    show_moved(answer, json=json)


@moving_app.command("split")
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
    whole = next((str(one["batchNumber"]) for one in destinations if one["quantity"] is None), None)
    if whole is not None:
        raise typer.BadParameter(f"{whole} has no quantity; write {whole}=5.", param_hint="TO=QUANTITY")
    with open_client(branch=branch) as client:
        body = {
            "itemId": find_lot(client, source)["itemId"],
            "sourceBatchNumber": source,
            "destinations": destinations,
            "notes": notes,
        }
        answer = _send(client, "split", body, **_names_of_parts("destinations", parts))
    show_moved(answer, json=json)


@moving_app.command("merge")
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
        answer = _send(client, "consolidation", body, **_names_of_parts("sources", sources))
    show_moved(answer, json=json)


def show_moved(answer: Json, *, json: bool) -> None:
    """The movements that an answer tells of."""
    if json:
        show_json(answer)
        return
    data = answer["data"]
    show_table(_MOVED, data if isinstance(data, list) else [data])
    say(str(answer["message"]) + ".")


def _send(client: Client, verb: str, body: Json, **names: str) -> Json:
    """Have the server do it; `names` are members of the body that this command calls otherwise than others do."""
    with naming({**LOT_NAMES, **names}):
        return client.post(f"/api/batch/{verb}", body={"data": body})


def _names_of_parts(member: str, parts: Sequence[str]) -> dict[str, str]:
    """What a list of lots is called in messages: each as it was typed."""
    return {
        f"{member}/{number}/{name}": f"{part} ({said})"
        for number, part in enumerate(parts)
        for name, said in (("batchNumber", "the lot"), ("quantity", "the quantity"))
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is no day such as 2027-01-31.", param_hint="--expires") from error


def _part(text: str) -> tuple[str, Decimal | None]:
    name, mark, amount = text.rpartition("=")
    return (name, _amount(amount, text)) if mark else (text, None)


def _amount(text: str, what: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise Invalid(f"{what}: {text!r} is not a number such as 12.5.", code="usage") from error
