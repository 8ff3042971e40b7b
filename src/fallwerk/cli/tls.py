"""`fallwerk tls …`: certificates for development (C-09)."""

import sys
from typing import Annotated

import typer

from fallwerk.settings import StartRefused

FAILED = 1

app = typer.Typer(no_args_is_help=True, help="Certificates for development.")


@app.callback()
def group() -> None:
    """Certificates for development."""


@app.command("dev-ca")
def dev_ca(
    hostname: Annotated[
        list[str] | None,
        typer.Option("--name", help="A further name or address of the server; can be given more than once."),
    ] = None,
) -> None:
    """Make an authority and a server certificate for localhost in the data folder, or keep those that are valid."""
    from fallwerk.app import dev_certificates
    from fallwerk.cli.serve import settings_or_exit

    try:
        made = dev_certificates(settings_or_exit(), hostname or [])
    except StartRefused as refused:
        sys.stderr.write(f"fallwerk: {refused}\n")
        raise typer.Exit(FAILED) from None
    typer.echo(f"Clients trust      {made.ca}")
    typer.echo(f"FALLWERK_TLS_CERTIFICATE={made.certificate}")
    typer.echo(f"FALLWERK_TLS_KEY={made.key}")
