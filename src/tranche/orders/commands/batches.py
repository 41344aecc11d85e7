"""`tranche orders batches`, `errors`, `delete` and `adopt-legacy`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from tranche.imports.errors_commands import save_workbook
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import Column, ExitCode, Kind, ask, say, say_page, show_json, show_table
from tranche.orders.commands.showing import BATCH_COLUMNS, ERROR_COLUMNS, show_batch
from tranche.orders.domain import BatchStatus

_HOME = "/api/orders/batches"
_GROUP_COLUMNS = (
    Column("Count", "count", Kind.COUNT),
    Column("Code", "code"),
    Column("Severity", "severity"),
    Column("Column", "column"),
    Column("First row", "firstRow", Kind.NUMBER),
    Column("Key", "key"),
    Column("Example", "example"),
)


class Severity(StrEnum):
    """What `errors --severity` takes."""

    ERROR = "error"
    WARNING = "warning"


BatchArgument: TypeAlias = Annotated[int, typer.Argument(min=1, metavar="BATCH", help="The number of the batch.")]


def show_batches(
    batch: Annotated[
        int | None, typer.Argument(min=1, metavar="[ID]", help="One batch, in full.", show_default=False)
    ] = None,
    *,
    status: Annotated[BatchStatus | None, typer.Option(help="Only batches of this status.", show_default=False)] = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List the batches, the newest first, or show one with its first errors."""
    with open_client() as client:
        if batch is not None:
            found = client.get(f"{_HOME}/{batch}")
            show = show_json if json else show_batch
            show(found)
            return
        answer = client.get(_HOME, params={"status": status.value if status else None, "page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(BATCH_COLUMNS, answer["batches"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["pages"], total=pages["total"], what="batches")


def show_errors(
    batch: BatchArgument,
    *,
    out: Annotated[
        Path | None,
        typer.Option(help="Save the bad rows as a workbook (.xlsx), to be corrected.", show_default=False),
    ] = None,
    groups: Annotated[bool, typer.Option("--groups", help="Causes with their counts.")] = False,
    severity: Annotated[
        Severity | None, typer.Option(help="Only errors, or only warnings.", show_default=False)
    ] = None,
    page: PageOption = 1,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """Show what was wrong with the rows of a batch."""
    with open_client() as client:
        if out is not None:
            following = f"tranche orders correct {batch}"
            save_workbook(client, f"{_HOME}/{batch}", out, what=f"batch {batch}", following=following)
            return
        path = f"{_HOME}/{batch}/errors" + ("/groups" if groups else "")
        params = {"severity": severity.value if severity else None, "page": page, "limit": limit}
        answer = client.get(path, params={} if groups else params)
    if json:
        show_json(answer)
    elif groups:
        show_table(_GROUP_COLUMNS, answer["data"])
    else:
        show_table(ERROR_COLUMNS, answer["data"])
        pages = answer["pagination"]
        say_page(page=page, pages=pages["totalPages"], total=pages["totalItems"], what="errors and warnings")


def delete(
    batch: BatchArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force_void: Annotated[bool, typer.Option("--force-void", help="Void invoices of its orders first.")] = False,
    json: JsonOption = False,
) -> None:
    """Delete a batch and all its orders."""
    with open_client() as client:
        found = client.get(f"{_HOME}/{batch}")
        orders = client.get(f"{_HOME}/{batch}/orders", params={"limit": 1})["pagination"]["total"]
        what = f"batch {batch} ({found['fileName']}) and its {orders:,} orders"
        if not (yes or ask(f"Delete {what}?")):
            say("Nothing was deleted. (--yes deletes without asking.)")
            raise typer.Exit(ExitCode.FAILURE)
        answer = client.delete(f"{_HOME}/{batch}", params={"force": "void" if force_void else None})
    if json:
        show_json(answer)
    if answer["operationId"] is None:
        say(f"Deleted batch {batch} and {answer['deletedOrders']:,} orders.")
    else:
        say(f"The batch and its {answer['deletedOrders']:,} orders are out of sight and are being removed.")
        say(f"Follow it: tranche operations watch {answer['operationId']}")


def adopt_legacy(*, json: JsonOption = False) -> None:
    """Put orders without a batch under one named legacy_import; may be run again."""
    with open_client() as client:
        answer = client.post(f"{_HOME}/adopt-legacy")
    if json:
        show_json(answer)
        return
    adopted, found = answer["data"]["adoptedOrders"], answer["data"]["batch"]
    say(f"{adopted:,} orders adopted into batch {found['id']}." if adopted else "There were no orders without a batch.")
