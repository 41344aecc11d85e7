"""Uploads as people name them: a number alone is a batch; an import, such as a dry run's, is named by `--import`."""

from typing import Annotated, Final, TypeAlias

import typer

from tranche.imports.finding import find_import
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.output import say
from tranche.kernel.errors import Conflict

BATCHES: Final = "/api/orders/batches"
_BATCH: Final = "The number of the batch, as `tranche orders batches` lists it."

BatchArgument: TypeAlias = Annotated[int, typer.Argument(min=1, metavar="BATCH", help=_BATCH, show_default=False)]
MaybeBatchArgument: TypeAlias = Annotated[
    int | None, typer.Argument(min=1, metavar="[BATCH]", help=_BATCH, show_default=False)
]
ImportOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--import", min=1, metavar="IMPORT", help="Instead of a batch an import, as a dry run names it.",
        show_default=False,
    ),
]  # fmt: skip


def find_batch(client: Client, batch: int) -> Json:
    """The batch of this number, whose file is said, so that nobody takes it for another one."""
    found: Json = client.get(f"{BATCHES}/{batch}")
    say(f'Batch {batch} "{found["fileName"]}"{_beside("import", found["importId"])}')
    return found


def find_read_batch(client: Client, batch: int) -> Json:
    """As `find_batch`.

    Raises:
        Conflict: its file could not be read at all, so that there is no import.
    """
    found = find_batch(client, batch)
    if found["importId"] is None:
        raise Conflict(f"Nothing of batch {batch} was read; upload the file again.", code="nothing_read")
    return found


def find_order_import(client: Client, number: int, *, verb: str) -> Json:
    """The import of this number, whose file is said.

    Raises:
        OtherKind: it is no import of orders.
    """
    found = find_import(client, number, target="order", verb=verb)
    batch = found["options"].get("batchId")
    say(f'Import {number} "{found["fileName"]}"{_beside("batch", batch) or ", a dry run"}')
    return found


def refuse_unless_one(batch: int | None, import_number: int | None) -> None:
    """Refuse both, and neither."""
    if (batch is None) == (import_number is None):
        raise typer.BadParameter("Name one BATCH, or one --import.", param_hint="BATCH")


def _beside(kind: str, number: int | None) -> str:
    return "" if number is None else f" ({kind} {number})"
