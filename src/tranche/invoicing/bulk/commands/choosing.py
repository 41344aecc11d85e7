"""Which invoices a command is about: by their numbers or ids, or all of one run."""

from typing import Annotated, Final, TypeAlias

import typer

from tranche.kernel.client.http import Client
from tranche.kernel.client.numbers import INVOICES
from tranche.kernel.client.output import ExitCode, say

MOST: Final = 10_000
_PAGE: Final = 1_000
_RUN: Final = "order_invoices"
# Where the server names a member of the body.
NAMES: Final = {"invoice_ids": "INVOICE", "language": "--language", "subject": "--subject"}

InvoicesArgument: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="INVOICE...", help="Numbers of invoices, such as INV-2026-000011, or ids.", show_default=False
    ),
]
RunOption: TypeAlias = Annotated[
    int | None, typer.Option("--run", min=1, help="All live invoices of this run instead.", show_default=False)
]


def choose(client: Client, invoices: list[str] | None, *, run: int | None) -> list[int]:
    """The ids; ends the command with 2 where none or both are named, with 4 where a run has none."""
    if bool(invoices) == (run is not None):
        raise typer.BadParameter("name invoices by their numbers or ids, or a run by --run")
    if invoices:
        return [INVOICES.find_id(client, one) for one in invoices]
    found: list[int] = []
    for page in range(1, MOST // _PAGE + 1):
        answer = client.get(
            "/api/invoices", params={"operationId": run, "status": "issued", "page": page, "limit": _PAGE}
        )
        found += [row["id"] for row in answer["data"]]
        if len(answer["data"]) < _PAGE:
            break
    if not found:
        kind = client.get(f"/api/operations/{run}")["data"]["kind"]
        say(
            f"Run {run} has no live invoices." if kind == _RUN else f"Operation {run} is no run of invoices but {kind}."
        )
        raise typer.Exit(ExitCode.NOT_FOUND)
    return found
