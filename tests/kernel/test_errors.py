"""Refusals in words: what is not there is named by its id, or as it was written."""

import pytest

from tranche.kernel.errors import NotFound


class NoBoat(NotFound):
    """There is none."""

    noun = "boat"


@pytest.mark.parametrize(
    ("which", "words"),
    [
        (99, "There is no boat with the id 99."),
        ("99", "There is no boat with the id 99."),
        ("Ada", "There is no boat Ada."),
        ("a\nb\x00\u202ec", "There is no boat abc."),
        ("9" * 10_000, f"There is no boat {'9' * 60}…."),
    ],
)
def test_what_is_not_there_is_named_in_one_short_line(which: int | str, words: str) -> None:
    assert NoBoat.of(which).message == words


def test_a_hint_stands_behind() -> None:
    assert NoBoat.of(3, hint="it may have sailed").message == "There is no boat with the id 3; it may have sailed."
