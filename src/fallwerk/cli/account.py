"""`fallwerk account scr …`: accounts of the SCR APIs (C-01)."""

import getpass
import sys
from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from fallwerk.cli.session import ask, show

LISTS: Final = frozenset({"methods", "webhookEvents", "webhookHosts", "declinedCloses"})
NUMBERS: Final = frozenset(
    {"couponMax", "validityDays", "retentionDays", "reminderDays", "postOfficeDays", "shipmentWaitDays"}
)
BOOLEANS: Final = frozenset(
    {
        "couponActive",
        "webhookActive",
        "webhookRetry",
        "webhookHttpAllowed",
        "webhookReferenceId",
        "webhookCustom1",
        "rsa2048Allowed",
        "deliveryActive",
        "mailsUser",
    }
)
"""Settings that are not texts; the admin API judges names and values."""
PASSWORD: Final = "webhookPassword"  # noqa: S105 - the setting's name
TRUE: Final = frozenset({"true", "yes", "on", "1"})
FALSE: Final = frozenset({"false", "no", "off", "0"})
SUMMARY: Final = ("clientId", "displayName", "identClass", "methods", "deliveryActive", "webhookActive")

app: Final = typer.Typer(no_args_is_help=True, help="Manage accounts.")
scr: Final = typer.Typer(no_args_is_help=True, help="SCR clients.")
app.add_typer(scr, name="scr")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ClientId = Annotated[str, typer.Argument(help="The client's id.")]
NAMED: Final = "A setting as name=value; lists with commas, webhookPassword=- reads it from the terminal or stdin."


@scr.command()
def create(
    client_id: Annotated[str | None, typer.Option(help="1 to 16 characters 0-9A-Z; drawn if not given.")] = None,
    setting: Annotated[list[str] | None, typer.Option("--set", help=NAMED)] = None,
    as_json: AsJson = False,
) -> None:
    """Create a client and print its secrets, this once."""
    body = read_settings(setting or [])
    if client_id is not None:
        body["clientId"] = client_id
    show(ask("POST", "scr-clients", body), as_json=as_json)


@scr.command("list")
def list_clients(as_json: AsJson = False) -> None:
    """List all clients."""
    clients = ask("GET", "scr-clients")
    show(clients if as_json else [{name: client[name] for name in SUMMARY} for client in clients], as_json=as_json)


@scr.command("show")
def show_client(client_id: ClientId, as_json: AsJson = False) -> None:
    """Show a client's settings; secrets are never shown again."""
    show(ask("GET", f"scr-clients/{quote(client_id, safe='')}"), as_json=as_json)


@scr.command("set")
def set_settings(
    client_id: ClientId,
    setting: Annotated[list[str] | None, typer.Argument(help=NAMED)] = None,
    default: Annotated[list[str] | None, typer.Option(help="Name of a setting to put back to its default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Change settings of a client."""
    body = {**read_settings(setting or []), **dict.fromkeys(default or [])}
    show(ask("PATCH", f"scr-clients/{quote(client_id, safe='')}", body), as_json=as_json)


@scr.command()
def rotate(
    client_id: ClientId,
    overlap_seconds: Annotated[int, typer.Option(help="The old secrets stay valid for so many seconds.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Give a client new secrets and print them, this once."""
    body = {"overlapSeconds": overlap_seconds}
    show(ask("POST", f"scr-clients/{quote(client_id, safe='')}/rotate", body), as_json=as_json)


def read_settings(given: list[str]) -> dict[str, Any]:
    """Turn `name=value` arguments into the API's JSON; what is no number or truth is left to the API to refuse."""
    settings: dict[str, Any] = {}
    for part in given:
        name, equals, value = part.partition("=")
        if not equals:
            raise typer.BadParameter(f"{name} needs a value: name=value")
        if name in settings:
            raise typer.BadParameter(f"{name} is given more than once")
        if name == PASSWORD and value not in {"", "-"}:
            # Every user of the machine can read the arguments of its processes, and shells keep them.
            raise typer.BadParameter(f"{PASSWORD} is not taken as an argument; write {PASSWORD}=- and enter it")
        settings[name] = _secret() if (name, value) == (PASSWORD, "-") else _value(name, value)
    return settings


def _value(name: str, value: str) -> Any:  # noqa: ANN401 - JSON
    if name in LISTS:
        return [entry for entry in (part.strip() for part in value.split(",")) if entry]
    if name in NUMBERS and value.removeprefix("-").isdecimal():
        return int(value)
    if name in BOOLEANS and value.lower() in TRUE | FALSE:
        return value.lower() in TRUE
    return value


def _secret() -> str:
    return getpass.getpass("webhookPassword: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
