"""`fallwerk partner …`: partners of the loan platform and their tree (decision 43)."""

from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from fallwerk.cli.session import ask, show

app: Final = typer.Typer(no_args_is_help=True, help="Manage partners of the loan platform.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PartnerId = Annotated[str, typer.Argument(help="The partner's id.")]
Name = Annotated[str | None, typer.Option(help="Its name, for people.")]
Parent = Annotated[str | None, typer.Option(help="Id of the partner above; empty puts it at the top.")]


@app.command()
def create(
    *,
    partner_id: Annotated[str | None, typer.Option(help="Five characters 0-9A-Z; drawn if not given.")] = None,
    name: Name = None,
    parent_id: Parent = None,
    as_json: AsJson = False,
) -> None:
    """Take a partner into the tree."""
    body = {"partnerId": partner_id, "name": name, "parentId": parent_id or None}
    show(ask("POST", "partners", {key: value for key, value in body.items() if value is not None}), as_json=as_json)


@app.command("list")
def list_partners(as_json: AsJson = False) -> None:
    """List all partners."""
    show(ask("GET", "partners"), as_json=as_json)


@app.command("show")
def show_partner(partner_id: PartnerId, as_json: AsJson = False) -> None:
    """Show a partner."""
    show(ask("GET", _path(partner_id)), as_json=as_json)


@app.command("set")
def set_partner(partner_id: PartnerId, *, name: Name = None, parent_id: Parent = None, as_json: AsJson = False) -> None:
    """Rename a partner, or move it with everything below it."""
    body: dict[str, Any] = {} if name is None else {"name": name}
    if parent_id is not None:
        body["parentId"] = parent_id or None
    show(ask("PATCH", _path(partner_id), body), as_json=as_json)


def _path(partner_id: str) -> str:
    return f"partners/{quote(partner_id, safe='')}"
