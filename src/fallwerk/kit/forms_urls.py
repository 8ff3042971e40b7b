"""Forms of URLs: targets of webhooks and of callback buttons."""

import ipaddress
import re
from typing import Final

import idna

REFUSED_SCHEMES: Final = frozenset(
    {
        "about",
        "blob",
        "chrome",
        "chrome-extension",
        "content",
        "data",
        "file",
        "filesystem",
        "ftp",
        "jar",
        "javascript",
        "livescript",
        "mhtml",
        "mocha",
        "moz-extension",
        "res",
        "resource",
        "vbs",
        "vbscript",
        "view-source",
        "ws",
        "wss",
        "wyciwyg",
    },
)
"""Schemes that run code, carry their content or open files: never an app's own."""

_WEB_SCHEMES: Final = frozenset({"http", "https"})
# Letters outside ASCII are taken as browsers take them; C1 controls, blanks of any script and surrogates are not. Each
# run is possessive: it never gives back what it took, so a bad URL costs no more than a good one.
_RUNS: Final = r"[!$&'()*+,;=:@/A-Za-z0-9._~\[\]{more}-]++|%[0-9A-Fa-f]{{2}}|(?![\s\ud800-\udfff])[^\x00-\xa0]"
_PATH: Final = _RUNS.format(more="")
_QUERY: Final = _RUNS.format(more="?")
_WEB: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[^\s/?#@:\[\]\\]++)(?::(?P<port>[0-9]{1,5}))?"
    rf"(?P<path>/(?:{_PATH})*+)?(?P<query>\?(?:{_QUERY})*+)?(?P<fragment>#(?:{_QUERY})*+)?",
    re.IGNORECASE,
)
_APP: Final = re.compile(
    rf"(?P<scheme>[a-z][a-z0-9+.-]*+):(?:{_QUERY})*+(?:#(?:{_QUERY})*+)?",
    re.IGNORECASE,
)
_HOST_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_HOST_LABEL}(?:\.{_HOST_LABEL})*\.?", re.IGNORECASE)
_NAME_MAX: Final = 253
_USUAL: Final = re.compile(r"https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}(?:/[A-Za-z0-9._~/-]*+)?")
"""What nearly every URL looks like; decided at once, the rest by parts."""
_NUMERIC_END: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)
_MAX_PORT: Final = 65535


def is_web_url(value: str) -> bool:
    """
    Tell whether the value is an absolute http(s) URL with a host and without user information (S-17).

    Schemes in any case; internationalised hosts and paths are accepted as browsers accept them; blanks, control
    characters and backslashes never are.
    """
    return _is_usual(value) or _web_parts(value) is not None


def is_webhook_url(value: str) -> bool:
    """Tell whether the value is an absolute http(s) URL without query, user information and fragment (S-14)."""
    if _is_usual(value):
        return True
    parts = _web_parts(value)
    return parts is not None and parts["query"] is None and parts["fragment"] is None


def is_app_url(value: str) -> bool:
    """
    Tell whether the value is a URL for a button in an app: http(s), or a scheme of the app's own (S-17).

    A scheme must begin at the first character, so that no blank or control character can hide `javascript:`.
    """
    parts = _APP.fullmatch(value)
    if parts is None:
        return False
    scheme = parts["scheme"].lower()
    return is_web_url(value) if scheme in _WEB_SCHEMES else scheme not in REFUSED_SCHEMES


def _is_usual(value: str) -> bool:
    return len(value) <= _NAME_MAX and _USUAL.fullmatch(value) is not None


def _web_parts(value: str) -> re.Match[str] | None:
    parts = _WEB.fullmatch(value)
    if parts is None or not _is_host(parts["host"]):
        return None
    return parts if parts["port"] is None or 0 < int(parts["port"]) <= _MAX_PORT else None


def _is_host(host: str) -> bool:
    if host.startswith("["):
        return _is_address(ipaddress.IPv6Address, host[1:-1])
    if _NUMERIC_END.fullmatch(host):
        # Resolvers read `0x7f.1` and `2130706433` as addresses; only the usual notation is unambiguous.
        return _is_address(ipaddress.IPv4Address, host)
    if host.isascii():
        return _HOST_NAME.fullmatch(host) is not None
    try:
        # Strict IDNA maps nothing and splits at the dot only, so that no look-alike can move the end of the host.
        idna.encode(host.lower(), strict=True)
    except idna.IDNAError:
        return False
    return True


def _is_address(kind: type[ipaddress.IPv4Address | ipaddress.IPv6Address], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True
