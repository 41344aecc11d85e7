"""What the OpenAPI description says is what every route does: no fault of the server, no word broken."""

import os
from pathlib import Path
from typing import Final

import pytest

from tests.fuzz.asking import Asker, Effort, Findings
from tranche.areas import AREAS

_IS_LONG: Final = os.environ.get("TRANCHE_FUZZ") == "long"
_EACH: Final = Effort(examples=200, has_limits=True) if _IS_LONG else Effort(examples=3)
_ALL: Final = Effort(sequences=600, steps=8) if _IS_LONG else Effort(sequences=15, steps=5)
_KEPT: Final = Path(__file__).resolve().parents[2] / "build/fuzz"
_TWIN: Final = "/api/inventory/batches"  # the routes of /api/batches under their permanent address


def _area_of(path: str) -> str:
    """The area with the longest fitting beginning."""
    fitting = [
        (len(start), area.slug) for area in AREAS for start in area.prefixes if f"{path}/".startswith(f"{start}/")
    ]
    return max(fitting)[1]


@pytest.mark.parametrize("area", [area.slug for area in AREAS])
def test_every_operation_keeps_to_its_description(asker: Asker, area: str) -> None:
    findings = asker.ask(_EACH, wanted=lambda path: _area_of(path) == area and not path.startswith(_TWIN))
    assert findings.asked
    _expect_none(findings, area)


def test_operations_that_build_on_each_other_keep_to_the_description(asker: Asker) -> None:
    findings = asker.ask(_ALL, wanted=lambda path: not path.startswith(_TWIN))
    assert len(findings.asked) >= 40
    _expect_none(findings, "sequences")


def _expect_none(findings: Findings, name: str) -> None:
    """A long run leaves what it has found and how often it asked, so that nobody has to wait for its end."""
    if _IS_LONG:
        _KEPT.mkdir(parents=True, exist_ok=True)
        (_KEPT / f"{name}.txt").write_text(f"{findings.told()}\n\n{findings.asked}\n")
    assert not findings.faults, findings.told()
