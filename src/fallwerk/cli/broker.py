"""`fallwerk broker …`: brokers of Policenwerk and their customers (C-01, P-11)."""

from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

import typer

from fallwerk.cli.session import ask, show

app: Final = typer.Typer(no_args_is_help=True, help="Manage brokers.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
UserId = Annotated[int, typer.Argument(help="The broker's number.")]
Obligations = Annotated[str | None, typer.Option(help="Mandatory fields: table or example.")]
ValidDays = Annotated[int | None, typer.Option(help="Days for which a new token is valid.")]
Codes = Annotated[str | None, typer.Option(help="Values that are taken, with commas; empty takes all.")]
SUMMARY: Final = ("customer_id", "vorname", "nachname", "geburtstag", "email", "plz", "ort")


@app.command()
def create(
    *,
    user_id: Annotated[int | None, typer.Option(help="1 to 16777215; drawn if not given.")] = None,
    obligations: Obligations = None,
    valid_days: ValidDays = None,
    salutations: Codes = None,
    titles: Codes = None,
    as_json: AsJson = False,
) -> None:
    """Create a broker and print its token, this once."""
    body = {"userId": user_id, **_settings(obligations, valid_days, salutations, titles)}
    show(ask("POST", "brokers", {name: value for name, value in body.items() if value is not None}), as_json=as_json)


@app.command("list")
def list_brokers(as_json: AsJson = False) -> None:
    """List all brokers."""
    show(ask("GET", "brokers"), as_json=as_json)


@app.command("show")
def show_broker(user_id: UserId, as_json: AsJson = False) -> None:
    """Show a broker's settings; its token is never shown again."""
    show(ask("GET", f"brokers/{user_id}"), as_json=as_json)


@app.command("set")
def set_settings(
    user_id: UserId,
    *,
    obligations: Obligations = None,
    valid_days: ValidDays = None,
    salutations: Codes = None,
    titles: Codes = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a broker."""
    show(ask("PATCH", f"brokers/{user_id}", _settings(obligations, valid_days, salutations, titles)), as_json=as_json)


@app.command()
def deactivate(user_id: UserId, as_json: AsJson = False) -> None:
    """Let a broker in no longer; its customers stay."""
    show(ask("PATCH", f"brokers/{user_id}", {"active": False}), as_json=as_json)


@app.command()
def activate(user_id: UserId, as_json: AsJson = False) -> None:
    """Let a deactivated broker in again."""
    show(ask("PATCH", f"brokers/{user_id}", {"active": True}), as_json=as_json)


@app.command()
def rotate(
    user_id: UserId,
    overlap_seconds: Annotated[int, typer.Option(help="The old token stays valid for so many seconds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Renew a broker's token and print the new one, this once."""
    show(ask("POST", f"brokers/{user_id}/rotate", {"overlapSeconds": overlap_seconds}), as_json=as_json)


@app.command()
def customers(
    user_id: UserId,
    email: Annotated[str | None, typer.Option(help="Only the customer with this address.")] = None,
    nachname: Annotated[str | None, typer.Option(help="Only customers with this last name.")] = None,
    as_json: AsJson = False,
) -> None:
    """List a broker's customers."""
    wanted = {name: value for name, value in (("email", email), ("nachname", nachname)) if value is not None}
    query = f"?{urlencode(wanted, quote_via=quote)}" if wanted else ""
    found = ask("GET", f"brokers/{user_id}/customers{query}")
    show(found if as_json else [{name: one[name] for name in SUMMARY} for one in found], as_json=as_json)


def _settings(
    obligations: str | None, valid_days: int | None, salutations: str | None, titles: str | None
) -> dict[str, Any]:
    """Return the settings that were given, under their names of the API, which judges them."""
    given = {
        "obligations": obligations,
        "validDays": valid_days,
        "salutations": _codes(salutations),
        "titles": _codes(titles),
    }
    return {name: value for name, value in given.items() if value is not None}


def _codes(text: str | None) -> list[int] | None:
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise typer.BadParameter("values are whole numbers, with commas between them") from None
