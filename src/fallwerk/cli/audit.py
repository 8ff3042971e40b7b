"""`fallwerk audit …`: the audit log (C-02)."""

from typing import Annotated, Final

import typer

from fallwerk.cli.session import ask, show

BROKEN: Final = 3

app: Final = typer.Typer(no_args_is_help=True, help="Look after the audit log.")


@app.callback()
def group() -> None:
    """Look after the audit log."""


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
