"""Bounds of settings: every number has some, its default lies within, and addresses are told from other text."""

from dataclasses import fields

import pytest

from tranche.kernel.bounds import BOUNDS, are_networks, is_base_address, is_bucket, is_key_prefix
from tranche.kernel.settings import Settings

NUMBERS = {entry.name: entry.default for entry in fields(Settings) if entry.type in {int, float, int | None}}


def test_every_number_has_bounds_and_no_other_setting() -> None:
    assert set(NUMBERS) == set(BOUNDS)


@pytest.mark.parametrize("name", sorted(NUMBERS))
def test_a_default_lies_within_its_bounds(name: str) -> None:
    default = NUMBERS[name]
    assert default is None or BOUNDS[name].holds(default)  # type: ignore[arg-type]  # a number, as its type says


@pytest.mark.parametrize(
    "text",
    ["http://127.0.0.1:8080", "https://tranche.example.com", "https://example.com/tranche/", "http://[::1]:9000"],
)
def test_an_address_of_a_server_is_one(text: str) -> None:
    assert is_base_address(text)


@pytest.mark.parametrize(
    "text",
    [
        "foo",
        "example.com",
        "http://",
        "http:///path",
        "ftp://example.com",
        "http://u:p@example.com",
        "http://example.com:0",
        "http://example.com:x",
        "http://example.com?a=1",
        "http://example.com#a",
        "http://exa mple.com",
        "http://[nowhere",
        "http://ho%zzst",
        "http://a\\b",
    ],
)
def test_other_text_is_no_address(text: str) -> None:
    assert not is_base_address(text)


def test_a_bucket_and_its_prefix_are_names() -> None:
    assert all(is_bucket(text) for text in ("tranche", "tranche.live-1", "arn:aws:s3:eu-west-1:1:accesspoint/a"))
    assert not any(is_bucket(text) for text in ("", "a b", "/", "a?b", "ä", "a\nb"))
    assert all(is_key_prefix(text) for text in ("tranche", "acme/tranche/", "two words"))
    assert not any(is_key_prefix(text) for text in ("../x", "a//b", "a/./b", "a\nb"))


def test_proxies_are_addresses_or_networks() -> None:
    assert all(are_networks(text) for text in ("10.0.0.1", "::1", "10.0.0.0/8", "10.0.0.1, 10.1.0.0/16"))
    assert not any(are_networks(text) for text in ("abc", "*", "10.0.0.1,", "10.0.0.0/40", "10.0.0.256"))
