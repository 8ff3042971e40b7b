"""The one reading of a webhook's URL: what the allow-list is compared with is what the sender connects to."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

import idna

from fallwerk.kit.forms_urls import is_webhook_url

# Only for URLs that `is_webhook_url` took: behind the colons stands nothing but host, port and path.
_PARTS: Final = re.compile(r"(https?)://(\[[^\]]*\]|[^/:]+)(?::([0-9]+))?(.*)", re.IGNORECASE)
_USUAL_PORTS: Final = {"http": 80, "https": 443}
_KEPT: Final = "/%:@!$&'()*+,;=~[]"
"""Characters of a path, beside letters and digits, that are sent as they stand."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a notification goes, in the form in which it is compared, resolved and sent."""

    scheme: Literal["http", "https"]
    host: str
    """Lower case, A-labels, no trailing dot; an IPv6 address is compressed and without brackets."""
    port: int
    path: str
    """ASCII, begins with a slash."""

    @property
    def origin(self) -> tuple[str, str, int]:
        """What one connection can serve."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The `Host` header: the port only if it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _USUAL_PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str) -> Target | None:
    """
    Read a webhook's URL; None if it is not of the form that S-14 asks for.

    One reading for the allow-list and for the connection: were there two, a URL that they read differently would pass
    the list with one host and be sent to another.
    """
    parts = _PARTS.fullmatch(url) if is_webhook_url(url) else None
    if parts is None:
        return None
    scheme: Literal["http", "https"] = "http" if parts[1].lower() == "http" else "https"
    host = canonical_host(parts[2])
    if host is None:
        return None
    port = int(parts[3]) if parts[3] else _USUAL_PORTS[scheme]
    return Target(scheme, host, port, quote(parts[4], safe=_KEPT) or "/")


def canonical_host(host: str) -> str | None:
    """
    Bring a host's spellings to one: lower case, A-labels, no trailing dot, compressed IPv6; None if it is no host.

    IDNA 2008 as registries apply it, without the mapping of look-alikes.
    """
    if host.startswith("["):
        return _ipv6(host[1:-1]) if host.endswith("]") else None
    if ":" in host:
        return _ipv6(host)
    name = host.lower().removesuffix(".")
    if not name or name.isascii():
        return name or None
    try:
        return idna.encode(name, strict=True).decode("ascii")
    except idna.IDNAError:
        return None


def _ipv6(text: str) -> str | None:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError:
        return None
    # A zone names an interface of this machine; no receiver's URL has one.
    return None if address.scope_id else str(address)
