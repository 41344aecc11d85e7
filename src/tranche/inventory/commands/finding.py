"""Lots by their numbers and items by their codes, as people name them on the command line."""

from tranche.inventory.domain import UnknownLot
from tranche.kernel.client.http import Client, Json
from tranche.kernel.errors import NotFound

HOME = "/api/inventory/batches"


def find_lot(client: Client, number: str) -> Json:
    """The lot of this number.

    Raises:
        UnknownLot
    """
    found = client.get(HOME, params={"batchNumber": number, "limit": 1})["data"]
    if not found:
        raise UnknownLot
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
