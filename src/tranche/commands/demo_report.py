"""What the demo shows at the end: the batch, why orders were refused, and where to go next."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tranche.commands.screen import show_facts
from tranche.commands.throwaway import Installation
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.output import clean

_GROUPS = 10
_ERRORS = 8
_LOOKED_AT = 100
_CONSEQUENCE = "order_rejected"


def show_batch(console: Console, client: Client, batch: Json, *, operation: Json, seconds: float) -> None:
    """The batch with its counts and its speed, its causes and its first errors."""
    total, imported, failed = batch["totalOrders"], batch["successfulOrders"], batch["failedOrders"]
    console.print(Text.assemble("\n", (f"Batch {batch['id']}", "bold"), " ", _status(batch), "\n"))
    pairs: list[tuple[str, str | Text]] = [
        ("Orders", f"{total:>9,}"),
        ("Imported", Text.assemble((f"{imported:>9,}", "green"), f"   {batch['successRate']} %")),
        ("Refused", Text(f"{failed:>9,}", style="red" if failed else "")),
    ]
    if batch["skippedOrders"]:
        pairs.append(("Skipped", f"{batch['skippedOrders']:>9,}"))
    rows = int(operation["summary"].get("rows") or 0)
    pairs.append(
        ("Rows", Text.assemble(f"{rows:>9,}", (f"   in {seconds:.1f} s: ", ""), (_rate(rows, seconds), "bold")))
    )
    show_facts(console, pairs)
    if batch["failure"]:
        console.print(Text(f"\n  {clean(batch['failure'])}", style="red"))
    if batch["importId"] is not None and batch["errorCount"] + batch["warningCount"]:
        _show_causes(console, client, batch)
        _show_errors(console, client, batch)


def show_door(console: Console, installation: Installation) -> None:
    """How to try the running one."""
    url, home = installation.url, installation.home
    console.print("\n[bold]It is running; Ctrl-C ends it and removes it.[/]\n")
    show_facts(
        console,
        [
            ("Browser", Text(installation.door, style="bold cyan")),
            ("Server", url),
            ("Key", installation.key),
            ("HTTP", f'curl -H "Authorization: Bearer {installation.key}" {url}/api/orders/batches'),
            ("Command line", f"TRANCHE_HOME={home} {_program()} orders errors 1 --groups"),
            ("SQL", f'TRANCHE_HOME={home} {_program()} sql -o 1 "SELECT * FROM batches"'),
        ],
    )
    console.print()


def show_kept(console: Console, home: Path) -> None:
    """How to start it again."""
    console.print("\n[bold]The installation is kept.[/]\n")
    show_facts(console, [("Start it", f"TRANCHE_HOME={home} {_program()} up"), ("Remove it", f"rm -r {home}")])
    console.print()


def show_next(console: Console) -> None:
    """What to try after this."""
    program = _program()
    console.print("\n[bold]Next[/] [dim](everything of this demo has been removed)[/]\n")
    show_facts(
        console,
        [
            (f"{program} demo FILE", "your own spreadsheet: .xlsx, .xls, .xlsb, .ods or .csv"),
            (f"{program} demo --serve", "leave it running, and try the HTTP interface"),
            (f"{program} up", "the real thing; its data stay in ~/.tranche"),
        ],
    )
    console.print()


def _show_causes(console: Console, client: Client, batch: Json) -> None:
    """Causes by count; rows that are good themselves, but belong to a bad order, come last and pale."""
    found = client.get(f"/api/orders/batches/{batch['id']}/errors/groups")["data"]
    groups = sorted(found, key=lambda group: group["code"] == _CONSEQUENCE)
    shown = groups if len(groups) <= _GROUPS else groups[:_GROUPS]
    table = _table(("Rows", "right"), ("Why", "left"), ("Column", "left"), ("First row", "right"))
    for group in shown:
        is_warning = group["severity"] == "warning"
        style = "dim" if group["code"] == _CONSEQUENCE else "yellow" if is_warning else ""
        table.add_row(
            f"{group['count']:,}",
            Text(("Only a warning: " if is_warning else "") + clean(group["example"])),
            Text(clean(group["column"] or "")),
            f"{group['firstRow']:,}",
            style=style,
        )
    _show(console, "Causes", table, shown=len(shown), total=len(groups))


def _show_errors(console: Console, client: Client, batch: Json) -> None:
    path = f"/api/orders/batches/{batch['id']}/errors"
    answer = client.get(path, params={"limit": _LOOKED_AT, "severity": "error"})
    errors = [error for error in answer["data"] if error["code"] != _CONSEQUENCE][:_ERRORS]
    if not errors:
        return
    table = _table(("Row", "right"), ("Column", "left"), ("What is wrong", "left"))
    for error in errors:
        table.add_row(f"{error['row']:,}", Text(clean(error["column"] or "")), Text(clean(error["message"])))
    _show(console, "First errors", table, shown=len(errors), total=answer["pagination"]["totalItems"])


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=SIMPLE_HEAD, header_style="dim", show_edge=False)
    for heading, side in columns:
        table.add_column(heading, justify="right" if side == "right" else "left", overflow="fold")
    return table


def _show(console: Console, title: str, table: Table, *, shown: int, total: int) -> None:
    rest = f" ({shown:,} of {total:,})" if total > shown else ""
    console.print(Text.assemble("\n", (title, "bold"), (rest, "dim"), "\n"))
    console.print(table)


def _status(batch: Json) -> Text:
    style = "red" if batch["status"] == "failed" else "yellow" if batch["failedOrders"] else "green"
    return Text(str(batch["status"]), style=f"bold {style}")


def _rate(rows: int, seconds: float) -> str:
    return f"{rows / max(seconds, 0.001):,.0f} rows/s"


def _program(arguments: Sequence[str] = sys.argv) -> str:
    """How this very program is called: it need not be on the path."""
    if shutil.which("tranche") or not arguments[0].endswith("tranche"):
        return "tranche"
    return os.path.relpath(arguments[0])
