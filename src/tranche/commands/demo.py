"""`tranche demo`: a workbook comes in, in an installation that lives only as long as that takes."""

import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from tranche.commands import demo_report, screen
from tranche.commands.demo_watch import watch
from tranche.commands.options import load_settings
from tranche.commands.process import leave
from tranche.commands.signals import interruptible
from tranche.commands.throwaway import throwaway
from tranche.imports.sample import write_sample
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.output import ExitCode, clean
from tranche.kernel.errors import Invalid

app = typer.Typer(add_completion=False)

_ROWS = 20_000
_ROWS_OF_AN_ORDER = 3
_BAD_EVERY = 50
_SEED = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What was asked for."""

    file: Path | None
    rows: int
    keep: bool
    serve: bool


@app.command()
def demo(
    file: Annotated[
        Path | None,
        typer.Argument(help="A spreadsheet of order lines; without it a sample is made.", show_default=False),
    ] = None,
    *,
    rows: Annotated[
        int, typer.Option("--rows", min=1, max=1_000_000, help="About how many rows the sample has.")
    ] = _ROWS,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the installation's folder.")] = False,
    serve: Annotated[bool, typer.Option("--serve", help="Leave it running afterwards, until Ctrl-C.")] = False,
) -> None:
    """Watch a workbook come in: a database, a server and a worker are started, used over HTTP, and removed again."""
    if file is not None and not file.is_file():
        raise Invalid(f"There is no file {file}.", code="no_file")
    console = screen.out()
    with interruptible():
        code = _run(_Plan(file=file, rows=rows, keep=keep, serve=serve), console)
    sys.stdout.flush()
    leave(code)
    raise typer.Exit(code)


def _run(plan: _Plan, console: Console) -> ExitCode:
    console.print("\n[bold]Tranche demo[/]")
    console.print("[dim]A whole installation in a temporary folder, used over HTTP as any client would.[/]\n")
    steps = _Steps(console)
    with throwaway(load_settings(), keep=plan.keep, done=steps.done) as installation:
        workbook = plan.file or _make_sample(installation.home, rows=plan.rows, steps=steps)
        with Client(installation.address) as client:
            batch = _import(client, workbook, console)
        if plan.serve:
            demo_report.show_door(console, installation)
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
    if plan.keep:
        demo_report.show_kept(console, installation.home)
    elif not plan.serve:
        demo_report.show_next(console)
    return ExitCode.FAILURE if batch["status"] == "failed" else ExitCode.OK


def _make_sample(folder: Path, *, rows: int, steps: "_Steps") -> Path:
    """A workbook in the installation's own folder, which goes with it."""
    path = folder / "sample-orders.xlsx"
    facts = write_sample(path, orders=max(1, rows // _ROWS_OF_AN_ORDER), bad_every=_BAD_EVERY, seed=_SEED)
    bad = facts.orders - facts.good_orders
    steps.done(f"Sample: {facts.rows:,} rows, {facts.orders:,} orders, {bad:,} of them bad on purpose")
    return path


def _import(client: Client, workbook: Path, console: Console) -> Json:
    """Upload the file, watch its operation, show what became of it; answers the batch."""
    console.print(f"\n[bold]Upload of {clean(workbook.name)}[/] [dim]({_size(workbook)})[/]\n")
    began = time.monotonic()
    started = client.upload("/api/orders/upload", workbook)
    ended = watch(client, int(started["operationId"]), console=console)
    seconds = time.monotonic() - began
    batch = client.get(f"/api/orders/batches/{started['id']}")
    demo_report.show_batch(console, client, batch, operation=ended, seconds=seconds)
    return batch


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{max(1, round(size / 1e3)):,} kB"  # noqa: PLR2004


class _Steps:
    """A line for each thing that was made ready, with the time that it took."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        took, self._last = now - self._last, now
        width = min(self._console.width, 100) - 14
        self._console.print(
            Text.assemble("  ", ("✓", "green"), " ", f"{what:<{width}}", (f"{took:6.1f} s", "dim")), soft_wrap=True
        )
