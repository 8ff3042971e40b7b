"""
Errors of the token endpoint: RFC 6749 §5.2, with the provider's own sentences where they are known.

Source: U-01; public-facts.md "Europace authorization".
"""

from collections.abc import Callable, Mapping
from typing import Final

import orjson
from starlette.responses import Response

from fallwerk.domain.errors import DomainError, StoreUnavailable

CHALLENGE: Final = 'Basic realm="Fallwerk", charset="UTF-8"'
NEVER_STORED: Final = {"Cache-Control": "no-store", "Pragma": "no-cache"}
FAILED: Final = 500


class OAuthError(Exception):
    """The request ends with this answer."""

    def __init__(self, status: int, error: str, description: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {error}")
        self.status = status
        self.error = error
        self.description = description
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Render it."""
        body = orjson.dumps({"error": self.error, "error_description": self.description})
        return Response(body, self.status, {**NEVER_STORED, **self.headers}, "application/json")


def invalid_request(description: str, status: int = 400, headers: Mapping[str, str] | None = None) -> OAuthError:
    """Return the error for a request that is malformed."""
    return OAuthError(status, "invalid_request", f"Invalid request: {description}", headers)


def missing(parameter: str) -> OAuthError:
    """Return the error for a parameter that is not there."""
    return invalid_request(f'Missing "{parameter}" parameter')


def invalid_client() -> OAuthError:
    """Return the one answer to every way in which a client can fail to authenticate (C-10)."""
    description = "Client authentication failed: Client id unknown / deactivated or client secret invalid / expired."
    return OAuthError(401, "invalid_client", description, {"WWW-Authenticate": CHALLENGE})


def too_many_failures(retry_after_s: int) -> OAuthError:
    """Return the answer to a failed authentication that was one too many; right credentials never get it."""
    description = "Too many failed requests; try again later."
    return OAuthError(429, "too_many_requests", description, {"Retry-After": str(retry_after_s)})


def invalid_scope() -> OAuthError:
    """Return the error for a scope that the client does not have, or that nobody has."""
    return OAuthError(400, "invalid_scope", "Invalid, unknown or malformed scope")


def unauthorized_client() -> OAuthError:
    """Return the error for a request to act for somebody else (decisions.md "KEX.")."""
    return OAuthError(400, "unauthorized_client", "The client is not authorized to act for another subject or actor.")


def unsupported_grant_type() -> OAuthError:
    """Return the error for every grant but client credentials."""
    return OAuthError(400, "unsupported_grant_type", "The only grant type is client_credentials.")


def unavailable() -> OAuthError:
    """Return the error while nobody can tell."""
    return OAuthError(503, "temporarily_unavailable", "The store is not available right now.", {"Retry-After": "1"})


def server_error() -> OAuthError:
    """Return the error of an unexpected failure, without detail."""
    return OAuthError(FAILED, "server_error", "The request failed unexpectedly.")


WIRE: Final[Mapping[type, Callable[[], OAuthError]]] = {StoreUnavailable: unavailable}
"""Domain error → how callers hear of it."""


def render(error: DomainError) -> Response:
    """Answer a domain error as the table says; one that it lacks is an unexpected failure."""
    for kind in type(error).__mro__:
        if kind in WIRE:
            return WIRE[kind]().response()
    raise error


def by_status(status: int) -> Response:
    """Answer an ordered fault of the sandbox, or an unexpected failure, for a status."""
    known = {401: invalid_client, 429: lambda: too_many_failures(1), FAILED: server_error, 503: unavailable}
    if status in known:
        return known[status]().response()
    return OAuthError(status, "invalid_request", "Ordered by the sandbox.").response()
