"""The rules of notifications that the guide promises."""

import re
from pathlib import Path

from tranche.kernel.notify.domain import EVENT_TYPES, JITTER, PAUSES, TEST_EVENT, Channel, Status
from tranche.kernel.notify.posting import POST_SECONDS
from tranche.kernel.notify.smtp import SEND_SECONDS

GUIDE = " ".join((Path(__file__).parents[3] / "docs/notifications.md").read_text().split())
_SECONDS = {"s": 1, "min": 60, "h": 3600}


def pauses(text: str) -> tuple[float, ...]:
    return tuple(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+) (s|min|h)\b", text))


def test_the_guide_tells_the_true_delays() -> None:
    assert pauses(GUIDE.split("| after the one before |")[1].split("After the seventh")[0]) == PAUSES[Channel.WEBHOOK]
    assert pauses(GUIDE.split("is tried again after ")[1].split(", always")[0]) == PAUSES[Channel.MAIL]
    assert f"about {JITTER:.0%} sooner or later" in GUIDE
    assert len(PAUSES[Channel.WEBHOOK]) == 6


def test_the_guide_tells_the_true_limits() -> None:
    assert (POST_SECONDS, SEND_SECONDS) == (15.0, 20.0)
    assert "within 15 seconds" in GUIDE
    assert "One mail may take 20 seconds" in GUIDE


def test_the_guide_names_every_event_and_every_status() -> None:
    for word in (*EVENT_TYPES, TEST_EVENT, *Status):
        assert f"`{word}`" in GUIDE
