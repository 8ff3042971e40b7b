"""Tests reach nothing but this machine: a connection to any other address fails at once."""

import ipaddress
import sys

OUTWARD = frozenset({"socket.connect", "socket.sendto"})


class LeftTheLoopback(Exception):
    """A test tried to reach another machine."""


def refuse_other_machines(event: str, arguments: tuple[object, ...]) -> None:
    """Raise for an internet address that is not a loopback one; local sockets have no such address."""
    if event not in OUTWARD:
        return
    address = arguments[1]
    if isinstance(address, tuple) and not is_loopback(str(address[0])):
        raise LeftTheLoopback(f"{event} to {address}")


def is_loopback(host: str) -> bool:
    """Whether it is this machine, by address or by its own name."""
    if host in {"localhost", ""}:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


sys.addaudithook(refuse_other_machines)
