"""`fallwerk vorgang …`: Vorgänge and Anträge of the loan platform (decision 30)."""

from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from fallwerk.cli.session import ask, show

app: Final = typer.Typer(no_args_is_help=True, help="Manage Vorgänge and their Anträge.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Number = Annotated[str, typer.Argument(help="The Vorgang's number.")]


@app.command()
def create(
    number: Annotated[str | None, typer.Option(help="Six characters 0-9A-Z; drawn if not given.")] = None,
    partner: Annotated[str | None, typer.Option(help="Whose it is: five characters 0-9A-Z.")] = None,
    as_json: AsJson = False,
) -> None:
    """Open a Vorgang."""
    given = {"vorgangsnummer": number, "partnerId": partner}
    show(ask("POST", "vorgaenge", {name: value for name, value in given.items() if value is not None}), as_json=as_json)


@app.command("show")
def show_case(number: Number, as_json: AsJson = False) -> None:
    """Show a Vorgang: its Anträge one a line, with --json everything."""
    found: dict[str, Any] = ask("GET", f"vorgaenge/{quote(number, safe='')}")
    if as_json:
        show(found, as_json=True)
        return
    show({**found, **{name: len(found[name]) for name in ("comments", "documents", "antraege")}}, as_json=False)
    lists = {"documents", "history"}
    show(
        [{name: value for name, value in one.items() if name not in lists} for one in found["antraege"]], as_json=False
    )


@app.command()
def delete(number: Number) -> None:
    """Close a Vorgang for good; its data stays."""
    ask("DELETE", f"vorgaenge/{quote(number, safe='')}")


@app.command()
def antrag(
    number: Number,
    provider_number: Annotated[str | None, typer.Option(help="Its number at the Produktanbieter.")] = None,
    as_json: AsJson = False,
) -> None:
    """Open an Antrag of a Vorgang."""
    body = {} if provider_number is None else {"produktanbieterantragsnummer": provider_number}
    made: dict[str, Any] = ask("POST", f"vorgaenge/{quote(number, safe='')}/antraege", body)
    lists = {"documents", "history"}
    show(made if as_json else {name: value for name, value in made.items() if name not in lists}, as_json=as_json)
