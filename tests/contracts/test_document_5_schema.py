"""What the OpenAPI description says of stock is what the routes do: asked by schemathesis, some times each."""

from collections.abc import Callable
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from tests.contracts.stockroom import Stockroom
from tests.live import Live

_EXAMPLES = 8
# A well-formed request may be refused for what the stock is. The key goes with every request, also where schemathesis
# wants to ask without: test_every_route_of_the_document_needs_a_key_and_the_right_role does that.
_NOT_ASKED = [positive_data_acceptance, ignored_auth]
_OURS = r"^/api/(batches|batch|items)(/(?!upload)|$)"
_ENOUGH = 10**6


def test_schemathesis_finds_nothing_against_the_routes_of_stock(open_live: Callable[..., Live]) -> None:
    live = open_live(working=False, rate_per_minute=_ENOUGH, rate_per_minute_organization=_ENOUGH)
    room = Stockroom.open(live)
    room.receive("BATCH-001", 100)
    load_all_checks()
    schema = schemathesis.openapi.from_url(f"{live.url}/schema/openapi.json").include(path_regex=_OURS)
    asked = [_ask(result, room.client.headers) for result in schema.get_all_operations()]
    assert len(asked) >= 24
    found = [fault for faults in asked for fault in faults]
    assert not found, "\n\n".join(found)


def _ask(result: Any, headers: Any) -> list[str]:
    """The faults of one operation."""
    operation = result.ok()
    found: list[str] = []

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        sent = {name: headers[name] for name in ("authorization", "x-branch-id")}
        case.call_and_validate(headers=sent, excluded_checks=_NOT_ASKED, timeout=30)

    try:
        ask()
    except BaseExceptionGroup as group:
        found.append(f"{operation.label}: {group.exceptions[0]}")
    except Exception as fault:  # noqa: BLE001  # schemathesis has many kinds; all are told at the end
        found.append(f"{operation.label}: {fault}")
    return found
