"""`fallwerk staff …` beside no server: the commands make the calls of the admin API."""

import json

import pytest
from typer.testing import CliRunner

from fallwerk.cli.main import app


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    runner = CliRunner()

    def call(*words, code=0):
        result = runner.invoke(app, ["staff", *words])
        assert result.exit_code == code, result.output
        return result.output

    return call


@pytest.mark.req("W-04")
def test_a_user_is_made_listed_changed_and_reset(run):
    made = json.loads(
        run("create", "p.reviewer", "--name", "Petra", "--role", "reviewer", "--role", "counter", "--json")
    )
    assert made["roles"] == ["reviewer", "counter"]
    assert len(made["password"]) == 32
    assert "p.reviewer" in run("list")
    assert "password" not in json.loads(run("show", "p.reviewer", "--json"))
    changed = json.loads(run("set", "p.reviewer", "--role", "courier", "--disable", "--json"))
    assert (changed["roles"], changed["active"], changed["name"]) == (["courier"], False, "Petra")
    assert json.loads(run("set", "p.reviewer", "--enable", "--name", "Paula", "--json"))["name"] == "Paula"
    again = json.loads(run("reset", "p.reviewer", "--json"))
    assert again["password"] != made["password"]
    assert again["mustChangePassword"] is True


@pytest.mark.req("W-04")
def test_a_home_is_named_by_its_kind(run):
    runner_output = run("create", "a.b", "--name", "A", "--role", "reviewer", "--home", "scrClient=NOBODY", code=1)
    assert "home: There is no such SCR client, partner or broker." in runner_output
    assert "extra" not in run("create", "a.b", "--name", "A", "--role", "clerk", "--home", "broker=1", code=1)
    assert "a.b" not in run("list")


@pytest.mark.req("W-04")
def test_what_is_refused_ends_with_a_line_for_each_fault(run):
    output = run("create", "Mit Leerzeichen", "--name", " ", code=1)
    assert output.count("fallwerk: ") == 3
    assert "fallwerk: There is no user with this name." in run("show", "nobody", code=1)
