"""`fallwerk partner …` and `fallwerk oauth-client …`, in their own process's store (C-01; decision 43)."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from fallwerk.cli import main

READ = "privatkredit:vorgang:lesen"
WRITE = "privatkredit:vorgang:schreiben"


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return lambda *arguments: CliRunner().invoke(main.app, arguments)


def made(result: Any) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.req("C-01")
def test_partners_are_made_listed_renamed_and_moved(run):
    made(run("partner", "create", "--partner-id", "OBEN1", "--name", "Oben", "--json"))
    low = made(run("partner", "create", "--parent-id", "OBEN1", "--json"))["partnerId"]
    assert made(run("partner", "show", low, "--json")) == {"partnerId": low, "name": "", "parentId": "OBEN1"}
    assert {one["partnerId"] for one in made(run("partner", "list", "--json"))} == {"OBEN1", low}
    renamed = made(run("partner", "set", low, "--name", "Unten", "--json"))
    assert (renamed["name"], renamed["parentId"]) == ("Unten", "OBEN1")
    assert made(run("partner", "set", low, "--parent-id", "", "--json"))["parentId"] is None
    assert made(run("partner", "show", low, "--json"))["name"] == "Unten"


@pytest.mark.req("C-01")
def test_oauth_clients_are_made_changed_rotated_and_deactivated(run):
    new = made(run("oauth-client", "create", "--partner-id", "BANK1", "--scope", READ, "--scope", WRITE, "--json"))
    client_id = new["clientId"]
    assert (new["partnerId"], new["scopes"], new["edition"]) == ("BANK1", [READ, WRITE], "2020")
    changed = made(run("oauth-client", "set", client_id, "--scope", READ, "--edition", "2025", "--json"))
    assert (changed["scopes"], changed["edition"], changed["partnerId"]) == ([READ], "2025", "BANK1")
    rotated = made(run("oauth-client", "rotate", client_id, "--overlap-seconds", "60", "--json"))
    assert rotated["clientSecret"] != new["clientSecret"]
    assert made(run("oauth-client", "deactivate", client_id, "--json"))["active"] is False
    assert made(run("oauth-client", "activate", client_id, "--json"))["active"] is True
    shown = made(run("oauth-client", "show", client_id, "--json"))
    assert "clientSecret" not in shown
    assert made(run("oauth-client", "list", "--json")) == [shown]


@pytest.mark.req("C-01")
@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("oauth-client", "create"), "scopes: A client needs at least one scope."),
        (("oauth-client", "create", "--scope", READ, "--edition", "1999"), "edition: The value must be one of"),
        (("oauth-client", "show", "a/b"), "There is no OAuth client with this id."),
        (("partner", "create", "--partner-id", "x"), "partnerId: A partner id has five characters 0-9A-Z."),
        (("partner", "show", "NOONE"), "There is no partner with this id."),
    ],
)
def test_a_refusal_is_printed_and_ends_with_code_1(run, arguments, reason):
    result = run(*arguments)
    assert result.exit_code == 1
    assert reason in result.stderr
