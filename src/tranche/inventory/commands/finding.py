"""Lots and branches by their numbers and items by their codes, as people name them on the command line."""

from typing import Annotated, Final

import typer

from tranche.inventory.domain import UnknownLot
from tranche.kernel.client.hints import naming
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.options import open_client
from tranche.kernel.errors import NotFound

HOME = "/api/inventory/batches"
# What the commands call the members of a body, in which the server speaks.
LOT_NAMES: Final = {
    "batchNumber": "LOT",
    "expirationDate": "--expires",
    "costPrice": "--cost",
    "countedQuantity": "--counted",
    "sourceBatchNumber": "LOT",
    "destinationBatchNumber": "TO",
    "toBranchId": "BRANCH",
    "notes": "--notes",
    "reason": "REASON",
}

_BRANCH_NAMES: Final = {"x-branch-id": "BRANCH", "This branch": "BRANCH"}

NumberArgument = Annotated[str, typer.Argument(metavar="LOT", help="The number of the lot.", show_default=False)]


_LOOK: Final = "`tranche lots list` shows what there is."


def find_lot(client: Client, number: str, *, else_do: str = _LOOK) -> Json:
    """The lot of this number; `else_do` is what to do where there is none.

    Raises:
        NotFound
    """
    found = client.get(HOME, params={"batchNumber": number, "limit": 1})["data"]
    if not found:
        raise NotFound(f"There is no lot with the number {number}. {else_do}", code=UnknownLot.code)
    return dict(found[0])


def find_item(client: Client, name: str) -> int:
    """The id of the item with this code, or else with this id.

    Raises:
        NotFound
    """
    found = client.get("/api/items", params={"search": name, "limit": 1000})["data"]
    for item in found:
        if item["code"] == name:
            return int(item["id"])
    if name.isascii() and name.isdigit():
        return int(client.get(f"/api/items/{name}")["data"]["id"])
    raise NotFound(f"There is no item with the code {name}. `tranche items list` shows what there is.")


def find_branch(number: str) -> int:
    """The branch that an argument names, as the server reads one.

    Raises:
        Invalid, Forbidden: they tell which branches there are.
    """
    with naming(_BRANCH_NAMES), open_client(branch=number) as client:
        return int(client.get("/api/me")["data"]["branchId"])
