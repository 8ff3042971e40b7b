"""The token request: a form, and the client's credentials in it or beside it (RFC 6749 §2.3.1, §4.4.2)."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote_plus

from fallwerk.own.token.errors import (
    OAuthError,
    invalid_client,
    invalid_request,
    invalid_scope,
    missing,
    unauthorized_client,
    unsupported_grant_type,
)

FORM: Final = "application/x-www-form-urlencoded"
GRANT: Final = "client_credentials"
MOST_PARAMETERS: Final = 100


@dataclass(frozen=True, slots=True)
class Claim:
    """Client id and secret of a request, unverified."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """
    A well-formed request.

    Attributes:
        scopes: Asked for; empty for all that the client has.
    """

    claim: Claim
    scopes: tuple[str, ...]
    impersonates: bool


def read_form(headers: Sequence[tuple[bytes, bytes]], body: bytes) -> dict[str, str]:
    """
    Parse the form; a parameter without a value counts as left out (RFC 6749 §3.2).

    Raises:
        OAuthError: another media type or charset, not UTF-8, or a parameter given twice.
    """
    _check_media_type(headers, body)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except UnicodeDecodeError:
        raise invalid_request("The form is not UTF-8") from None
    except ValueError:
        raise invalid_request("Too many parameters") from None
    form: dict[str, str] = {}
    for name, value in pairs:
        if name in form:
            raise invalid_request("A parameter is given more than once")
        form[name] = value
    return {name: value for name, value in form.items() if value}


def _check_media_type(headers: Sequence[tuple[bytes, bytes]], body: bytes) -> None:
    values = [value for name, value in headers if name == b"content-type"]
    if not values and not body:
        return
    media_type, *parameters = (values[0] if len(values) == 1 else b"").decode("latin-1").lower().split(";")
    if media_type.strip() != FORM:
        raise invalid_request(f"The content type must be {FORM}")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in {"utf-8", "utf8"}:
            raise invalid_request("The charset must be UTF-8")


def read_request(headers: Sequence[tuple[bytes, bytes]], form: Mapping[str, str]) -> TokenRequest:
    """
    Turn a form and the header beside it into a request.

    Raises:
        OAuthError: the grant is missing or not offered, the credentials are missing, undecodable or given in two ways.
    """
    grant = form.get("grant_type")
    if grant is None:
        raise missing("grant_type")
    if grant != GRANT:
        raise unsupported_grant_type()
    claim = _claim(headers, form)
    return TokenRequest(claim, tuple(form.get("scope", "").split(" ")) if "scope" in form else (), _impersonates(form))


def chosen_scopes(asked: tuple[str, ...], allowed: tuple[str, ...]) -> tuple[str, ...]:
    """
    Return the scopes of the token, in the client's order.

    Raises:
        OAuthError: one that is asked for is not the client's.
    """
    wanted = [scope for scope in asked if scope]
    if not set(wanted) <= set(allowed) or (asked and not wanted):
        raise invalid_scope()
    return tuple(scope for scope in allowed if scope in wanted) if wanted else allowed


def refuse_impersonation(request: TokenRequest) -> None:
    """
    Refuse to issue a token for somebody else.

    Raises:
        OAuthError: the request names a subject or an actor.
    """
    if request.impersonates:
        raise unauthorized_client()


def _impersonates(form: Mapping[str, str]) -> bool:
    return any(name in form for name in ("subject", "actor"))


def _claim(headers: Sequence[tuple[bytes, bytes]], form: Mapping[str, str]) -> Claim:
    values = [value for name, value in headers if name == b"authorization"]
    client_id, secret = form.get("client_id"), form.get("client_secret")
    if len(values) > 1 or (values and secret is not None):
        raise _two_ways()
    if not values:
        if client_id is None or secret is None:
            raise invalid_client()
        return Claim(client_id, secret)
    claim = _basic(values[0])
    # Many libraries repeat the id in the form; only another one makes it a second authentication.
    if client_id is not None and client_id != claim.client_id:
        raise _two_ways()
    return claim


def _two_ways() -> OAuthError:
    return invalid_request("The client authenticates in more than one way")


def _basic(header: bytes) -> Claim:
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        raise invalid_client()
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        raise invalid_client() from None
    if not colon:
        raise invalid_client()
    # RFC 6749 §2.3.1: both are form-encoded before they are joined; what we issue looks the same either way.
    return Claim(unquote_plus(client_id), unquote_plus(secret))
