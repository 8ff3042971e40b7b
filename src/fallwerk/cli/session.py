"""
Where the commands find the admin API: in this process, or at the server that has the embedded database open.

Both are asked by the same requests, so that a command means the same as the call it makes.
"""

import asyncio
import json
import ssl
import sys
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import typer

from fallwerk.settings import Settings, StartRefused

FAILED: Final = 1
TIMEOUT_S: Final = 60
EVERY_ADDRESS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - where to reach such a server, no binding


def ask(method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - whatever the API answers
    """
    Call the admin API and return what it answers; a refusal is printed and ends the command with code 1.

    Args:
        path: Below `/admin/v1`.
        body: Sent as JSON, unless None.
    """
    from fallwerk.cli.serve import settings_or_exit

    try:
        response = asyncio.run(_ask(settings_or_exit(), method, path, body))
    except StartRefused as refused:
        raise _fail(str(refused)) from None
    except httpx.HTTPError as error:
        raise _fail(f"the server that has the database open cannot be reached ({error})") from None
    if response.is_success:
        return response.json() if response.content else None
    raise _fail(*_reasons(response))


async def _ask(settings: Settings, method: str, path: str, body: object) -> httpx.Response:
    from fallwerk.app import ServerRuns, admin_alone

    try:
        async with admin_alone(settings) as api:
            return await _call(settings, httpx.ASGITransport(api), "http://localhost", (method, path, body))
    except ServerRuns:
        transport = httpx.AsyncHTTPTransport(verify=_trusted(settings))
        return await _call(settings, transport, server_address(settings), (method, path, body))


async def _call(
    settings: Settings, transport: httpx.AsyncBaseTransport, base: str, wanted: tuple[str, str, object]
) -> httpx.Response:
    method, path, body = wanted
    headers = {"Authorization": f"Bearer {settings.admin_token.get_secret_value()}"}
    content = None if body is None else json.dumps(body).encode()
    if content is not None:
        headers["Content-Type"] = "application/json"
    # The certificate is made out to the public name, the connection goes to the address served.
    name = urlsplit(settings.public_base_url).hostname
    extensions = {"sni_hostname": name} if name and settings.tls_certificate else {}
    async with httpx.AsyncClient(transport=transport, base_url=base, timeout=TIMEOUT_S, trust_env=False) as client:
        return await client.request(
            method, f"/admin/v1/{path}", content=content, headers=headers, extensions=extensions
        )


def server_address(settings: Settings) -> str:
    """Return the address at which a server with these settings is reached from its own machine."""
    host = EVERY_ADDRESS.get(settings.host, settings.host)
    scheme = "https" if settings.tls_certificate else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.port}"


def _trusted(settings: Settings) -> ssl.SSLContext:
    """Trust the server's own certificate, self-signed or not, and nobody else's."""
    context = ssl.create_default_context(cafile=settings.tls_certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _reasons(response: httpx.Response) -> list[str]:
    try:
        problem = response.json()
        errors = [f"{error['pointer'].lstrip('/') or 'body'}: {error['detail']}" for error in problem.get("errors", [])]
        return errors or [problem["detail"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return [f"the server answered {response.status_code}"]


def _fail(*reasons: str) -> typer.Exit:
    for reason in reasons:
        sys.stderr.write(f"fallwerk: {reason}\n")
    return typer.Exit(FAILED)


def show(value: Any, *, as_json: bool) -> None:  # noqa: ANN401 - whatever the API answers
    """Print an object as aligned lines, a list of objects as a table, or either as JSON."""
    if as_json:
        typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
    elif isinstance(value, list):
        _table(value)
    else:
        width = max(map(len, value), default=0)
        for name, content in value.items():
            typer.echo(f"{name:{width}}  {text(content)}".rstrip())


def _table(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    lines = [list(rows[0]), *([text(content) for content in row.values()] for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    for line in lines:
        typer.echo("  ".join(f"{cell:{width}}" for cell, width in zip(line, widths, strict=True)).rstrip())


def text(value: object) -> str:
    """Render one value for people."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(text, value))
    return str(value)
