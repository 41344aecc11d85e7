"""Operations over HTTP: pause, resume, cancel and retry, once per Idempotency-Key."""

import httpx
import pytest

from tests.kernel.operations.house import HOME, Json, data_of, half_done
from tests.kernel.operations.toys import MINT
from tests.kernel.operations.workshop import Workshop


def test_pause_resume_and_cancel_answer_with_the_operation(workshop: Workshop, client: httpx.Client) -> None:
    operation = half_done(workshop)
    for verb, code, status in (("pause", 200, "paused"), ("resume", 200, "processing"), ("cancel", 202, "cancelling")):
        for _ in range(2):
            answer = client.post(f"{HOME}/{operation}/{verb}")
            assert (answer.status_code, data_of(answer)["status"]) == (code, status)
            assert answer.headers["location"] == f"{HOME}/{operation}"
            assert ("retry-after" in answer.headers) == (code == 202)
    workshop.work(operation, workshop.worker())
    assert client.post(f"{HOME}/{operation}/cancel").status_code == 200
    refused = client.post(f"{HOME}/{operation}/pause")
    assert (refused.status_code, refused.json()["code"]) == (409, "wrong_state")


@pytest.mark.parametrize(
    ("query", "body", "left"),
    [
        ("", None, []),
        ("", {}, []),
        ("", {"code": "odd"}, [4]),
        ("?code=odd", None, [4]),
        ("?code=odd", {"code": "odd"}, [4]),
    ],
)
def test_retry_of_all_or_by_code(
    workshop: Workshop, client: httpx.Client, query: str, body: Json | None, left: list[int]
) -> None:
    operation = workshop.start(MINT, range(1, 8), fails=[3, 4])
    workshop.work(operation, workshop.worker())
    answer = client.post(f"{HOME}/{operation}/retry{query}", json=body)
    assert (answer.status_code, answer.headers["location"]) == (202, f"{HOME}/{operation}")
    assert data_of(answer)["status"] == "pending"
    assert workshop.states(operation).get("failed", []) == left


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ("?code=even", {"code": "odd"}, 400),
        ("", {"kode": "odd"}, 400),
        ("", {"code": 7}, 400),
        ("?all=true", None, 400),
        ("", {"code": "unheard_of"}, 409),
    ],
)
def test_a_retry_that_is_not_understood_changes_nothing(
    workshop: Workshop, client: httpx.Client, query: str, body: Json | None, status: int
) -> None:
    operation = workshop.start(MINT, [1, 2, 3], fails=[3])
    before = workshop.work(operation, workshop.worker())
    assert client.post(f"{HOME}/{operation}/retry{query}", json=body).status_code == status
    assert workshop.look(operation) == before


def test_a_retry_without_a_body_and_without_its_length_retries_everything(
    workshop: Workshop, client: httpx.Client
) -> None:
    operation = workshop.start(MINT, [1, 2, 3], fails=[3])
    workshop.work(operation, workshop.worker())
    request = client.build_request("POST", f"{HOME}/{operation}/retry")
    del request.headers["content-length"]
    answer = client.send(request)
    assert answer.status_code == 202, answer.text


def test_the_same_idempotency_key_is_answered_again_and_acts_once(workshop: Workshop, client: httpx.Client) -> None:
    operation = workshop.start(MINT, [1, 2, 3], fails=[3])
    workshop.work(operation, workshop.worker())
    headers = {"Idempotency-Key": "once"}
    first = client.post(f"{HOME}/{operation}/retry", json={"code": "odd"}, headers=headers)
    workshop.work(operation, workshop.worker())
    again = client.post(f"{HOME}/{operation}/retry", json={"code": "odd"}, headers=headers)
    assert (again.status_code, again.content) == (202, first.content)
    assert workshop.events(operation).count("retried") == 1
    other = client.post(f"{HOME}/{operation}/retry", headers=headers)
    assert other.status_code == 422
