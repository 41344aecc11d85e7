"""What the commands `errors` of all targets share: the workbook of refused rows."""

from pathlib import Path

from tranche.kernel.client.files import read_ending
from tranche.kernel.client.http import Client
from tranche.kernel.client.output import say
from tranche.kernel.errors import NotFound


class NothingRefused(NotFound):
    """There is no row that could be corrected."""

    code = "nothing_refused"


def save_workbook(client: Client, home: str, out: Path, *, what: str, following: str) -> None:
    """Save the refused rows of what is at `home`; `following` is the command that takes them corrected.

    Raises:
        Invalid: the name does not end in .xlsx.
        NothingRefused
    """
    read_ending(out, known=(".xlsx",))
    errors = client.get(f"{home}/errors", params={"severity": "error", "limit": 1})
    if not errors["pagination"]["totalItems"] and client.get(home).get("importId", home) is not None:
        raise NothingRefused(f"Nothing of {what} is refused; there is nothing to correct.")
    size = client.download(f"{home}/errors.xlsx", out)
    say(f"Saved {out} ({size:,} bytes). Correct its rows, then: {following} {out}")
