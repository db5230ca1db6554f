"""A stranger's address leads to the public internet and nowhere else."""

from __future__ import annotations

import pytest

from storage.sources.addresses import AddressGuard

INSIDE = [
    "0.0.0.0",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
OUTSIDE = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1"]
OUTSIDE += ["168.63.129.15", "223.255.255.255", "2606:4700::1111", "2a00:1450:4001::1"]


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_the_public_internet_is_refused(address: str) -> None:
    assert not AddressGuard().permits(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_public_internet_is_permitted(address: str) -> None:
    assert AddressGuard().permits(address)


@pytest.mark.parametrize(
    "spelling", ["", "localhost", "0x7f.1", "127.1", "2130706433", "127.0.0.01"]
)
def test_what_is_no_address_is_refused(spelling: str) -> None:
    assert not AddressGuard(["127.0.0.0/8"]).permits(spelling)


@pytest.mark.parametrize(
    ("address", "permitted"),
    [("10.1.2.3", True), ("10.1.3.0", False), ("::ffff:10.1.2.3", False), ("8.8.8.8", True)],
)
def test_a_network_of_the_operators_own_is_permitted_and_nothing_around_it(
    address: str, permitted: bool
) -> None:
    assert AddressGuard(["10.1.2.0/24"]).permits(address) is permitted
