"""Options that commands of several modules share, and the client that they ask with."""

import os
from typing import Annotated, Final, TypeAlias

import typer

from tranche.kernel.client.address import find_address
from tranche.kernel.client.http import Client

BRANCH: Final = "TRANCHE_BRANCH"

JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print the server's answer as JSON.")]
PageOption: TypeAlias = Annotated[int, typer.Option("--page", min=1, help="Which page of the list.")]
LimitOption: TypeAlias = Annotated[int, typer.Option("--limit", min=1, max=1000, help="How many on a page.")]
WaitOption: TypeAlias = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Watch until it has ended, or return at once.")
]


BranchOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--branch", metavar="NUMBER", envvar=BRANCH, help="The branch; else that of the key.", show_default=False
    ),
]


def open_client(*, branch: str | None = None) -> Client:
    """A client of the server that the environment names, at work in a branch.

    Raises:
        Invalid, Unauthorized: the environment does not say which server, or by which key.
    """
    return Client(find_address(os.environ), branch=branch)
