"""One import as a command names it; an import of another kind is refused with the command that it belongs to."""

from typing import Final

from tranche.kernel.client.http import Client, Json
from tranche.kernel.client.output import say
from tranche.kernel.errors import Conflict

_KINDS: Final = {"order": "orders", "item": "items", "stock": "opening stock"}
_GROUPS: Final = {"item": "items", "stock": "stock"}


class OtherKind(Conflict):
    """The import is of another kind than the command."""

    code = "other_kind"


def find_import(client: Client, number: int, *, target: str, verb: str) -> Json:
    """The import of this number, if it is of `target`; `verb` is the command that was meant, such as undo.

    Raises:
        OtherKind: says which command it is that does this to such an import.
    """
    found: Json = client.get(f"/api/imports/{number}")["data"]
    if found["target"] != target:
        raise OtherKind(
            f"Import {number} ({found['fileName']}) is of {kind_of(found)} and not of {_KINDS[target]}. "
            f"{_instead(found, verb)}"
        )
    return found


def say_import(found: Json) -> None:
    """Which import a command is at, so that nobody takes it for another one."""
    dry_run = ", a dry run" if found["options"].get("dryRun") else ""
    say(f'Import {found["id"]} "{found["fileName"]}" of {kind_of(found)}{dry_run}')


def kind_of(found: Json) -> str:
    """What an import brings in, as a word for a sentence."""
    return _KINDS.get(found["target"], str(found["target"]))


def _instead(found: Json, verb: str) -> str:
    if found["target"] in _GROUPS:
        return _instead_of_orders(found, verb, group=_GROUPS[found["target"]])
    batch = found["options"].get("batchId")
    if batch is None and verb != "undo":
        return f"Use: tranche orders {verb} --import {found['id']}"
    if batch is None:
        return "It was a dry run and has brought nothing in."
    return f"Use: tranche orders {verb} {batch}"


def _instead_of_orders(found: Json, verb: str, *, group: str) -> str:
    if verb in {"judge", "import"}:
        return f"Send its file again: tranche {group} import"
    if verb == "undo" and group == "stock":
        return "To take it back: tranche lots history, then tranche lots undo MOVEMENT"
    return f"Use: tranche {group} {verb} {found['id']}"
