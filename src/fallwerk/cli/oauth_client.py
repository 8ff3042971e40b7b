"""`fallwerk oauth-client …`: OAuth clients of the loan platform (C-01, U-01)."""

from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from fallwerk.cli.session import ask, show

app: Final = typer.Typer(no_args_is_help=True, help="Manage OAuth clients.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ClientId = Annotated[str, typer.Argument(help="The client's id.")]
PartnerId = Annotated[str | None, typer.Option(help="The partner in whose name it calls; made if there is none.")]
Scopes = Annotated[list[str] | None, typer.Option("--scope", help="A scope; can be given more than once.")]
Edition = Annotated[str | None, typer.Option(help="Edition of STATUS: 2020 or 2025.")]


@app.command()
def create(
    *,
    client_id: Annotated[str | None, typer.Option(help="Letters, digits, dots, hyphens; drawn if not given.")] = None,
    partner_id: PartnerId = None,
    scope: Scopes = None,
    edition: Edition = None,
    as_json: AsJson = False,
) -> None:
    """Create a client and print its secret, this once."""
    body = {"clientId": client_id, **_settings(partner_id, scope, edition)}
    show(ask("POST", "oauth-clients", {name: value for name, value in body.items() if value}), as_json=as_json)


@app.command("list")
def list_clients(as_json: AsJson = False) -> None:
    """List all clients."""
    show(ask("GET", "oauth-clients"), as_json=as_json)


@app.command("show")
def show_client(client_id: ClientId, as_json: AsJson = False) -> None:
    """Show a client; its secret is never shown again."""
    show(ask("GET", _path(client_id)), as_json=as_json)


@app.command("set")
def set_settings(
    client_id: ClientId,
    *,
    partner_id: PartnerId = None,
    scope: Scopes = None,
    edition: Edition = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a client."""
    show(ask("PATCH", _path(client_id), _settings(partner_id, scope, edition)), as_json=as_json)


@app.command()
def deactivate(client_id: ClientId, as_json: AsJson = False) -> None:
    """Let a client in no longer, and end its tokens."""
    show(ask("PATCH", _path(client_id), {"active": False}), as_json=as_json)


@app.command()
def activate(client_id: ClientId, as_json: AsJson = False) -> None:
    """Let a deactivated client in again; tokens from before stay worthless."""
    show(ask("PATCH", _path(client_id), {"active": True}), as_json=as_json)


@app.command()
def rotate(
    client_id: ClientId,
    overlap_seconds: Annotated[int, typer.Option(help="The old secret stays valid for so many seconds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Give a client a new secret and print it, this once."""
    show(ask("POST", f"{_path(client_id)}/rotate", {"overlapSeconds": overlap_seconds}), as_json=as_json)


def _path(client_id: str) -> str:
    return f"oauth-clients/{quote(client_id, safe='')}"


def _settings(partner_id: str | None, scopes: list[str] | None, edition: str | None) -> dict[str, Any]:
    """Return the settings that were given, under their names of the API, which judges them."""
    given = {"partnerId": partner_id, "scopes": scopes, "edition": edition}
    return {name: value for name, value in given.items() if value}
