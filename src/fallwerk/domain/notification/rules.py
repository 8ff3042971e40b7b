"""Where a client's notifications may go, and what they say."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import orjson

from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.notification.target import Target, canonical_host, parse_target

NOT_A_URL: Final = "The URL must be an absolute http(s) URL without query."
HTTP_REFUSED: Final = "The URL must use https."
HOST_REFUSED: Final = "The host is not on the account's allow-list."
ANY_HOST: Final = "*"

_ENTRY: Final = re.compile(r"(\*\.)?(\[[0-9a-fA-F:.]+\]|[^\s\[\]:/?#@\\*]+)(?::([0-9]{1,5}))?")
_MAX_PORT: Final = 65535


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry of an allow-list, read."""

    name: str
    subdomains: bool
    port: int | None

    def covers(self, target: Target) -> bool:
        if self.port is not None and self.port != target.port:
            return False
        # The dot in front keeps `evil-example.org` out of `*.example.org`; the name itself is not its own subdomain.
        return target.host.endswith("." + self.name) if self.subdomains else target.host == self.name


def storable(url: str, *, settings: ScrSettings) -> str | None:
    """
    Say why a webhook's URL is not accepted for an account, None if it is.

    Source: S-14, D-65. While the account's webhook is inactive the URL is stored unused, whatever its host.
    """
    target = parse_target(url)
    if target is None:
        return NOT_A_URL
    if target.scheme == "http" and not settings.webhook_http_allowed:
        return HTTP_REFUSED
    if settings.webhook_active and not target_allowed(target, settings.webhook_hosts):
        return HOST_REFUSED
    return None


def host_allowed(url: str, allowed: tuple[str, ...]) -> bool:
    """
    Tell whether a URL's host is on an allow-list.

    Source: DELIVERY §5 Note; D-65.

    Args:
        allowed: `name`, `*.name` (its subdomains, not itself), each with `:port` if only that port is meant, or `*`.
            An entry of another form covers nothing.
    """
    target = parse_target(url)
    return target is not None and target_allowed(target, allowed)


def target_allowed(target: Target, allowed: tuple[str, ...]) -> bool:
    """Tell the same of a URL that is read already."""
    for text in allowed:
        if text == ANY_HOST:
            return True
        entry = _read_entry(text)
        if entry is not None and entry.covers(target):
            return True
    return False


def is_allow_list_entry(text: str) -> bool:
    """Tell whether an operator's entry can cover anything: `name`, `*.name`, either with `:port`, or `*` (D-65)."""
    return text == ANY_HOST or _read_entry(text) is not None


def notification_body(case_id: str, reference_id: str | None, custom1: str | None, settings: ScrSettings) -> bytes:
    """
    Render the JSON of a notification.

    Source: DELIVERY §5; D-61.

    Args:
        reference_id: None if the client gave none.
    """
    body = {"caseId": case_id}
    if settings.webhook_reference_id and reference_id is not None:
        body["referenceId"] = reference_id
    if settings.webhook_custom1 and custom1 is not None:
        body["custom1"] = custom1
    return orjson.dumps(body)


@lru_cache(maxsize=4096)
def _read_entry(text: str) -> _Entry | None:
    """Read one entry; kept, since the same few lists are asked at every start of a case."""
    entry = text.strip()
    if entry.count(":") > 1 and not entry.startswith(("[", "*")):
        # An IPv6 address without brackets cannot name a port.
        name, wildcard, port = canonical_host(entry), None, None
    else:
        parts = _ENTRY.fullmatch(entry)
        if parts is None or (parts[1] and parts[2].startswith("[")):
            return None
        name, wildcard, port = canonical_host(parts[2]), parts[1], parts[3]
    if name is None or (port is not None and not 0 < int(port) <= _MAX_PORT):
        return None
    return _Entry(name, bool(wildcard), None if port is None else int(port))
