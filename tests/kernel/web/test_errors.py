"""Every error of every origin has the one body."""

import socket
from typing import Any

import httpx
import pytest
import structlog
from litestar import Litestar
from litestar.testing import TestClient

from tests.kernel.web.sample import Ledger, calling, running, sample_app
from tranche.kernel.web.stream import Hub

KINDS = {
    "Invalid": 400,
    "Unauthorized": 401,
    "Forbidden": 403,
    "NotFound": 404,
    "Conflict": 409,
    "Gone": 410,
    "TooLarge": 413,
    "Unsupported": 415,
    "Unprocessable": 422,
    "TooMany": 429,
    "Unavailable": 503,
}


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """The body, after checking that it is the one body of every error."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["success"] is False
    assert body["status"] == status
    assert body["detail"] == body["message"] != ""
    assert body["type"].endswith(body["code"])
    assert body["title"]
    assert body["metadata"]["requestId"] == answer.headers["x-request-id"]
    assert body["metadata"]["timestamp"].endswith("Z")
    assert all(set(error) == {"pointer", "detail", "code"} for error in body["errors"])
    return body


@pytest.mark.parametrize(("kind", "status"), KINDS.items())
def test_each_kind_has_its_status_and_the_one_body(client: TestClient[Litestar], kind: str, status: int) -> None:
    answer = client.get(f"/fail/{kind}")
    body = problem(answer, status)
    assert body["errors"] == [{"pointer": "/data/x", "detail": "is bad", "code": "invalid"}]
    assert body["message"] == "No."


def test_headers_tell_when_to_come_back_and_how_to_sign_in(client: TestClient[Litestar]) -> None:
    assert client.get("/fail/TooMany").headers["retry-after"] == "7"
    assert client.get("/fail/Unavailable").headers["retry-after"] == "5"
    assert client.get("/fail/Unauthorized").headers["www-authenticate"].startswith("Bearer")


def test_the_frameworks_refusals_have_the_one_body(client: TestClient[Litestar]) -> None:
    assert problem(client.get("/nothing"), 404)["code"] == "not_found"
    assert problem(client.get("/schema/nothing"), 404)["code"] == "not_found"
    assert problem(client.get("/things/abc"), 404)["code"] == "not_found"
    assert problem(client.get(f"/things/{2**63}"), 404)["code"] == "not_found"
    wrong_method = client.put("/things")
    assert problem(wrong_method, 405)["code"] == "method_not_allowed"
    assert "POST" in wrong_method.headers["allow"]
    neither = client.put("/things/1")
    assert neither.headers["allow"] == "GET, HEAD, OPTIONS"
    assert problem(neither, 405)["detail"] == "This address does not take PUT; it takes GET, HEAD, OPTIONS."
    assert problem(client.post("/files", data={"note": "x"}), 415)["code"] == "unsupported"


def test_a_crash_tells_nothing_of_the_inside_and_is_logged_with_the_request_id(client: TestClient[Litestar]) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = client.get("/crash")
    assert problem(answer, 500)["code"] == "internal"
    entry = next(entry for entry in logs if entry["event"] == "request failed")
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert entry["error"] == "builtins.RuntimeError"
    assert entry["where"][-1].endswith(" crash")
    for canary in ("SELECT", "passwd", "postgresql://", "Traceback"):
        assert canary not in answer.text
        assert canary not in str(logs)


def test_the_log_holds_the_routes_template_and_no_address(client: TestClient[Litestar]) -> None:
    with structlog.testing.capture_logs() as logs:
        client.get("/things/424242?search=canary")
    entry = next(entry for entry in logs if entry["event"] == "response")
    assert (entry["method"], entry["route"]) == ("GET", "/things/{thing_id}")
    assert "424242" not in str(logs)
    assert "canary" not in str(logs)


def test_every_answer_has_the_guarding_headers(client: TestClient[Litestar]) -> None:
    for answer in (client.get("/things"), client.get("/nothing"), client.get("/livez"), client.get("/crash")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert len(answer.headers["x-request-id"]) == 16


def test_a_body_over_the_limit_is_413_and_the_limit_is_named() -> None:
    with calling(sample_app(max_body_bytes=1_000, max_upload_bytes=50_000)) as client:
        answer = client.post("/things", json={"note": "x" * 2_000})
        assert "1,000 bytes" in problem(answer, 413)["message"]
        assert client.post("/files", files={"file": ("a.csv", b"x" * 50_000)}).status_code == 201
        problem(client.post("/files", files={"file": ("a.csv", b"x" * 200_000)}), 413)


@pytest.mark.parametrize(
    ("query", "name", "detail"),
    [
        ("", "number", "is missing"),
        ("number=x", "number", "must be a whole number, not text"),
        ("number=1&late=2025-02-29", "late", "must be a date, such as 2025-10-29"),
    ],
)
def test_a_typed_parameter_is_named_when_it_is_bad(
    client: TestClient[Litestar], query: str, name: str, detail: str
) -> None:
    body = problem(client.get(f"/typed?{query}"), 400)
    assert [(error["pointer"], error["detail"]) for error in body["errors"]] == [(name, detail)]


def test_a_compressed_body_is_415(client: TestClient[Litestar]) -> None:
    problem(client.post("/things", json={}, headers={"Content-Encoding": "gzip"}), 415)


_UPLOAD = (
    b"POST /files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer admin\r\n"
    b"Content-Type: multipart/form-data; boundary=b\r\nTransfer-Encoding: chunked\r\n\r\n"
)


def test_an_upload_over_the_limit_is_refused_while_it_streams() -> None:
    """The answer is there although the upload has not ended, and nobody has said how long it will be."""
    hub = Hub(load=Ledger())
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n' + b"x" * 100_000
    with running(sample_app(hub=hub, max_upload_bytes=1_000_000), hub) as house:
        host, port = house.client.base_url.host, house.client.base_url.port
        with socket.create_connection((host, port or 80), timeout=20) as line:
            line.sendall(_UPLOAD)
            for piece in (part, *[part[-100_000:]] * 15):
                line.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
            head = line.recv(65_536)
    assert head.startswith(b"HTTP/1.1 413 ")


def test_a_form_is_read_into_its_struct(client: TestClient[Litestar]) -> None:
    answer = client.post("/files", files={"file": ("é.csv", b"abc")}, data={"allowDuplicate": "true"})
    assert answer.json() == {"size": 3, "name": "é.csv", "allowDuplicate": True}


@pytest.mark.parametrize(
    ("files", "data", "pointer"),
    [
        ({"other": ("a.csv", b"abc")}, {}, "/other"),
        ({"note": (None, b"abc")}, {}, "/file"),
        ({"file": ("a.csv", b"abc")}, {"unknown": "1"}, "/unknown"),
        ({"file": ("a.csv", b"abc")}, {"allowDuplicate": "perhaps"}, "/allowDuplicate"),
        ({"file": ("a.csv", b"abc")}, {"note": "a\0b"}, "/note"),
        ({"file": (None, b"abc")}, {}, "/file"),
    ],
)
def test_a_bad_form_is_400_with_the_part_named(
    client: TestClient[Litestar], files: Any, data: dict[str, str], pointer: str
) -> None:
    body = problem(client.post("/files", files=files, data=data), 400)
    assert pointer in [error["pointer"] for error in body["errors"]]


def test_a_form_that_is_no_form_is_400(client: TestClient[Litestar]) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    problem(client.post("/files", content=b"rubbish", headers=headers), 400)
    problem(client.post("/files", content=b"--b--", headers={"Content-Type": "multipart/form-data"}), 400)
    for charset, text in ((b"utf-8", b"\xff"), (b"klingon", b"x")):
        part = b'--b\r\nContent-Disposition: form-data; name="note"\r\nContent-Type: text/plain; charset=%b\r\n\r\n%b'
        problem(client.post("/files", content=part % (charset, text) + b"\r\n--b--\r\n", headers=headers), 400)


def test_an_address_tells_all_its_methods_whoever_serves_them(client: TestClient[Litestar]) -> None:
    answer = client.options("/things")
    assert answer.status_code == 204
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, POST"
