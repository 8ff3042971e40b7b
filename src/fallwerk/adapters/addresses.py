"""Which internet addresses notifications may be sent to (D-67)."""

import ipaddress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

REFUSED_V4: Final = tuple(
    ipaddress.IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this host; connects to the loopback on Linux
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; metadata of some clouds
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # metadata and agents of one cloud, in the midst of public addresses
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; metadata of one cloud
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
"""IPv4 that is not for the internet; our own list, since the standard library's differs between its versions."""

GLOBAL_V6: Final = ipaddress.IPv6Network("2000::/3")
"""The only IPv6 given out for the internet: unspecified, loopback, unique local, link-local, multicast lie outside."""
REFUSED_V6: Final = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
"""Exceptions inside `GLOBAL_V6`."""

_NAT64: Final = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("::ffff:0:0:0/96"),
    ipaddress.IPv6Network("::/96"),
)
"""Networks whose last 32 bits are an IPv4 address to which a router, or the machine itself, leads on."""


@dataclass(frozen=True)
class AddressPolicy:
    """
    Decides about addresses after name resolution.

    Source: D-67. The sandbox takes every address. Production takes public ones and the operator's networks. An IPv6
    address that stands for an IPv4 address (mapped, NAT64, 6to4, Teredo) is taken only if the operator names its
    network and the IPv4 address inside may be reached too: naming `64:ff9b::/96` opens no private network.
    """

    allow_all: bool = False
    allowed_networks: tuple[Network, ...] = ()

    def allows(self, address: str) -> bool:
        """Tell whether a connection to this address may be made; anything that is no address is refused."""
        return self.allow_all or _allows(address, self.allowed_networks)


@lru_cache(maxsize=1024)
def _allows(text: str, networks: tuple[Network, ...]) -> bool:
    try:
        # A zone only names the interface by which a link-local address is reached.
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return _is_allowed(address, networks)


def _is_allowed(address: Address, networks: tuple[Network, ...]) -> bool:
    named = any(address in network for network in networks)
    if isinstance(address, ipaddress.IPv4Address):
        return named or not any(address in network for network in REFUSED_V4)
    inside = embedded(address)
    if inside is not None:
        return named and _is_allowed(inside, networks)
    return named or (address in GLOBAL_V6 and not any(address in network for network in REFUSED_V6))


def embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, None if it stands for itself."""
    if address.is_unspecified or address.is_loopback:
        return None
    if address.teredo is not None:
        return address.teredo[1]
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    if any(address in network for network in _NAT64):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None
