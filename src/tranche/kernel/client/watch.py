"""The live display of one operation: a line for each phase, the present one with its bar."""

from collections.abc import Mapping
from typing import Final

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from tranche.kernel.client.events import follow_operation, is_over
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.output import clean

_PHASES: Final[Mapping[str, str]] = {
    "stage": "Reading the file",
    "judge": "Checking every row",
    "prepare": "Preparing",
    "commit": "Bringing in",
    "remove": "Removing",
}
_WAITING: Final[Mapping[str, str]] = {
    "pending": "Waiting for a worker",
    "paused": "Paused",
    "cancelling": "Cancelling",
}
_ENDS: Final[Mapping[str, tuple[str, str]]] = {
    "completed": ("✓", "green"),
    "completed_with_errors": ("✓", "yellow"),
    "failed": ("✗", "red"),
    "cancelled": ("■", "yellow"),
}
_MINUTE, _HOUR = 60, 3_600


def watch_operation(client: Client, operation_id: int, *, console: Console) -> Json:
    """Show an operation on `console` until it has ended; returns its last state.

    On a terminal the display moves; elsewhere each phase leaves one line. Ctrl-C ends the watching and
    not the operation.

    Raises:
        NotFound: there is no such operation.
        Unavailable: the server stays away.
    """
    display = _Display(console)
    with Live(
        console=console, get_renderable=display.render, refresh_per_second=8, auto_refresh=console.is_terminal
    ) as live:
        for state in follow_operation(client, operation_id):
            display.take(state)
            live.refresh()
    return display.state


class _Display:
    """What was seen of an operation: the last state of each phase, in the order in which they came."""

    def __init__(self, console: Console) -> None:
        self.state: Json = {}
        self._console = console
        self._phases: dict[str, Json] = {}
        self._spinner = Spinner("dots", style="cyan")

    def take(self, state: Json) -> None:
        self.state = state
        if state["status"] != "pending" or self._phases:
            self._phases[str(state["phase"]["name"])] = state

    def render(self) -> RenderableType:
        """One row for each phase; only the last one can still move."""
        if not self._console.is_terminal and not is_over(self.state):
            return Text("", end="")
        grid = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(5):
            grid.add_column(no_wrap=True)
        if not self._phases:
            grid.add_row(self._spinner, Text(_WAITING["pending"], style="dim"))
            return grid
        *ended, last = self._phases.values()
        for state in ended:
            grid.add_row(Text("✓", style="green"), _name(state), "", _amount(state, is_done=True), "")
        self._add_last(grid, last)
        return grid

    def _add_last(self, grid: Table, state: Json) -> None:
        if is_over(state):
            mark, style = _ENDS[str(state["status"])]
            grid.add_row(Text(mark, style=style), _name(state), "", _amount(state, is_done=True), _failures(state))
            return
        phase = state["phase"]
        width = max(10, min(36, self._console.width - 74))
        bar = ProgressBar(
            total=float(phase["total"]) if phase["total"] else None,
            completed=float(phase["done"]),
            width=width,
            pulse=not phase["total"],
            finished_style="cyan",
            complete_style="cyan",
        )
        facts = Text("  ").join(part for part in (_pace(state), _failures(state)) if part.plain)
        grid.add_row(self._spinner, _name(state), bar, _amount(state, is_done=False), facts)


def _name(state: Json) -> Text:
    waiting = _WAITING.get(str(state["status"]))
    if waiting:
        return Text(waiting, style="yellow")
    if state["isStalled"]:
        return Text("No worker is at it; trying again", style="yellow")
    name = str(state["phase"]["name"])
    return Text(_PHASES.get(name) or clean(name).replace("_", " ").capitalize())


def _amount(state: Json, *, is_done: bool) -> Text:
    phase = state["phase"]
    done, total, unit = phase["done"], phase["total"], clean(str(phase["unit"]))
    return Text(f"{done:,} {unit}" if is_done or not total else f"{done:,} of {total:,} {unit}")


def _failures(state: Json) -> Text:
    failed = state["failed"] + state["unknown"]
    return Text(f"{failed:,} failed", style="red") if failed else Text("")


def _pace(state: Json) -> Text:
    rate, left = state["ratePerSecond"], state["secondsLeft"]
    parts = [f"{rate:,.0f}/s"] if rate else []
    if left is not None:
        parts.append(f"{duration(float(left))} left")
    return Text("  ".join(parts), style="dim")


def duration(seconds: float) -> str:
    """A time span in one or two units: 8 s, 2 min 5 s, 1 h 20 min."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
