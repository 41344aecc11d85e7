"""What people hold in hand has a number, the list an id: a command takes either, and asks a server which is meant."""

from dataclasses import dataclass
from typing import Final

from tranche.kernel.client.http import Client, Json
from tranche.kernel.errors import Invalid, NotFound
from tranche.kernel.text import spellings

_ID: Final = "id:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """A kind of thing whose list at `home` is sorted and searched by its number, which stands there as `key`.

    `may_be_digits` says that a number may look like an id.
    """

    what: str
    home: str
    key: str
    may_be_digits: bool

    def find_id(self, client: Client, text: str) -> int:
        """The id of what has this number or this id; `id:12` can only be an id.

        Raises:
            NotFound: nothing has this number.
            Invalid: one has this number, and another this id.
        """
        plain = text.removeprefix(_ID)
        is_id = plain.isascii() and plain.isdigit()
        if is_id and (plain != text or not self.may_be_digits):
            return int(plain)
        found = next((id_ for one in spellings(text) if (id_ := self._find_number(client, one)) is not None), None)
        if found is None and not is_id:
            raise NotFound(f"There is no {self.what} with the number {text}.")
        if found is None or (is_id and found == int(plain)):
            return int(plain)
        if is_id and self._has(client, int(plain)):
            raise Invalid(
                f"{text} is the number of one {self.what}, and the id of another. "
                f"Say {_ID}{found} for the one with this number, {_ID}{text} for the other."
            )
        return found

    def _find_number(self, client: Client, number: str) -> int | None:
        rows = client.get(self.home, params={"search": number, "sort": self.key, "limit": 1})["data"]
        return next((int(row["id"]) for row in rows if row[self.key] == number), None)

    def _has(self, client: Client, id_: int) -> bool:
        try:
            found: Json = client.get(f"{self.home}/{id_}")
        except NotFound:
            return False
        return bool(found)


INVOICES: Final = Numbered(what="invoice", home="/api/invoices", key="number", may_be_digits=False)
ORDERS: Final = Numbered(what="order", home="/api/orders", key="orderId", may_be_digits=True)
