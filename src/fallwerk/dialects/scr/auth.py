"""
Who calls an SCR API: HTTP Basic (RFC 2617) with the account's user name and password.

Every failing path does the same verification work once, whether the client, the user or the password is unknown, so
that neither answer nor time tells which (S-03, C-10).
"""

import base64
import binascii
import hmac
from collections.abc import Callable
from dataclasses import dataclass

from fallwerk.domain.account.model import Credential, ScrClient


class Unauthenticated(Exception):
    """The request is answered 401; why is nobody's business."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated client; `alive_only` may look at the availability check and at nothing else (S-81)."""

    client: ScrClient
    username: str
    alive_only: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """User name and password of a request, unverified."""

    username: str
    password: str


def read_basic(header: str | None) -> Claim | None:
    """Decode an `Authorization` header; None if it is missing or no Basic credentials in UTF-8."""
    if header is None or header[:6].lower() != "basic ":
        return None
    try:
        decoded = base64.b64decode(header[6:].strip(), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None
    username, colon, password = decoded.partition(":")
    return Claim(username, password) if colon else None


_NOBODY = Credential("", bytes(32))
"""Stands in for a credential that does not exist, so that an unknown name costs what a wrong password does."""


def verify(claim: Claim | None, client: ScrClient | None, *, hash_of: Callable[[str], bytes], now_us: int) -> Caller:
    """
    Compare a claim with a client's credentials in constant time.

    Args:
        hash_of: The keyed hash of a secret; called exactly once.

    Raises:
        Unauthenticated: whatever the reason.
    """
    presented = hash_of(claim.password if claim else "")
    found = _NOBODY
    username = (claim.username if claim else "").encode("utf-8", "surrogatepass")
    for credential in client.credentials if client else ():
        named = hmac.compare_digest(credential.username.encode(), username)
        current = credential.valid_until_us is None or now_us < credential.valid_until_us
        # During an overlap one user name has two passwords; the one that matches counts.
        if named and current and (found is _NOBODY or hmac.compare_digest(credential.secret_hash, presented)):
            found = credential
    matches = hmac.compare_digest(found.secret_hash, presented)
    if not matches or found is _NOBODY or client is None or claim is None:
        raise Unauthenticated
    return Caller(client, claim.username, found.alive_only)
