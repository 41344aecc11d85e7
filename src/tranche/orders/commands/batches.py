"""`tranche orders batches`, `errors`, `delete` and `adopt-legacy`."""

from typing import Annotated

import typer

from tranche.imports.errors_commands import Errors, GroupsOption, OutOption, SeverityOption, errors_of
from tranche.kernel.client.http import Client
from tranche.kernel.client.options import JsonOption, LimitOption, PageOption, open_client
from tranche.kernel.client.output import ExitCode, ask, say, say_page, show_json, show_table
from tranche.kernel.text import plural
from tranche.orders.commands.naming import (
    BATCHES,
    BatchArgument,
    ImportOption,
    MaybeBatchArgument,
    find_batch,
    find_order_import,
    refuse_unless_one,
)
from tranche.orders.commands.showing import BATCH_COLUMNS, show_batch
from tranche.orders.domain import BatchStatus


def show_batches(
    batch: MaybeBatchArgument = None,
    *,
    status: Annotated[BatchStatus | None, typer.Option(help="Only batches of this status.", show_default=False)] = None,
    page: PageOption = 1,
    limit: LimitOption = 20,
    json: JsonOption = False,
) -> None:
    """List the batches, the newest first, or show one with its first errors."""
    with open_client() as client:
        if batch is not None:
            found = client.get(f"{BATCHES}/{batch}")
            show = show_json if json else show_batch
            show(found)
            return
        answer = client.get(BATCHES, params={"status": status.value if status else None, "page": page, "limit": limit})
    if json:
        show_json(answer)
        return
    show_table(BATCH_COLUMNS, answer["batches"])
    pages = answer["pagination"]
    say_page(page=page, pages=pages["pages"], total=pages["total"], what="batches")


def show_errors(
    batch: MaybeBatchArgument = None,
    *,
    number: ImportOption = None,
    out: OutOption = None,
    groups: GroupsOption = False,
    severity: SeverityOption = None,
    page: PageOption = 1,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """Show what was wrong with the rows of a batch, or of a dry run."""
    refuse_unless_one(batch, number)
    with open_client() as client:
        found = _errors_of(client, batch, number)
        found.present(client, out=out, groups=groups, severity=severity, page=page, limit=limit, json=json)


def _errors_of(client: Client, batch: int | None, number: int | None) -> Errors:
    if batch is not None:
        find_batch(client, batch)
        return Errors(home=f"{BATCHES}/{batch}", what=f"batch {batch}", following=f"tranche orders correct {batch}")
    work = find_order_import(client, number or 0, verb="errors")
    return errors_of(work, following="tranche orders upload")


def delete(
    batch: BatchArgument,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    force_void: Annotated[bool, typer.Option("--force-void", help="Void invoices of its orders first.")] = False,
    json: JsonOption = False,
) -> None:
    """Delete a batch and all its orders."""
    with open_client() as client:
        found = find_batch(client, batch)
        orders = client.get(f"{BATCHES}/{batch}/orders", params={"limit": 1})["pagination"]["total"]
        what = f"batch {batch} ({found['fileName']}) and its {plural(orders, 'order')}"
        if not (yes or ask(f"Delete {what}?")):
            say("Nothing was deleted. (--yes deletes without asking.)")
            raise typer.Exit(ExitCode.FAILURE)
        answer = client.delete(f"{BATCHES}/{batch}", params={"force": "void" if force_void else None})
    if json:
        show_json(answer)
    if answer["operationId"] is None:
        say(f"Deleted batch {batch} and {plural(answer['deletedOrders'], 'order')}.")
    else:
        say(f"The batch and its {plural(answer['deletedOrders'], 'order')} are out of sight and are being removed.")
        say(f"Follow it: tranche operations watch {answer['operationId']}")


def adopt_legacy(*, json: JsonOption = False) -> None:
    """Put orders without a batch under one named legacy_import; may be run again."""
    with open_client() as client:
        answer = client.post(f"{BATCHES}/adopt-legacy")
    if json:
        show_json(answer)
        return
    adopted, found = answer["data"]["adoptedOrders"], answer["data"]["batch"]
    say(
        f"{plural(adopted, 'order')} adopted into batch {found['id']}."
        if adopted
        else "There were no orders without a batch."
    )
