"""The live display of one operation: a line for each phase, the present one with its bar."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from tranche.kernel.client.events import follow_operation, is_over
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.output import clean, messages, say
from tranche.kernel.errors import Forbidden
from tranche.kernel.text import one_of, plural

PHASES: Final[Mapping[str, str]] = {
    "stage": "Reading the file",
    "judge": "Checking every row",
    "prepare": "Preparing",
    "commit": "Bringing in",
    "remove": "Removing",
    "collect": "Looking what there is to take back",
    "undo": "Taking back",
    "apply": "Taking over the changes",
    "rejudge": "Checking again",
    "draw": "Issuing invoices, with their stock",
    "invoice": "Issuing invoices",
    "pdf": "Printing",
    "send": "Sending",
    "bundle": "Gathering the files",
    "read": "Reading the source",
    "check": "Checking the sums",
    "index": "Indexing",
    "publish": "Publishing",
    "tidy": "Comparing and tidying up",
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
_UNDO: Final = "undo"
_ALL_FAILED: Final = "all_failed"
_MINUTE, _HOUR = 60, 3_600
_WIDE, _SHORTEST_BAR = 100, 6


def watch_operation(client: Client, operation_id: int, *, console: Console) -> Json:
    """Show an operation on `console` until it has ended; returns its last state.

    On a terminal the display moves; elsewhere each phase leaves one line at the end. Ctrl-C ends the
    watching and not the operation.

    Raises:
        NotFound: there is no such operation.
        Unavailable: the server stays away.
    """
    display = _Display(console)
    states = follow_operation(client, operation_id)
    if not console.is_terminal:
        for state in states:
            display.state = state
        console.print(display.render())
        return display.state
    with Live(console=console, get_renderable=display.render, refresh_per_second=8) as live:
        for state in states:
            display.state = state
            live.refresh()
    return display.state


def watch_or_leave(client: Client, operation_id: int) -> Json:
    """Watch on stderr; who leaves by Ctrl-C is told how to come back, whose key may not watch that it was begun."""
    try:
        return watch_operation(client, operation_id, console=messages())
    except Forbidden:
        say(f"Operation {operation_id} was begun, but this key may not watch it; do not begin it again.")
        raise
    except KeyboardInterrupt:
        say(f"It goes on without you. To come back: tranche operations watch {operation_id}")
        raise


class _Display:
    """The last state that was seen of an operation; it tells of the phases before the present one."""

    def __init__(self, console: Console) -> None:
        self.state: Json = {}
        self._console = console
        self._spinner = Spinner("dots", style="cyan")

    def render(self) -> RenderableType:
        """One row for each phase; only the last one can still move, and says below it what is tried again and why."""
        grid = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(5):
            grid.add_column(no_wrap=True)
        last = self.state
        for step in last.get("steps", ()):
            grid.add_row(_mark(step), _phase_name(step), "", _done(step), _failures(step))
        if not last or last["status"] == "pending":
            grid.add_row(self._spinner, Text(_WAITING["pending"], style="dim"))
        elif is_over(last):
            phase = last["phase"]
            grid.add_row(_last_mark(last), _phase_name(phase), "", _result(last), _failures(phase))
        else:
            facts = [
                _another_try(last),
                _rate(last) if self._is_wide else Text(""),
                _left(last),
                _failures(last["phase"]),
            ]
            shown = Text("  ").join(fact for fact in facts if fact.plain)
            grid.add_row(self._spinner, _name(last), self._bar(last), _amount(last["phase"]), shown)
            if last["anotherTry"]:
                return Group(grid, Text(clean(last["anotherTry"]["reason"]), style="dim"))
        return grid

    @property
    def _is_wide(self) -> bool:
        return self._console.width >= _WIDE

    def _bar(self, state: Json) -> RenderableType:
        width = self._console.width - (_WIDE - 12 if self._is_wide else 72)
        if width < _SHORTEST_BAR:
            return ""
        total = state["phase"]["total"]
        return ProgressBar(
            total=float(total) if total else None,
            completed=float(state["phase"]["done"]),
            width=min(width, 36),
            pulse=not total,
            finished_style="cyan",
            complete_style="cyan",
        )


def _mark(step: Json) -> Text:
    """What failed in a phase is said there; all of it makes the phase a failed one."""
    if not step["failed"]:
        return Text("✓", style="green")
    return Text("✗", style="red") if step["failed"] >= step["done"] else Text("✓", style="yellow")


def _last_mark(state: Json) -> Text:
    """How the operation ended; a last phase in which nothing failed is not blamed for the ones before it."""
    is_sound = not state["phase"]["failed"] and state["status"] != "cancelled"
    if is_sound and (not state["error"] or state["error"]["code"] == _ALL_FAILED):
        return _mark(state["phase"])
    mark, style = _ENDS[str(state["status"])]
    return Text(mark, style=style)


def _name(state: Json) -> Text:
    waiting = _WAITING.get(str(state["status"]))
    if waiting:
        return Text(waiting, style="yellow")
    if state["isStalled"]:
        return Text("No worker is at it", style="yellow")
    return _phase_name(state["phase"])


def _phase_name(phase: Json) -> Text:
    name = str(phase["name"])
    return Text(PHASES.get(name) or clean(name).replace("_", " ").capitalize())


def _amount(phase: Json) -> Text:
    if not phase["total"]:
        return _done(phase)
    unit = clean(phase["unit"])
    return Text(f"{phase['done']:,} of {plural(phase['total'], one_of(unit), unit)}")


def _done(phase: Json) -> Text:
    unit = clean(phase["unit"])
    return Text(plural(phase["done"], one_of(unit), unit))


def _result(state: Json) -> Text:
    """What the last phase did; an undo passes over what it keeps."""
    phase = state["phase"]
    if phase["name"] != _UNDO:
        return _done(phase)
    return Text(f"{_done({**phase, 'done': state['succeeded']})}, {state['skipped']:,} kept")


def _failures(phase: Json) -> Text:
    return Text(f"{phase['failed']:,} failed", style="red") if phase["failed"] else Text("")


def _another_try(state: Json) -> Text:
    """What failed is tried again by itself, and when."""
    found = state["anotherTry"]
    if not found:
        return Text("")
    at = datetime.fromisoformat(found["at"]).astimezone()
    return Text(f"try {found['number']} of {found['of']} from {at:%H:%M:%S %Z}", style="yellow")


def _rate(state: Json) -> Text:
    rate = state["ratePerSecond"]
    return Text(f"{rate:,.0f}/s", style="dim") if rate else Text("")


def _left(state: Json) -> Text:
    seconds = state["secondsLeft"]
    return Text(f"{duration(float(seconds))} left", style="dim") if seconds is not None else Text("")


def duration(seconds: float) -> str:
    """A time span in one or two units: 8 s, 2 min 5 s, 1 h 20 min."""
    whole = max(0, round(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
