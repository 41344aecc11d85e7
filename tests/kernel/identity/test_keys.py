"""The form of an API key."""

import hashlib
import secrets
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tranche.kernel.identity import keys


@given(st.binary(min_size=20, max_size=20))
def test_every_key_is_well_formed_and_has_one_length(entropy: bytes) -> None:
    key = keys.mint(lambda _: entropy)
    assert keys.is_well_formed(key)
    assert len(key) == 37
    assert key.startswith("trn_")


def test_the_secret_has_at_least_128_bits() -> None:
    asked: list[int] = []
    keys.mint(lambda size: asked.append(size) or bytes(size))  # type: ignore[func-returns-value]
    assert asked == [20]
    assert 62**27 > 2 ** (8 * 20)
    shown = len(keys.shown_prefix("trn_" + "x" * 33)) - len("trn_")
    assert 62 ** (27 - shown) > 2**128


@given(st.binary(min_size=20, max_size=20), st.binary(min_size=20, max_size=20))
def test_different_secrets_make_different_keys(left: bytes, right: bytes) -> None:
    assert (keys.mint(lambda _: left) == keys.mint(lambda _: right)) == (left == right)


def test_every_single_typing_error_is_noticed() -> None:
    key = keys.mint(secrets.token_bytes)
    for place in range(len(key)):
        for other in string.ascii_letters + string.digits + "-":
            if other != key[place]:
                assert not keys.is_well_formed(key[:place] + other + key[place + 1 :])


@pytest.mark.parametrize("token", ["", "trn_", "trn_" + "a" * 33, "x" * 37, "trn_" + "é" * 33, "trn_" + "0" * 5000])
def test_what_is_no_key_is_not_well_formed(token: str) -> None:
    assert not keys.is_well_formed(token)


def test_a_known_key_keeps_its_form() -> None:
    key = keys.mint(lambda size: bytes(range(size)))
    assert keys.is_well_formed(key)
    assert keys.digest(key) == hashlib.sha256(key.encode()).digest()
    assert keys.shown_prefix(key) == key[:8]
