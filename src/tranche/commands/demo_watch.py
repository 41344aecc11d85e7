"""How the demo follows its import: a moving display on a terminal, a line now and then elsewhere."""

import time
from collections.abc import Mapping
from typing import Final

from rich.console import Console

from tranche.kernel.client.events import follow_operation, is_over
from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.watch import duration, watch_operation
from tranche.kernel.text import one_of, plural

_EVERY: Final = 3.0
_WORDS: Final[Mapping[str, str]] = {
    "stage": "reading",
    "judge": "checking",
    "prepare": "preparing",
    "commit": "bringing in",
}


def watch(client: Client, operation_id: int, *, console: Console) -> Json:
    """Show an operation until it has ended; answers its last state."""
    if console.is_terminal:
        return watch_operation(client, operation_id, console=console)
    state: Json = {}
    told, when = "", 0.0
    for state in follow_operation(client, operation_id):
        phase = str(state["phase"]["name"])
        if phase != told or is_over(state) or time.monotonic() - when > _EVERY:
            console.print(f"  {_line(state)}")
            told, when = phase, time.monotonic()
    return state


def _line(state: Json) -> str:
    if is_over(state):
        return f"{str(state['status']).replace('_', ' ')}: {state['succeeded']:,} in, {state['failed']:,} failed"
    phase = state["phase"]
    unit = str(phase["unit"])
    parts = [f"{_WORDS.get(phase['name'], phase['name'])}: {plural(phase['done'], one_of(unit), unit)}"]
    if state["ratePerSecond"]:
        parts.append(f"{state['ratePerSecond']:,.0f}/s")
    if state["secondsLeft"] is not None:
        parts.append(f"{duration(float(state['secondsLeft']))} left")
    return ", ".join(parts)
