"""`fallwerk audit …`: the audit log (C-02)."""

from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import typer

from fallwerk.cli.session import ask, show, text

BROKEN: Final = 3
_PATHS: Final = {"scrClient": "audit/{}", "partner": "partners/{}/audit", "broker": "brokers/{}/audit"}

app: Final = typer.Typer(no_args_is_help=True, help="Look after the audit log.")


@app.callback()
def group() -> None:
    """Look after the audit log."""


@app.command("list")
def list_events(
    whose: Annotated[
        str | None, typer.Option(help="scrClient=ID, partner=ID or broker=NUMBER; else the operator's own events.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Only what was done to this, such as a case id.")] = None,
    limit: Annotated[int, typer.Option(help="Events at most, 1 to 1000.")] = 100,
    before: Annotated[int | None, typer.Option(help="Go on before this event's id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List audit events, newest first."""
    query = {"subject": subject, "limit": limit, "before": before}
    given = urlencode({name: value for name, value in query.items() if value is not None})
    events = ask("GET", f"{_path(whose)}?{given}")
    show(events if as_json else [{**event, "details": _flat(event["details"])} for event in events], as_json=as_json)


def _path(whose: str | None) -> str:
    if whose is None:
        return "audit/system"
    kind, _, name = whose.partition("=")
    if kind not in _PATHS or not name:
        raise typer.BadParameter("scrClient=ID, partner=ID or broker=NUMBER", param_hint="--whose")
    return _PATHS[kind].format(quote(name, safe=""))


def _flat(details: dict[str, Any]) -> str:
    return ", ".join(f"{name}={text(value)}" for name, value in details.items()) or "-"


@app.command()
def verify(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Recompute the hash chain of every tenant; ends with code 3 if one is broken."""
    found = ask("POST", "audit/verify")
    if as_json:
        show(found, as_json=True)
    else:
        show(found["chains"], as_json=False)
    if not found["sound"]:
        raise typer.Exit(BROKEN)
