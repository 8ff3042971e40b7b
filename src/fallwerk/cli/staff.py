"""`fallwerk staff …`: the people who sign in (W-04)."""

from typing import Annotated, Any, Final
from urllib.parse import quote

import typer

from fallwerk.cli.session import ask, show

SUMMARY: Final = ("username", "name", "roles", "home", "active", "mustChangePassword")

app: Final = typer.Typer(no_args_is_help=True, help="Manage the people who sign in to the console.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Username = Annotated[str, typer.Argument(help="The name to sign in with.")]
Roles = Annotated[list[str] | None, typer.Option("--role", help="A role; may be given several times.")]


@app.command()
def create(
    username: Username,
    name: Annotated[str, typer.Option(help="As colleagues read it.")],
    role: Roles = None,
    home: Annotated[
        str | None, typer.Option(help="Whose people: scrClient=ID, partner=ID or broker=NUMBER; else the operator's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make a user and print the first password, this once; it must be changed at the first sign-in."""
    body: dict[str, Any] = {"username": username, "name": name, "roles": role or []}
    if home is not None:
        kind, _, value = home.partition("=")
        # Brokers go by numbers; the API judges kinds and names.
        body["home"] = {kind: int(value) if kind == "broker" and value.isdecimal() else value}
    show_one(ask("POST", "staff-users", body), as_json=as_json)


@app.command("list")
def list_users(as_json: AsJson = False) -> None:
    """List all users."""
    users = ask("GET", "staff-users")
    show(users if as_json else [{key: flat(user[key]) for key in SUMMARY} for user in users], as_json=as_json)


@app.command("show")
def show_user(username: Username, as_json: AsJson = False) -> None:
    """Show a user and what the roles allow."""
    show_one(ask("GET", path_of(username)), as_json=as_json)


@app.command("set")
def set_user(
    username: Username,
    name: Annotated[str | None, typer.Option(help="As colleagues read it.")] = None,
    role: Roles = None,
    enable: Annotated[
        bool | None, typer.Option("--enable/--disable", help="Whether the user can sign in; --disable signs out.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change name or roles, disable or enable."""
    changes = {"name": name, "roles": role or None, "active": enable}
    body = {key: value for key, value in changes.items() if value is not None}
    show_one(ask("PATCH", path_of(username), body), as_json=as_json)


@app.command()
def reset(username: Username, as_json: AsJson = False) -> None:
    """Give a user a new first password and print it, this once; every session of the user ends."""
    show_one(ask("POST", f"{path_of(username)}/reset"), as_json=as_json)


def path_of(username: str) -> str:
    """Return the path of a user's resource."""
    return f"staff-users/{quote(username, safe='')}"


def show_one(user: dict[str, Any], *, as_json: bool) -> None:
    """Print a user."""
    show(user if as_json else {name: flat(value) for name, value in user.items()}, as_json=as_json)


def flat(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Render the home as its kind and name."""
    return " ".join(f"{kind} {name}" for kind, name in value.items()) if isinstance(value, dict) else value
