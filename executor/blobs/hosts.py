"""Which hosts blobs may be fetched from.

A job names the address, and the worker stands in the operator's network: without these rules a
job could read whatever answers there.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_network,
)
from typing import assert_never

Address = IPv4Address | IPv6Address

NOT_PUBLIC = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this network; Linux takes 0.0.0.0 for the loopback
            "10.0.0.0/8",
            "100.64.0.0/10",  # behind a provider's NAT; metadata of Alibaba's cloud
            "127.0.0.0/8",
            "168.63.129.16/32",  # metadata of Azure, on a public address
            "169.254.0.0/16",  # link-local; metadata of most clouds
            "172.16.0.0/12",
            "192.0.0.0/24",  # protocol assignments; metadata of Oracle's cloud
            "192.0.2.0/24",
            "192.88.99.0/24",  # relays to 6to4
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
            "2001::/23",  # protocol assignments; Teredo, which leads to IPv4 addresses
            "2001:db8::/32",
            "2002::/16",  # 6to4, which leads to IPv4 addresses
            "3fff::/20",
        ),
    )
)
"""The special-purpose networks of IANA's registries, and metadata services outside them.

A list of our own, for `ipaddress.is_global` differs between the patch releases of Python.
"""

GLOBAL_UNICAST = IPv6Network("2000::/3")
"""Outside it lie the loopback, link-local, unique local, IPv4-mapped, NAT64, multicast ..."""

_PATTERN = re.compile(
    r"(?:\[(?P<bracketed>[^\[\]]+)\]|(?P<plain>[^:\[\]]+))(?::(?P<port>[0-9]{1,5}))?"
)
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?")


def is_public(address: Address) -> bool:
    """Whether an address belongs to the Internet, where a job may send us without being told so."""
    if isinstance(address, IPv6Address) and address not in GLOBAL_UNICAST:
        return False
    return not any(address in network for network in NOT_PUBLIC)


@dataclass(frozen=True, slots=True)
class Public:
    """`*`: every host at a public address."""

    port: int | None


@dataclass(frozen=True, slots=True)
class Named:
    """`data.example.org`, or `*.example.org` for the names below it: wherever they lie."""

    name: str
    below: bool
    port: int | None


@dataclass(frozen=True, slots=True)
class Within:
    """`10.1.0.0/16`: every host whose address is in the network."""

    network: IPv4Network | IPv6Network
    port: int | None


Rule = Public | Named | Within


def parse_rule(pattern: str) -> Rule:
    """The rule that a pattern stands for. Raises ValueError, which names the pattern."""
    text = pattern.strip().lower()
    # An IPv6 address with no brackets has no port either.
    match = None if text.count(":") > 1 and text[0] != "[" else _PATTERN.fullmatch(text)
    host = text if match is None else match["bracketed"] or match["plain"]
    port = None if match is None or match["port"] is None else int(match["port"])
    if port is not None and not 0 < port < 65536:
        raise ValueError(f"'{pattern}': a port is a number from 1 to 65535")
    if host == "*":
        return Public(port)
    below = host.startswith("*.")
    name = host.removeprefix("*.")
    # A name that ends in a number is an address to the resolver, in whatever notation.
    if _NAME.fullmatch(name) and not name.rsplit(".", 1)[-1].isdigit():
        return Named(name, below, port)
    try:
        if "%" in host:
            raise ValueError("an address has no scope here")
        return Within(ip_network(host), port)
    except ValueError as error:
        raise ValueError(
            f"'{pattern}': neither a host name, *.name, an address, a network nor *: {error}"
        ) from None


class Hosts:
    """What the operator allows: a host must satisfy one of the rules."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self._rules = tuple(map(parse_rule, patterns))

    def admitted(self, host: str, port: int, addresses: Sequence[Address]) -> list[Address]:
        """Those of a host's addresses to which we may connect, in the same order."""
        name = host.lower().rstrip(".")
        return [
            address
            for address in addresses
            if any(_satisfies(rule, name, port, address) for rule in self._rules)
        ]


def _satisfies(rule: Rule, name: str, port: int, address: Address) -> bool:
    if rule.port is not None and rule.port != port:
        return False
    match rule:
        case Public():
            return is_public(address)
        case Named(wanted, below=False):
            return name == wanted
        case Named(wanted):
            return name.endswith(f".{wanted}")
        case Within(network):
            return address in network
        case _:
            assert_never(rule)
