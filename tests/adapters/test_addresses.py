"""Which addresses notifications may reach."""

import ipaddress

import pytest

from fallwerk.adapters.addresses import AddressPolicy

PRODUCTION = AddressPolicy()


def policy(*networks):
    return AddressPolicy(False, tuple(ipaddress.ip_network(network) for network in networks))


@pytest.mark.req("D-67")
@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "168.63.129.16",
        "169.254.169.254",
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
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "",
    ],
)
def test_production_refuses_every_address_that_is_not_for_the_internet(address):
    assert not PRODUCTION.allows(address)


@pytest.mark.req("D-67")
@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "9.255.255.255",
        "100.63.255.255",
        "100.128.0.0",
        "126.0.0.1",
        "172.15.0.1",
        "172.32.0.1",
        "192.0.1.1",
        "198.17.0.1",
        "198.20.0.1",
        "223.255.255.255",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2a00::1",
    ],
)
def test_production_allows_public_addresses_up_to_the_edges(address):
    assert PRODUCTION.allows(address)


@pytest.mark.req("D-67")
def test_the_operators_networks_are_allowed_and_only_they():
    mine = policy("10.1.0.0/16", "fd12::/16")
    assert mine.allows("10.1.2.3")
    assert mine.allows("fd12::1")
    assert not mine.allows("10.2.0.1")
    assert not mine.allows("fd13::1")
    assert not mine.allows("::ffff:10.1.2.3")


@pytest.mark.req("D-67")
def test_naming_the_nat64_network_opens_public_addresses_behind_it_but_no_private_ones():
    mine = policy("64:ff9b::/96")
    assert mine.allows("64:ff9b::8.8.8.8")
    assert not mine.allows("64:ff9b::10.0.0.1")
    assert not mine.allows("64:ff9b::169.254.169.254")
    assert policy("64:ff9b::/96", "10.0.0.0/8").allows("64:ff9b::10.0.0.1")


def test_an_ipv4_network_that_allows_everything_does_not_open_what_embeds_it():
    assert not policy("0.0.0.0/0").allows("::ffff:10.0.0.1")


@pytest.mark.req("D-67")
@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "::ffff:127.0.0.1", "8.8.8.8"])
def test_the_sandbox_allows_every_address(address):
    assert AddressPolicy(True).allows(address)
