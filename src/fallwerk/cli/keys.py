"""`fallwerk keys`: the master keys."""

import typer

from fallwerk.cli.session import ask

app = typer.Typer(no_args_is_help=True, help="The master keys under which personal data is sealed.")


@app.callback()
def group() -> None:
    """The master keys under which personal data is sealed."""


@app.command()
def rotate() -> None:
    """Make a new master key, seal everything anew under it, and delete the old one."""
    answer = ask("POST", "keys/rotate")
    typer.echo(f"Master key {answer['masterKey']} is in place; the old one is deleted.")
