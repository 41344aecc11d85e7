"""The client on the wire: what it sends, when it tries again, what it makes of refusals."""

import tracemalloc
from decimal import Decimal
from email.utils import formatdate
from pathlib import Path
from time import time

import pytest

from tests.kernel.client.server import KEY, Answer, Wire, answer, problem
from tranche.kernel import errors
from tranche.kernel.client.address import Address
from tranche.kernel.client.http import MOST_TRIES, Client
from tranche.kernel.client.refusals import ServerFault
from tranche.kernel.errors import TrancheError


def test_a_read_carries_the_key_and_the_parameters_that_are_given(wire: Wire) -> None:
    wire.script = [Answer(body=b'{"total": 0.10, "big": 12345678901234567.123}')]
    with wire.client() as client:
        found = client.get("/api/orders", params={"page": 2, "status": None, "flag": True, "search": "a&b"})
    assert found == {"total": Decimal("0.10"), "big": Decimal("12345678901234567.123")}
    assert wire.asked[0].path == "/api/orders?page=2&flag=true&search=a%26b"
    assert wire.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "idempotency-key" not in wire.asked[0].headers


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_tried_again_after_the_pause_that_is_asked_for(wire: Wire, status: int) -> None:
    wire.script = [problem(status, "later", Retry_After="7"), problem(status, "later"), answer({"ok": 1})]
    with wire.client() as client:
        assert client.get("/x") == {"ok": 1}
    assert wire.pauses[0] == 7
    assert 0.5 < wire.pauses[1] < 1.5


def test_a_date_in_retry_after_is_understood(wire: Wire) -> None:
    wire.script = [problem(503, "later", Retry_After=formatdate(time() + 9, usegmt=True)), answer({})]
    with wire.client() as client:
        client.get("/x")
    assert 6 < wire.pauses[0] <= 9


def test_a_try_that_still_runs_is_waited_for_and_its_answer_taken(wire: Wire) -> None:
    wire.script = [Answer(drop=True), problem(409, "running", code="idempotency_running", Retry_After="1")]
    wire.script += [problem(409, "running", code="idempotency_running", Retry_After="1"), answer({"ok": 1})]
    with wire.client() as client:
        assert client.post("/x", body={}) == {"ok": 1}
    assert len({asked.headers["idempotency-key"] for asked in wire.asked}) == 1
    assert min(wire.pauses[1:]) >= 1


def test_any_other_conflict_is_told_at_once(wire: Wire) -> None:
    wire.script = [problem(409, "It runs already.", code="run_under_way"), answer({})]
    with wire.client() as client, pytest.raises(errors.Conflict, match="It runs already"):
        client.post("/x", body={})
    assert wire.pauses == []


def test_tries_are_bounded_and_the_last_refusal_is_raised(wire: Wire) -> None:
    wire.script = [problem(503, f"try {n}", code="busy") for n in range(1, 9)]
    with wire.client() as client, pytest.raises(errors.Unavailable, match="try 5") as refused:
        client.get("/x")
    assert (len(wire.asked), refused.value.error_code) == (MOST_TRIES, "busy")
    assert wire.pauses == sorted(wire.pauses)


def test_who_asks_to_wait_for_minutes_is_not_waited_for(wire: Wire) -> None:
    wire.script = [problem(429, "Come back in an hour.", Retry_After="3600")]
    with wire.client() as client, pytest.raises(errors.TooMany, match="Come back") as refused:
        client.get("/x")
    assert (wire.pauses, refused.value.retry_after) == ([], 3600)


def test_every_change_carries_one_key_through_all_its_tries(wire: Wire) -> None:
    wire.script = [Answer(drop=True), problem(503, "later"), answer({"ok": 1}), answer({"ok": 2}), answer({"ok": 3})]
    wire.script += [answer({"ok": 4})]
    with wire.client() as client:
        assert client.post("/x", body={"price": Decimal("1.10")}) == {"ok": 1}
        client.post("/x", body={"price": Decimal("1.10")})
        client.delete("/x/1", params={"force": "void"})
        assert client.put("/x/1", body={"on": True}) == {"ok": 4}
    keys = [asked.headers["idempotency-key"] for asked in wire.asked]
    assert keys[0] == keys[1] == keys[2]
    assert len({keys[2], keys[3], keys[4]}) == 3
    assert [asked.body for asked in wire.asked[:3]] == [b'{"price":1.10}'] * 3
    assert (wire.asked[4].method, wire.asked[4].path) == ("DELETE", "/x/1?force=void")
    assert (wire.asked[5].method, wire.asked[5].body) == ("PUT", b'{"on":true}')
    assert keys[5] not in keys[:5]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.Invalid),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (410, errors.Gone),
        (413, errors.TooLarge),
        (415, errors.Unsupported),
        (422, errors.Unprocessable),
        (500, ServerFault),
    ],
)
def test_a_refusal_is_raised_as_its_kind_with_its_message_as_it_is(
    wire: Wire, status: int, kind: type[TrancheError]
) -> None:
    detail = "The same file was uploaded before as batch 3 (a.csv)."
    faults = [{"pointer": "/name", "detail": "is empty", "code": "empty"}]
    wire.script = [problem(status, detail, code="duplicate_file", errors=faults)]
    with wire.client() as client, pytest.raises(kind) as refused:
        client.post("/x")
    assert type(refused.value) is kind
    assert (refused.value.message, refused.value.error_code) == (detail, "duplicate_file")
    assert refused.value.errors == (errors.FieldError("/name", "is empty", "empty"),)
    assert len(wire.asked) == 1


