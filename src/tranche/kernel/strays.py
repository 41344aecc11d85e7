"""Variables that are named as ours are and are none, so that a mistyped one is not ignored in silence."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Final

from tranche.kernel.settings import Settings, variable

_OURS: Final = "TRANCHE_"
_NEAR: Final = 0.55  # of 1, which is equal

# Read by commands that ask a server.
OF_COMMANDS: Final = frozenset({"TRANCHE_URL", "TRANCHE_API_KEY", "TRANCHE_BRANCH"})
# Read by our tests, which start processes of ours.
OF_TESTS: Final = frozenset(
    f"{_OURS}{name}"
    for name in ("BROWSER", "CHAOS", "EXAMPLES", "FUZZ", "GUIDE", "PICTURES", "SEED", "SOAK", "TESTS_HOME")
)
# What Docker and Kubernetes set in every container for a neighbour of the name "tranche" or "tranche-...".
_OF_NEIGHBOURS: Final = re.compile(r"\w+_SERVICE_(HOST|PORT)(_\w+)?|\w+_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?")
_LINK: Final = re.compile(r"(tcp|udp|sctp)://")


@dataclass(frozen=True, slots=True)
class Stray:
    """A variable that nobody reads, and the setting that may have been meant."""

    name: str
    nearest: str | None

    @property
    def hint(self) -> str:
        """A sentence on it."""
        meant = f"; {self.nearest} is the nearest" if self.nearest else ""
        return f"there is no such setting, so it is ignored{meant}"


def find_strays(environ: Mapping[str, str]) -> list[Stray]:
    """Each variable that begins as ours do and is none, in the order of the names."""
    ours = {variable(entry.name) for entry in fields(Settings)} | OF_COMMANDS
    return [
        Stray(name, _nearest(name, ours))
        for name in sorted(environ)
        if name.startswith(_OURS) and name not in ours | OF_TESTS and not _is_of_neighbours(name, environ[name])
    ]


def _is_of_neighbours(name: str, value: str) -> bool:
    return bool(_OF_NEIGHBOURS.fullmatch(name) or _LINK.match(value))


def _nearest(name: str, ours: set[str]) -> str | None:
    """Compared without the beginning that all have in common."""
    endings = {known.removeprefix(_OURS): known for known in ours}
    found = get_close_matches(name.removeprefix(_OURS), endings, n=1, cutoff=_NEAR)
    return endings[found[0]] if found else None
