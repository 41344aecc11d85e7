"""How schemathesis asks: as an admin of an organization that has everything, in its branch, with ids that are there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.engine import Status, events, from_schema
from schemathesis.hooks import unregister

from tests.fuzz.meant import is_finding
from tests.walls.houses import NOWHERE, Rivals

_ADDRESSED: Final = ("key_id", "user_id")
# These speak to machines outside, by whatever host a request before them has set.
_SPEAKING_OUTSIDE: Final = r"^/api/(message-channels/\{channel\}|crp-cpc/bill-stop-source)/test$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How long it asks: requests to each operation, all limits of its parameters or not, sequences and their length."""

    examples: int = 0
    has_limits: bool = False
    sequences: int = 0
    steps: int = 2


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found, each kind once for an operation; and which operations were asked, and how often."""

    faults: dict[tuple[str, str, str], str]
    asked: dict[str, int]

    def told(self) -> str:
        return f"{len(self.faults)} findings:\n\n" + "\n\n".join(self.faults.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks where. `own` are the ids of the caller's own key and user, which it must not lose."""

    url: str
    rivals: Rivals
    own: dict[str, str]

    def ask(self, effort: Effort, *, wanted: Callable[[str], bool]) -> Findings:
        """Every operation whose path is wanted."""
        config = schemathesis.Config.from_dict(self._config(effort))
        whole = schemathesis.openapi.from_url(f"{self.url}/schema/openapi.json", config=config)
        schema = whole.include(lambda of: wanted(of.operation.path)).exclude(path_regex=_SPEAKING_OUTSIDE)

        def fill_in(_: object, case: Any) -> Any:
            return self._with_what_is_there(case)

        schema.hook("map_case")(fill_in)
        schema.hook("filter_failure")(is_finding)
        findings = Findings({}, {})
        with self._keeping_own():
            for event in from_schema(schema).execute():
                _note(event, findings)
        return findings

    def _config(self, effort: Effort) -> dict[str, Any]:
        return {
            "seed": 1,
            "cache": {"enabled": False},
            "headers": {"Authorization": f"Bearer {self.rivals.person.key}"},
            "continue-on-failure": True,
            "max-stream-events": 1,
            "request-timeout": 30,
            "generation": {"deterministic": True, "database": "none", "no-shrink": True, "allow-x00": False},
            "phases": {
                "examples": {"enabled": False},
                "coverage": {"enabled": effort.has_limits},
                "fuzzing": {"enabled": bool(effort.examples), "generation": {"max-examples": max(1, effort.examples)}},
                "stateful": {
                    "enabled": bool(effort.sequences),
                    "max-steps": effort.steps,
                    "generation": {"max-examples": max(1, effort.sequences)},
                },
            },
        }

    def _with_what_is_there(self, case: Any) -> Any:
        """What was drawn at random and may be anything is something of the caller's; what is wrong on purpose stays."""
        meta = case.meta
        if case.path_parameters and not (meta and meta.is_negative_at(ParameterLocation.PATH)):
            there = self.rivals.numbers(case.path)
            case.path_parameters = {name: there.get(name, drawn) for name, drawn in case.path_parameters.items()}
        if case.headers and not (meta and meta.is_negative_at(ParameterLocation.HEADER)):
            there = {"X-Branch-Id": self.rivals.ids["branch_id"], "Idempotency-Key": f"once {next(_TIMES)}"}
            case.headers.update({name: value for name, value in there.items() if name in case.headers})
        return case

    @contextmanager
    def _keeping_own(self) -> Iterator[None]:
        def spare(_: object, case: Any, __: object) -> None:
            for name in _ADDRESSED:
                if str((case.path_parameters or {}).get(name)) == self.own[name]:
                    case.path_parameters[name] = NOWHERE

        schemathesis.hook("before_call")(spare)
        try:
            yield
        finally:
            unregister(spare)


_TIMES: Final = count(1)


def _note(event: object, findings: Findings) -> None:
    if isinstance(event, events.NonFatalError):
        findings.faults[event.label, type(event.value).__name__, ""] = f"{event.label}: {event.info.format()}"
    elif isinstance(event, events.FatalError):
        raise event.exception
    elif isinstance(event, events.ScenarioFinished):
        _note_scenario(event.recorder, findings)


def _note_scenario(recorder: Any, findings: Findings) -> None:
    for case_id, node in recorder.cases.items():
        label = node.value.operation.label
        findings.asked[label] = findings.asked.get(label, 0) + 1
        for check in recorder.checks.get(case_id, ()):
            if check.status is Status.FAILURE:
                failure, sample = check.failure_info.failure, check.failure_info.code_sample
                seen = recorder.interactions[case_id].response
                answer = f"{seen.status_code} {seen.content[:500]!r}" if seen is not None else "no answer"
                told = f"{label}: {failure.title}\n{failure.message}\n{answer}\n{sample[:2_000]}"
                findings.faults.setdefault((label, check.name, failure.title), told)
