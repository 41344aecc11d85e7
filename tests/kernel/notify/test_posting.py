"""One POST to a stranger: no redirects, no rebinding, bounded in time and size."""

import time

import pytest

from tests.kernel.notify.mailbox import silent
from tests.kernel.notify.receiver import Receiver, receiving
from tests.ports import free_port
from tranche.kernel.notify.domain import Outcome, url_fault
from tranche.kernel.notify.posting import MOST_BODY, Poster, Reply


def post(url: str, *, seconds: float = 5.0) -> Reply | Outcome:
    return Poster(allow_private=True, seconds=seconds).post(url, content=b"{}", headers={"Content-Type": "x"})


def fault(url: str, *, seconds: float = 5.0) -> Outcome:
    outcome = post(url, seconds=seconds)
    assert isinstance(outcome, Outcome)
    assert not outcome.is_sent
    return outcome


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    with receiving() as inside:
        receiver.status, receiver.headers = status, {"Location": f"{inside.url}/secret"}
        reply = post(f"{receiver.url}/hook")
        assert isinstance(reply, Reply)
        assert not reply.is_taken
        assert "redirects are not followed" in (reply.fault().error or "")
        assert inside.requests == []
    assert len(receiver.requests) == 1


def test_the_connection_goes_to_the_address_that_was_checked(receiver: Receiver) -> None:
    """A name server that answers differently the second time has no second time."""
    asked: list[str] = []

    def rebinding(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["169.254.169.254"]

    port = receiver.url.rpartition(":")[2]
    reply = Poster(allow_private=True, resolve=rebinding).post(
        f"http://hook.example.test:{port}/", content=b"{}", headers={}
    )
    assert isinstance(reply, Reply)
    assert asked == ["hook.example.test"]
    assert receiver.requests[0].headers["host"] == f"hook.example.test:{port}"


def test_a_second_address_is_tried_when_the_first_does_not_answer(receiver: Receiver) -> None:
    port = int(receiver.url.rpartition(":")[2])
    poster = Poster(allow_private=True, resolve=lambda _host, _port: ["127.0.0.2", "127.0.0.1"])
    assert isinstance(poster.post(f"http://two.test:{port}/", content=b"{}", headers={}), Reply)


def test_the_environments_proxy_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{free_port()}")
    assert isinstance(post(receiver.url), Reply)


def test_a_silent_receiver_costs_no_more_than_the_time_limit() -> None:
    with silent() as port:
        began = time.monotonic()
        assert fault(f"http://127.0.0.1:{port}/", seconds=0.4).error_code == "timeout"
        assert time.monotonic() - began < 6


def test_a_receiver_that_drips_costs_no_more_either_and_its_code_counts(receiver: Receiver) -> None:
    receiver.body, receiver.drip = b"x" * 100, 0.2
    began = time.monotonic()
    reply = post(receiver.url, seconds=2)
    assert time.monotonic() - began < 15
    assert isinstance(reply, Reply)
    assert reply.is_taken


def test_of_a_long_answer_only_the_beginning_is_read(receiver: Receiver) -> None:
    receiver.body = b"y" * 50_000_000
    reply = post(receiver.url)
    assert isinstance(reply, Reply)
    assert reply.is_taken
    assert 0 < len(reply.text) <= MOST_BODY


def test_control_characters_of_an_answer_are_not_kept(receiver: Receiver) -> None:
    receiver.body = b"a\x00b\x1b[31mc\r\nd\xff"
    reply = post(receiver.url)
    assert isinstance(reply, Reply)
    assert reply.text == "a b [31mc  d�"


def test_nobody_there_and_no_encryption_are_told_apart(receiver: Receiver) -> None:
    assert fault(f"http://127.0.0.1:{free_port()}/").error_code == "connection"
    assert fault(receiver.url.replace("http:", "https:")).error_code == "tls"


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("120", 120, 120),
        ("soon", 0, 0),
        ("-5", 0, 0),
        ("9" * 400, 1, 1e9),
        ("Mon, 01 Jan 2001 00:00:00 GMT", 0, 0),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", 0, 0),
        ("Mon, 01 Jan 2030 00:00:00 +99999999999999999999", 0, 0),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0, 0),
    ],
)
def test_retry_after_is_read(receiver: Receiver, value: str, least: float, most: float) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": value}
    reply = post(receiver.url)
    assert isinstance(reply, Reply)
    assert least <= (reply.retry_after or 0) <= most


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com",
        "//example.com",
        "https://",
        "https://user@example.com/",
        "https://user:password@example.com/",
        "https://@example.com/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com/#x",
        "https://example.com\\@evil.test/",
        "https://example.com/a b",
        "https://example.com/\r\nHost: x",
        "https://exämple.com/",
        "https://[::1/",
        "https://example.com/" + "x" * 2_000,
    ],
)
def test_an_address_that_is_none_of_ours_to_call_is_refused(url: str) -> None:
    assert url_fault(url) is not None


@pytest.mark.parametrize("url", ["https://example.com", "http://example.com:8080/a?b=c", "https://[2606:4700::1]/x"])
def test_plain_addresses_are_taken(url: str) -> None:
    assert url_fault(url) is None
