"""What to do about a cause for which rows were refused, or are doubtful."""

from collections.abc import Mapping
from typing import Any, Final

_DOUBTFUL: Final = "It came in all the same; look whether it is as it was meant."


def advise(group: Mapping[str, Any], known: Mapping[str, str], *, bad: str) -> str:
    """The advice for the code of a group of errors, where it is `known`; else `bad` where its rows were refused."""
    return known.get(group["code"]) or (bad if group["severity"] == "error" else _DOUBTFUL)
