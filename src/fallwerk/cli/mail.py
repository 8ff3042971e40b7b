"""`fallwerk mail …`: messages to people that did not arrive (W-06)."""

from typing import Annotated, Final
from urllib.parse import urlencode

import typer

from fallwerk.cli.session import ask, show

app: Final = typer.Typer(no_args_is_help=True, help="Look after the messages to people.")


@app.callback()
def group() -> None:
    """Look after the messages to people."""


@app.command("list")
def list_mails(
    status: Annotated[str, typer.Option(help="failed, pending or sent.")] = "failed",
    limit: Annotated[int, typer.Option(help="Messages at most, 1 to 1000.")] = 100,
    before: Annotated[int | None, typer.Option(help="Go on before this message's id.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List messages without their recipients, newest first, with the reason of the last attempt."""
    query = {"status": status, "limit": limit, "before": before}
    mails = ask("GET", f"mails?{urlencode({name: value for name, value in query.items() if value is not None})}")
    shown = [{**mail, "attempts": len(mail["attempts"]), "error": _error(mail["attempts"])} for mail in mails]
    show(mails if as_json else shown, as_json=as_json)


def _error(attempts: list[dict[str, str | None]]) -> str | None:
    return attempts[-1]["error"] if attempts else None
