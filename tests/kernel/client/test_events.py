"""Following an operation: resumed behind the last event, and asked for where events do not come."""

import json

import pytest

from tests.kernel.client.server import Answer, Wire, answer, problem, stream
from tests.kernel.client.states import state
from tranche.kernel import errors
from tranche.kernel.client.events import Event, follow_operation, parse_events

EVENTS = "/api/operations/7/events"


def follow(wire: Wire) -> list[int]:
    """The `done` of every state that is told."""
    with wire.client() as client:
        return [told["phase"]["done"] for told in follow_operation(client, 7, sleep=wire.pauses.append)]


def test_every_state_is_told_and_the_last_one_ends_it(wire: Wire) -> None:
    wire.script = [stream((1, state()), (2, state(done=50)), (3, state("completed", done=100)))]
    assert follow(wire) == [0, 50, 100]
    assert wire.asked[0].path == EVENTS
    assert wire.asked[0].headers["accept"] == "text/event-stream"
    assert "last-event-id" not in wire.asked[0].headers


def test_a_stream_that_breaks_is_resumed_behind_the_last_event(wire: Wire) -> None:
    half = b'id: 3\ndata: {"status": "comp'
    wire.script = [
        stream((1, state()), (2, state(done=50)), tail=half, drop=True),
        stream((3, state(done=60))),
        Answer(drop=True),
        stream((4, state("completed", done=100))),
    ]
    assert follow(wire) == [0, 50, 60, 100]
    assert [asked.headers.get("last-event-id") for asked in wire.asked] == [None, "2", "3", "3"]
    assert {asked.path for asked in wire.asked} == {EVENTS}


@pytest.mark.parametrize(
    "refusal", [problem(503, "The server is ending."), problem(429, "Too many streams."), Answer(502, b"bad gateway")]
)
def test_where_streams_are_refused_the_state_is_asked_for(wire: Wire, refusal: Answer) -> None:
    polled = [answer({"data": state(done=30)}), answer({"data": state("completed", done=100)})]
    wire.script = [refusal, refusal, refusal, *polled]
    assert follow(wire) == [30, 100]
    assert [asked.path for asked in wire.asked[3:]] == ["/api/operations/7", "/api/operations/7"]
    assert wire.pauses[-1] == 1


def test_streams_that_tell_nothing_are_given_up(wire: Wire) -> None:
    wire.script = [*[stream() for _ in range(3)], answer({"data": state("completed", done=100)})]
    assert follow(wire) == [100]


def test_who_has_seen_the_end_is_answered_with_nothing_and_asks_once(wire: Wire) -> None:
    wire.script = [*[Answer(204, b"") for _ in range(3)], answer({"data": state("failed")})]
    assert follow(wire) == [0]


def test_an_unknown_operation_is_refused_at_once(wire: Wire) -> None:
    wire.script = [problem(404, "There is no such operation.")]
    with pytest.raises(errors.NotFound, match="no such operation"):
        follow(wire)
    assert len(wire.asked) == 1


def test_a_server_that_stays_away_is_told_at_last(wire: Wire) -> None:
    wire.script = [stream((1, state())), *[problem(503, "away") for _ in range(20)]]
    with pytest.raises(errors.Unavailable, match="away"):
        follow(wire)


def test_lines_are_split_at_newlines_only_and_pieces_do_not_matter() -> None:
    text = json.dumps({"label": "a\u2028b\x85c"}, ensure_ascii=False)
    raw = f": hello\r\nretry: 5\r\nid: 9\r\ndata:{text}\r\n\r\nid: 10\ndata: one\ndata: two\n\ndata: cut".encode()
    expected = [Event("9", text.encode()), Event("10", b"one\ntwo")]
    for size in (1, 2, 7, len(raw)):
        assert list(parse_events(raw[at : at + size] for at in range(0, len(raw), size))) == expected


def test_an_event_without_an_id_keeps_the_last_one_and_comments_are_no_events() -> None:
    assert list(parse_events([b"id: 1\ndata: a\n\n: keep-alive\n\n\n\ndata: b\n\n"])) == [
        Event("1", b"a"),
        Event("1", b"b"),
    ]
