"""Which hosts and addresses a job may have the worker fetch from."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.blobs.hosts import Address, Hosts, is_public, parse_rule

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2606:4700:4700::1111",
    "2a00:1450:4001:830::200e",
]

NOT_PUBLIC = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.100.100.200",  # metadata: Alibaba
    "127.0.0.1",
    "127.1.2.3",
    "168.63.129.16",  # metadata: Azure
    "169.254.0.1",
    "169.254.169.254",  # metadata: AWS, Google, Azure and most others
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",  # metadata: Oracle
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",  # IPv4-mapped
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",  # NAT64
    "64:ff9b:1::1",
    "100::1",
    "2001::1",  # Teredo
    "2001:db8::1",
    "2002:7f00:1::1",  # 6to4
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",  # metadata: AWS
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_no_other_address_is_public(address: str) -> None:
    assert not is_public(ip_address(address))


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: Address) -> None:
    special = address.is_private or address.is_multicast or address.is_reserved
    assert not (is_public(address) and special)


RULES = [
    # patterns, host, port, address, admitted
    ("*", "data.example.org", 80, "8.8.8.8", True),
    ("*", "data.example.org", 8080, "8.8.8.8", True),
    ("*", "data.example.org", 80, "10.0.0.1", False),
    ("*", "localhost", 80, "127.0.0.1", False),
    ("*:443", "data.example.org", 80, "8.8.8.8", False),
    ("*:443", "data.example.org", 443, "8.8.8.8", True),
    ("data.example.org", "data.example.org", 80, "10.0.0.1", True),
    ("Data.Example.org", "data.EXAMPLE.org.", 80, "10.0.0.1", True),
    ("data.example.org", "example.org", 80, "8.8.8.8", False),
    ("data.example.org", "x.data.example.org", 80, "8.8.8.8", False),
    ("data.example.org", "data.example.org.evil.net", 80, "8.8.8.8", False),
    ("data.example.org:8080", "data.example.org", 8080, "8.8.8.8", True),
    ("data.example.org:8080", "data.example.org", 80, "8.8.8.8", False),
    ("*.example.org", "data.example.org", 80, "10.0.0.1", True),
    ("*.example.org", "a.b.example.org", 80, "10.0.0.1", True),
    ("*.example.org", "example.org", 80, "8.8.8.8", False),
    ("*.example.org", "evilexample.org", 80, "8.8.8.8", False),
    ("*.example.org:81", "a.example.org", 80, "8.8.8.8", False),
    ("minio", "minio", 9000, "10.0.0.1", True),
    ("10.1.0.0/16", "anything.example.org", 80, "10.1.2.3", True),
    ("10.1.0.0/16", "10.1.2.3", 80, "10.1.2.3", True),
    ("10.1.0.0/16", "10.2.0.0", 80, "10.2.0.0", False),
    ("10.1.0.0/16", "mapped", 80, "::ffff:10.1.2.3", False),
    ("10.1.0.0/16:8080", "10.1.2.3", 80, "10.1.2.3", False),
    ("10.1.2.3:8080", "10.1.2.3", 8080, "10.1.2.3", True),
    ("10.1.2.3", "10.1.2.4", 80, "10.1.2.4", False),
    ("0.0.0.0/0", "localhost", 80, "127.0.0.1", True),
    ("0.0.0.0/0", "localhost", 80, "::1", False),
    ("::1", "localhost", 80, "::1", True),
    ("fd00::/8", "x", 80, "fd12::1", True),
    ("[::1]:8080", "::1", 8080, "::1", True),
    ("[::1]:8080", "::1", 80, "::1", False),
    ("a.org, *, 10.0.0.0/8", "b.org", 80, "10.0.0.1", True),
    ("a.org, *, 10.0.0.0/8", "b.org", 80, "192.168.0.1", False),
]


@pytest.mark.parametrize(("patterns", "host", "port", "address", "admitted"), RULES)
def test_a_host_is_admitted_by_one_of_the_rules(
    patterns: str, host: str, port: int, address: str, admitted: bool
) -> None:
    found = Hosts(patterns.split(", ")).admitted(host, port, [ip_address(address)])
    assert found == ([ip_address(address)] if admitted else [])


def test_of_several_addresses_those_that_are_admitted_are_left_in_their_order() -> None:
    addresses = [ip_address(text) for text in ("10.0.0.1", "8.8.8.8", "::1", "2606:4700::1")]
    assert Hosts(["*"]).admitted("mixed.org", 80, addresses) == [addresses[1], addresses[3]]


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        " ",
        "http://a.org",
        "a.org/path",
        "user@a.org",
        "a.org:",
        "a.org:http",
        "a.org:0",
        "a.org:65536",
        "a..org",
        "-a.org",
        "*a.org",
        "a.*.org",
        "*.*.org",
        "**",
        "127.1",
        "0x7f.1",
        "2130706433",
        "10.0.0.1/8",
        "10.0.0.0/33",
        "fe80::1%eth0",
        "[::1",
        "::1]",
        "[a.org:80",
        "ü.org",
    ],
)
def test_a_pattern_that_means_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"^'.*': "):
        parse_rule(pattern)
