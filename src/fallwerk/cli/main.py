"""The command `fallwerk`. Groups and their modules are imported when they are used, so that `serve` starts fast."""

import gc
import importlib
import sys
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

GROUPS: Final[dict[str, str]] = {
    "account": "account",
    "audit": "audit",
    "backup": "backup",
    "broker": "broker",
    "keys": "keys",
    "mail": "mail",
    "oauth-client": "oauth_client",
    "partner": "partner",
    "staff": "staff",
    "tls": "tls",
    "vorgang": "vorgang",
}
"""Name of a command group → module in this folder whose `app` it is; a new group adds its line."""


class LazyGroup(TyperGroup):
    """Knows the groups by name and imports one only when it is called or the help lists it."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - typer's own context class is private
        """Names of all commands, groups last."""
        return [*super().list_commands(ctx), *GROUPS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - as above
        """Return a command, or None."""
        if cmd_name not in GROUPS:
            return super().get_command(ctx, cmd_name)
        command = get_command(importlib.import_module(f"fallwerk.cli.{GROUPS[cmd_name]}").app)
        command.name = cmd_name
        return command


app: Final = typer.Typer(
    name="fallwerk",
    cls=LazyGroup,
    help="The HTTP interfaces of German financial onboarding as one self-hosted system.",
    no_args_is_help=True,
    add_completion=False,
    # Drawn tracebacks show local variables: what a person typed has no place on a terminal.
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def serve(
    host: str | None = typer.Option(None, help="Name or address to listen on."),
    port: int | None = typer.Option(None, help="TCP port; 0 takes a free one."),
    workers: int | None = typer.Option(None, help="Server processes; more than one on PostgreSQL only."),
) -> None:
    """Start the server and run it until SIGINT or SIGTERM."""
    # What a start loads stays: looking for garbage in it is a seventh of the start. A server that is ready begins to.
    gc.disable()

    from fallwerk.cli.serve import serve_settings, settings_or_exit

    raise typer.Exit(serve_settings(settings_or_exit(host=host, port=port, workers=workers)))


@app.command()
def config() -> None:
    """Print every setting as it is in effect, secrets masked."""
    from fallwerk.cli.serve import settings_or_exit

    for name, value in settings_or_exit().shown().items():
        typer.echo(f"{name} = {value}")


@app.command()
def version() -> None:
    """Print the version."""
    from importlib import metadata

    typer.echo(metadata.version("fallwerk"))


def run() -> None:
    """Entry point of the console script."""
    app(prog_name="fallwerk", args=sys.argv[1:])
