"""Folding: what is alike, what is not, and that Python and PostgreSQL agree."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tranche.kernel.db.pool import Database
from tranche.kernel.text import after_prefix, fold, fold_sql


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("  ACME   Ltd ", "acme ltd"),
        ("Acme\tLtd\r\n", "acme ltd"),
        ("Acme\u00a0Ltd", "acme ltd"),
        ("Straße", "STRASSE"),
        ("MÜLLER", "Mu\u0308ller"),
        ("İSTANBUL", "istanbul"),
        ("ISPARTA", "ısparta"),
        ("ΟΔΟΣ", "οδος"),
        ("ΟΔΟΣ", "οδοσ"),
        ("ＡＣＭＥ", "acme"),
        ("ﬁrma", "FIRMA"),
        ("شركة  النور", "شركة النور"),
        ("ঢাকা  ট্রেডার্স", "ঢাকা ট্রেডার্স"),
    ],
)
def test_names_that_people_take_for_the_same_fold_to_the_same(left: str, right: str) -> None:
    assert fold(left) == fold(right)


@pytest.mark.parametrize(
    ("left", "right"), [("Muller", "Müller"), ("Acme", "Acme 2"), ("resume", "résumé"), ("a", "а")]
)
def test_names_that_differ_stay_different(left: str, right: str) -> None:
    assert fold(left) != fold(right)


def test_what_holds_only_white_space_folds_to_nothing() -> None:
    assert fold(" \t\u00a0\u2003\r\n") == ""


def test_python_and_postgresql_fold_every_letter_alike(database: Database) -> None:
    letters = [chr(point) for point in range(1, sys.maxunicode + 1) if unicodedata.category(chr(point))[0] in "LMNPSZ"]
    with database.transaction(None) as conn:
        for pattern in ("{}", "A{}B", "x {} y", "I\u0307{}"):
            texts = [pattern.format(letter) for letter in letters]
            rows = conn.execute(
                f"SELECT t, {fold_sql('t')} AS folded FROM unnest(%(texts)s::text[]) AS t", {"texts": texts}
            ).fetchall()
            assert [row["t"] for row in rows if row["folded"] != fold(row["t"])] == []


def test_null_stays_null_in_sql(database: Database) -> None:
    with database.transaction(None) as conn:
        (row,) = conn.execute(f"SELECT {fold_sql('NULL::text')} AS folded").fetchall()
    assert row["folded"] is None


def test_folding_twice_changes_nothing_for_ordinary_names() -> None:
    for name in ("Straße 5", "İSTANBUL", "ΟΔΟΣ", "شركة النور", "ঢাকা ট্রেডার্স", "O'Brien & Sons"):
        assert fold(fold(name)) == fold(name)


_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=6)


@given(prefix=_TEXT, rest=_TEXT)
def test_what_begins_with_the_prefix_lies_in_its_range(prefix: str, rest: str) -> None:
    bound = after_prefix(prefix)
    assert not bound or prefix.encode() < (prefix + rest).encode() < bound.encode()


@given(prefix=_TEXT, other=_TEXT)
def test_what_does_not_begin_with_the_prefix_lies_outside(prefix: str, other: str) -> None:
    bound = after_prefix(prefix)
    inside = prefix.encode() <= other.encode() and (not bound or other.encode() < bound.encode())
    assert inside == other.startswith(prefix)


def test_the_range_steps_over_the_surrogates_and_past_the_last_letter() -> None:
    assert after_prefix("a\ud7ff") == "a\ue000"
    assert after_prefix("a\U0010ffff") == "b"
    assert after_prefix("\U0010ffff") == ""