def test_a_key_that_is_refused_is_told_with_the_server_that_was_asked(wire: Wire) -> None:
    wire.script = [problem(401, "This API key is not known.", code="unknown_key")]
    with wire.client() as client, pytest.raises(errors.Unauthorized) as refused:
        client.get("/x")
    assert refused.value.message == f"This API key is not known. The answer came from {wire.url}."


@pytest.mark.parametrize(
    "given",
    [
        Answer(404, b"<html>nginx</html>", {"content-type": "text/html"}),
        Answer(404, b"{", {"content-type": "application/json"}),
        Answer(404, b"[]", {"content-type": "application/json"}),
        Answer(404, b"", {}),
    ],
)
def test_a_refusal_of_something_else_on_the_way_is_still_a_sentence(wire: Wire, given: Answer) -> None:
    wire.script = [given]
    with wire.client() as client, pytest.raises(errors.NotFound, match="404"):
        client.get("/x")


def test_a_redirect_is_not_followed_with_the_key(wire: Wire) -> None:
    wire.script = [Answer(302, b"", {"location": "http://127.0.0.1:1/"})]
    with wire.client() as client, pytest.raises(ServerFault, match="redirect"):
        client.get("/x")
    assert len(wire.asked) == 1


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff", b"1"])
def test_an_answer_that_is_not_ours_is_a_fault_of_the_server(wire: Wire, body: bytes) -> None:
    wire.script = [Answer(body=body)]
    with wire.client() as client, pytest.raises(ServerFault, match="TRANCHE_URL"):
        client.get("/x")


def test_where_no_server_is_one_is_told_soon() -> None:
    pauses: list[float] = []
    with (
        Client(Address("http://127.0.0.1:9", KEY), sleep=pauses.append) as client,
        pytest.raises(errors.Unavailable, match="tranche up") as refused,
    ):
        client.get("/x")
    assert (len(pauses), refused.value.error_code) == (1, "no_server")


def test_an_upload_is_a_form_with_the_files_own_name(wire: Wire, tmp_path: Path) -> None:
    file = tmp_path / 'Aufträge "Süd" 10%.csv'
    file.write_bytes(b"a,b\n1,2\n")
    wire.script = [answer({"id": 1}, 202)]
    seen: list[tuple[int, int]] = []
    with wire.client() as client:
        client.upload(
            "/up", file, params={"dryRun": True}, form={"mapping": "{}"}, progress=lambda *at: seen.append(at)
        )
    asked = wire.asked[0]
    assert asked.path == "/up?dryRun=true"
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert 'name="file"; filename="Aufträge %22Süd%22 10%.csv"'.encode() in asked.body
    assert b"\r\n\r\na,b\n1,2\n\r\n" in asked.body
    assert b'name="mapping"\r\n\r\n{}' in asked.body
    assert seen[-1] == (8, 8)


def test_an_upload_that_is_cut_off_is_sent_again_whole_with_the_same_key(wire: Wire, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"x" * 300_000)
    wire.script = [Answer(drop=True), problem(503, "later", Retry_After="0"), answer({"id": 1})]
    with wire.client() as client:
        assert client.upload("/up", file) == {"id": 1}
    assert len({(asked.size, asked.headers["idempotency-key"]) for asked in wire.asked}) == 1
    assert wire.asked[2].body.count(b"x") >= 300_000


def test_memory_stays_flat_while_200_mb_go_up(wire: Wire, tmp_path: Path) -> None:
    file = tmp_path / "big.csv"
    with file.open("wb") as big:
        big.truncate(200_000_000)
    wire.script = [answer({"id": 1})]
    steps: list[int] = []
    with wire.client() as client:
        tracemalloc.start()
        try:
            client.upload("/up", file, progress=lambda sent, _total: steps.append(sent))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert wire.asked[0].size > 200_000_000
    assert steps[-1] == 200_000_000
    assert peak < 5_000_000


def test_a_file_that_cannot_be_read_is_refused_before_anything_is_asked(wire: Wire, tmp_path: Path) -> None:
    with wire.client() as client:
        for path in (tmp_path / "missing.csv", tmp_path):
            with pytest.raises(errors.Invalid, match=str(path)):
                client.upload("/up", path)
    assert wire.asked == []


def test_a_file_that_shrinks_while_it_is_sent_is_told(wire: Wire, tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_bytes(b"x" * 1_000_000)

    def shrink(_sent: int, _total: int) -> None:
        with file.open("r+b") as other:
            other.truncate(10)

    with wire.client() as client, pytest.raises(errors.Invalid, match="changed"):
        client.upload("/up", file, progress=shrink)


def test_a_download_is_whole_or_leaves_no_trace(wire: Wire, tmp_path: Path) -> None:
    target = tmp_path / "errors.xlsx"
    wire.script = [
        Answer(body=b"x" * 1000, drop=True),
        problem(404, "There is no such order batch."),
        Answer(body=b"y" * 1000),
    ]
    with wire.client() as client:
        with pytest.raises(errors.Unavailable):
            client.download("/errors.xlsx", target)
        with pytest.raises(errors.NotFound, match="no such order batch"):
            client.download("/errors.xlsx", target)
        assert list(tmp_path.iterdir()) == []
        assert client.download("/errors.xlsx", target) == 1000
        with pytest.raises(errors.Invalid, match="written"):
            client.download("/errors.xlsx", tmp_path / "missing" / "errors.xlsx")
    assert (target.read_bytes(), list(tmp_path.iterdir())) == (b"y" * 1000, [target])


def test_a_look_whose_refusal_is_the_answer_is_asked_for_once(wire: Wire) -> None:
    wire.script = [problem(503, "The source does not answer.", code="source_unavailable", Retry_After="30"), answer({})]
    with wire.client() as client, pytest.raises(errors.Unavailable, match="does not answer"):
        client.post_once("/source/test")
    assert (len(wire.asked), wire.pauses) == (1, [])
