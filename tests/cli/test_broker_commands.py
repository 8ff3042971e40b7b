"""`fallwerk broker …` in its own process's store."""

import json

import pytest
from typer.testing import CliRunner

from fallwerk.cli import main


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    def command(*arguments: str):
        return CliRunner().invoke(main.app, ["broker", *arguments])

    return command


def made(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.req("C-01")
def test_a_broker_is_created_shown_changed_rotated_and_deactivated(run):
    new = made(run("create", "--user-id", "1204", "--obligations", "example", "--titles", "1, 4", "--json"))
    assert (new["userId"], len(new["loginToken"])) == (1204, 36)
    shown = made(run("show", "1204", "--json"))
    assert (shown["obligations"], shown["titles"], shown["active"]) == ("example", [1, 4], True)
    assert "loginToken" not in shown
    changed = made(run("set", "1204", "--valid-days", "5", "--titles", "", "--salutations", "2", "--json"))
    assert (changed["validDays"], changed["titles"], changed["salutations"]) == (5, [], [2])
    rotated = made(run("rotate", "1204", "--overlap-seconds", "60", "--json"))
    assert rotated["loginToken"] != new["loginToken"]
    assert made(run("deactivate", "1204", "--json"))["active"] is False
    assert made(run("activate", "1204", "--json"))["active"] is True
    assert [broker["userId"] for broker in made(run("list", "--json"))] == [1204]


@pytest.mark.req("C-01")
def test_what_the_api_refuses_a_command_refuses(run):
    refused = run("create", "--valid-days", "0")
    assert refused.exit_code == 1
    assert "validDays: The value must lie between 1 and 3650." in refused.stderr
    assert run("create", "--titles", "x").exit_code == 2
    unknown = run("show", "9")
    assert (unknown.exit_code, unknown.stderr) == (1, "fallwerk: There is no broker with this user id.\n")


@pytest.mark.req("P-11")
def test_customers_are_listed(run):
    made(run("create", "--user-id", "1204", "--json"))
    assert made(run("customers", "1204", "--json")) == []
    assert made(run("customers", "1204", "--email", "a@test.de", "--nachname", "Müller & Söhne", "--json")) == []
    assert run("customers", "1204").output == ""
