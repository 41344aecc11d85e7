"""Which addresses may be called: after the name was resolved, and by the address that the connection goes to."""

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from tranche.kernel.errors import Forbidden, Unavailable

Ip: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve: TypeAlias = Callable[[str, int], Sequence[str]]

RESOLVE_SECONDS: Final = 5.0

# Clouds hand out credentials at these, whoever asks.
_METADATA: Final = frozenset(
    ipaddress.ip_address(text) for text in ("169.254.169.254", "fd00:ec2::254", "100.100.100.200", "168.63.129.16")
)
_NAT64: Final = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("64:ff9b:1::/48"))
_FIRST_HOST: Final = 1 << 24  # 0.0.0.0/8 is "this network"
_LAST_32: Final = 0xFFFFFFFF


class ForbiddenAddress(Forbidden):
    """The host lies where we do not call."""

    code = "forbidden_address"


class UnknownHost(Unavailable):
    """The host's name does not lead to an address right now."""

    code = "unknown_host"


def find_addresses(host: str, port: int, *, allow_private: bool, resolve: Resolve) -> list[str]:
    """The addresses of a host, if every one of them may be called; whoever connects must use one of these.

    Raises:
        ForbiddenAddress: one is link-local or of a metadata service, or private without `allow_private`.
        UnknownHost: there is none.
    """
    found = list(dict.fromkeys(resolve(host, port)))
    if not found:
        raise UnknownHost(f"The host {host} has no address.")
    for text in found:
        if (reason := why_forbidden(text, allow_private=allow_private)) is not None:
            raise ForbiddenAddress(f"The host {host} leads to {reason}, which is not called.")
    return found


def why_forbidden(text: str, *, allow_private: bool) -> str | None:
    """What is wrong with an IP address, None if it may be called."""
    return next(
        (
            reason
            for one in _meant(ipaddress.ip_address(text.partition("%")[0]))
            if (reason := _why(one, allow_private))
        ),
        None,
    )


def find_literal(host: str) -> str | None:
    """The address that a host is without asking anybody: 127.0.0.1, ::1, 2130706433, 0x7f.1, localhost."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return "127.0.0.1"
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(name))
    with contextlib.suppress(OSError):
        return socket.inet_ntoa(socket.inet_aton(name))
    return None


def resolve_by_system(host: str, port: int) -> list[str]:
    """Ask the system's resolver, for 5 s at most; it also reads numbers as 2130706433 and 0x7f.1 as addresses.

    Raises:
        UnknownHost
    """
    answer: list[str] = []

    def ask() -> None:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        answer.extend(str(entry[4][0]) for entry in found)

    asking = threading.Thread(target=ask, daemon=True, name="resolve")
    asking.start()
    asking.join(RESOLVE_SECONDS)
    if not answer:
        raise UnknownHost(f"The host {host} has no address.")
    return answer


def _why(ip: Ip, allow_private: bool) -> str | None:  # noqa: FBT001  # a word of the caller's, handed on
    if ip in _METADATA:
        return "an address of a metadata service"
    if ip.is_link_local:
        return "a link-local address"
    if _is_no_host(ip):
        return "an address that is no host"
    if ip.is_global or allow_private:
        return None
    return "this machine" if ip.is_loopback else "a private address"


def _is_no_host(ip: Ip) -> bool:
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_multicast or ip.is_reserved or int(ip) < _FIRST_HOST
    return ip.is_multicast or ip.is_unspecified or (ip.is_reserved and not ip.is_private)


def _meant(ip: Ip) -> list[Ip]:
    """The address itself, and the IPv4 address that an IPv6 one carries inside."""
    if isinstance(ip, ipaddress.IPv4Address):
        return [ip]
    if ip.ipv4_mapped is not None:
        return [ip.ipv4_mapped]
    inner: list[Ip] = []
    if ip.sixtofour is not None:
        inner.append(ip.sixtofour)
    if ip.teredo is not None:
        inner.extend(ip.teredo)
    if any(ip in network for network in _NAT64):
        return [ipaddress.IPv4Address(int(ip) & _LAST_32)]
    return [ip, *inner]
