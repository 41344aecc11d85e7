"""The description names every parameter that a route reads, and no other."""

import re
from typing import Any, Final

from tests.contracts.hostile import sample
from tests.fuzz.asking import Asker

_READ: Final = re.compile(r"is not a parameter of this address; it takes: (.*)$")
_STRANGE: Final = {"nobodyKnowsThis": "1"}


def test_the_query_is_told_as_it_is_read(asker: Asker) -> None:
    client, key = asker.rivals.person.client, asker.rivals.person.key
    description = client.get("/schema/openapi.json").json()
    asked, wrong = 0, []
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            address = path.format(**asker.rivals.numbers(path))
            content = _content(description, operation)
            headers = {"Authorization": f"Bearer {key}"}
            answer = client.request(method, address, params=_STRANGE, headers=headers, **content)
            if found := _read(answer.json() if answer.status_code == 400 else {}):
                asked += 1
                told = {one["name"] for one in operation.get("parameters", []) if one["in"] == "query"}
                read = set() if found == "none" else set(found.split(", "))
                wrong += [f"{method} {path}: told {told}, read {read}"] if told != read else []
            elif operation.get("security") != [{}]:
                wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert asked >= 150


def test_a_body_is_told_as_needed_where_it_is(asker: Asker) -> None:
    client, key = asker.rivals.person.client, asker.rivals.person.key
    wrong, optional = [], []
    for path, methods in client.get("/schema/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            if "requestBody" not in operation:
                continue
            address = path.format(**asker.rivals.numbers(path))
            answer = client.request(method, address, headers={"Authorization": f"Bearer {key}"})
            is_needed = answer.status_code in {400, 415}
            optional += [] if is_needed else [f"{method} {path}"]
            if operation["requestBody"]["required"] != is_needed:
                wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert "post /api/operations/{operation_id}/retry" in optional


def _read(problem: dict[str, Any]) -> str | None:
    details = [_READ.search(error["detail"]) for error in problem.get("errors", ())]
    return next((found[1] for found in details if found), None)


def _content(description: Any, operation: Any) -> dict[str, Any]:
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return {"files": {"file": ("a.csv", b"orderId\n1\n")}}
    if not content:
        return {}
    (about,) = content.values()
    return {"json": sample(description, about["schema"])}
