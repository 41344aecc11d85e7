"""What schemathesis finds and is meant: each with its reason, as narrow as it can be told; all else is a finding."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import (
    AllowHeaderMismatch,
    JsonSchemaError,
    RejectedPositiveData,
    UnsupportedMethodResponse,
)


@dataclass(frozen=True, slots=True)
class Meant:
    """One kind of failure, where it is meant, and why."""

    kind: type[Failure]
    why: str
    where: Callable[[Any, Any], bool]


def _has_place(case: Any) -> bool:
    return bool({"cursor", "after", "summary_cursor"} & set(case.query or {}))


MEANT: Final = (
    Meant(
        RejectedPositiveData,
        "A body that is well formed may be refused for what it says: no such customer, more than there is in stock, an "
        "address that is none. Schemas cannot tell it; tests of the areas and of hostile requests do.",
        lambda case, answer: case.method != "GET" and answer.status_code in {400, 410, 413, 415, 422},
    ),
    Meant(
        RejectedPositiveData,
        "A place in a list is a text of ours, which nobody makes up; with `cursor` there are no pages by number.",
        lambda case, answer: _has_place(case) and answer.status_code == 400,
    ),
    Meant(
        RejectedPositiveData,
        "`size` and `per_page` are other names of `limit`: two of them that differ contradict each other.",
        lambda case, answer: (
            answer.status_code == 400 and len({"limit", "size", "per_page"} & set(case.query or {})) > 1
        ),
    ),
    Meant(
        RejectedPositiveData,
        "RFC 3339 knows moments further from UTC than any place is, leap seconds and years before the first in UTC; "
        "databases hold none of them.",
        lambda case, answer: case.method == "GET" and b"must be a date and time with its zone" in answer.content,
    ),
    Meant(
        RejectedPositiveData,
        "Which kinds of operations and targets of imports there are is known when the modules are put together, after "
        "their routes are described; the refusal names them.",
        lambda case, answer: (
            answer.status_code == 400
            and bool({"kind", "target"} & set(case.query or {}))
            and b"must be one of" in answer.content
        ),
    ),
    Meant(
        JsonSchemaError,
        "An event stream is told as text, because the description has no words for its events; its data are tested.",
        lambda case, answer: case.path.endswith("/events") and answer.status_code == 200,
    ),
    Meant(
        AllowHeaderMismatch,
        "The bare path of batches tells requests of document 1 where theirs are; signposts are no part of the API.",
        lambda case, _: case.path.startswith("/api/batches"),
    ),
    Meant(
        UnsupportedMethodResponse,
        "The same: to delete a batch of orders at the bare path is answered by where they are.",
        lambda case, answer: case.path == "/api/batches/{batch_id}" and answer.request.method == "DELETE",
    ),
)


def is_finding(_: object, failure: Failure, case: Any, response: Any) -> bool:
    """Whether a failure is to be told."""
    return not any(isinstance(failure, one.kind) and one.where(case, response) for one in MEANT)
