"""Which addresses a webhook may lead to, however they are written, and whatever the name server says."""

import pytest

from tranche.kernel.notify.addresses import (
    ForbiddenAddress,
    UnknownHost,
    find_addresses,
    resolve_by_system,
    why_forbidden,
)
from tranche.kernel.notify.domain import Outcome
from tranche.kernel.notify.posting import Poster

NEVER = [
    "169.254.169.254",
    "169.254.1.1",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "0.0.0.0",  # noqa: S104  # where webhooks must not go
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "240.0.0.1",
]
PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "::1",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "fc00::1",
    "fd12:3456::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::1",
    "192.0.2.1",
    "2001:db8::1",
]
PUBLIC = ["8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]

# How the same places are written to get past a check of the text.
DISGUISED = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "127.1",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "[::ffff:a9fe:a9fe]",
    "10.1.2.3",
    "192.168.0.1",
    "0",
    "0.0.0.0",  # noqa: S104  # where webhooks must not go
]


@pytest.mark.parametrize("ip", NEVER)
def test_link_local_metadata_and_no_hosts_are_never_called(ip: str) -> None:
    assert why_forbidden(ip, allow_private=False)
    assert why_forbidden(ip, allow_private=True)


@pytest.mark.parametrize("ip", PRIVATE)
def test_private_addresses_are_called_only_where_the_operator_allows_it(ip: str) -> None:
    assert why_forbidden(ip, allow_private=False)
    assert why_forbidden(ip, allow_private=True) is None


@pytest.mark.parametrize("ip", PUBLIC)
def test_public_addresses_are_called(ip: str) -> None:
    assert why_forbidden(ip, allow_private=False) is None


@pytest.mark.parametrize("host", DISGUISED)
def test_no_spelling_of_a_forbidden_place_gets_through(host: str) -> None:
    outcome = Poster(allow_private=False).post(f"http://{host}:9/hook", content=b"{}", headers={})
    assert isinstance(outcome, Outcome)
    assert outcome.error_code in {"forbidden_address", "unknown_host"}
    assert not outcome.is_sent


def test_a_name_that_leads_to_a_private_address_is_refused() -> None:
    with pytest.raises(ForbiddenAddress, match=r"hook\.example\.test leads to a private address"):
        find_addresses("hook.example.test", 443, allow_private=False, resolve=lambda _host, _port: ["10.0.0.5"])


def test_one_forbidden_address_among_good_ones_is_enough() -> None:
    with pytest.raises(ForbiddenAddress):
        find_addresses("x.test", 443, allow_private=False, resolve=lambda _host, _port: ["8.8.8.8", "169.254.169.254"])


def test_a_name_without_an_address_is_said_to_have_none() -> None:
    with pytest.raises(UnknownHost):
        resolve_by_system("nowhere.invalid", 80)
