"""A bar for bytes that come or go, which says in words what it does not know."""

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text


class Amount(ProgressColumn):
    """`3.2 MB of 12.0 MB at 1.1 MB/s`, and `3.2 MB so far` where nobody knows how much there is."""

    def render(self, task: Task) -> Text:
        """The words for one bar."""
        done = decimal(int(task.completed))
        if task.finished:
            return Text(done if task.completed > 1 else "done")
        amount = f"{done} so far" if task.total is None else f"{done} of {decimal(int(task.total))}"
        speed = f" at {decimal(int(task.speed))}/s" if task.speed else ""
        return Text(amount + speed)


def byte_bars(console: Console, *, transient: bool = False) -> Progress:
    """Bars on a terminal, nothing elsewhere."""
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(36, complete_style="cyan", finished_style="cyan"),
        Amount(),
        console=console,
        transient=transient,
        disable=not console.is_terminal,
    )
