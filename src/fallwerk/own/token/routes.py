"""
The token server: `/auth/token`, its public keys and its description (RFC 6749, RFC 7517, RFC 8414).

Source: U-01, U-03, C-10; public-facts.md "Europace authorization".
"""

from collections.abc import Awaitable, Callable
from typing import Final

import orjson
import structlog
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from fallwerk.dialects.kex.keyring import KeyRing
from fallwerk.dialects.kex.tokens import LIFETIME_S, Tokens, public_set
from fallwerk.dialects.scr.router import TooLarge, observed, read_body
from fallwerk.domain.errors import DomainError
from fallwerk.domain.partner.model import SCOPES
from fallwerk.kit import tracing
from fallwerk.own.token import errors
from fallwerk.own.token.clients import TokenClients
from fallwerk.own.token.errors import OAuthError
from fallwerk.own.token.schema import GRANT, chosen_scopes, read_form, read_request, refuse_impersonation

log = structlog.get_logger()

TOKEN: Final = "/auth/token"  # noqa: S105 - a path
JWKS: Final = "/.well-known/jwks.json"
METADATA: Final = "/.well-known/oauth-authorization-server"
PREFIXES: Final = (TOKEN, JWKS, METADATA)
MAX_BODY_BYTES: Final = 16 * 1024
PUBLIC: Final = {"Cache-Control": "public, max-age=300"}
"""Keys are published a day before they sign, so a copy may be minutes old."""


class TokenApi:
    """
    The ASGI application of the token server.

    Args:
        issuer: The public base URL.
    """

    def __init__(self, ring: KeyRing, tokens: Tokens, clients: TokenClients, issuer: str) -> None:
        self._ring = ring
        self._tokens = tokens
        self._clients = clients
        self._issuer = issuer
        self._routes: dict[str, tuple[str, str, Callable[[Scope, Receive], Awaitable[Response]]]] = {
            TOKEN: ("issueToken", "POST", self.issue),
            JWKS: ("showKeys", "GET", self.show_keys),
            METADATA: ("describeTokenServer", "GET", self.describe),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong, as RFC 6749 says."""
        try:
            response = await self._answer(scope, receive)
        except OAuthError as error:
            response = error.response()
        except TooLarge:
            response = errors.invalid_request("The body is too large", 413).response()
        except Exception:
            log.exception("token.failed")
            response = errors.server_error().response()
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Response:
        found = self._routes.get(scope["path"].removesuffix("/"))
        if found is None:
            raise errors.invalid_request("There is no such resource", 404)
        operation, method, handle = found
        notes = observed(scope)
        if notes is not None:
            notes.operation = operation
        if method != ("GET" if scope["method"] == "HEAD" else scope["method"]):
            allowed = "GET, HEAD" if method == "GET" else method
            raise errors.invalid_request("The method is not allowed", 405, {"Allow": allowed})
        try:
            with tracing.span("service", operation=operation):
                return await handle(scope, receive)
        except DomainError as error:
            return errors.render(error)

    async def issue(self, scope: Scope, receive: Receive) -> Response:
        """Issue a token to a client that proves who it is."""
        form = read_form(scope["headers"], await read_body(scope, receive, MAX_BODY_BYTES))
        request = read_request(scope["headers"], form)
        address = scope["client"][0] if scope.get("client") else ""
        client = await self._clients.authenticate(request.claim, address)
        notes = observed(scope)
        if notes is not None:
            notes.account, notes.tenant_id = client.client_id, client.tenant_id
        refuse_impersonation(request)
        scopes = chosen_scopes(request.scopes, client.settings.scopes)
        answer = {
            "access_token": await self._tokens.issue(client.client_id, scopes, client.epoch),
            "token_type": "Bearer",
            "expires_in": LIFETIME_S,
            "scope": " ".join(scopes),
        }
        return Response(orjson.dumps(answer), headers=errors.NEVER_STORED, media_type="application/json")

    async def show_keys(self, _scope: Scope, _receive: Receive) -> Response:
        """Show the public keys with which anybody can verify our tokens (RFC 7517)."""
        return Response(public_set(await self._ring.public()), headers=PUBLIC, media_type="application/jwk-set+json")

    async def describe(self, _scope: Scope, _receive: Receive) -> Response:
        """Describe the token server to libraries that set themselves up (RFC 8414)."""
        description = {
            "issuer": self._issuer,
            "token_endpoint": self._issuer + TOKEN,
            "jwks_uri": self._issuer + JWKS,
            "scopes_supported": list(SCOPES),
            "response_types_supported": [],
            "grant_types_supported": [GRANT],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        }
        return Response(orjson.dumps(description), headers=PUBLIC, media_type="application/json")
