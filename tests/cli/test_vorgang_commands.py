"""`fallwerk vorgang …`, in its own process's store."""

import json

import pytest
from typer.testing import CliRunner

from fallwerk.cli import main


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    def command(*arguments: str):
        return CliRunner().invoke(main.app, ["vorgang", *arguments])

    return command


def made(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.mark.req("A-09")
def test_a_vorgang_is_opened_shown_given_an_antrag_and_deleted(run):
    number = made(run("create", "--partner", "QWERT", "--json"))["vorgangsnummer"]
    assert made(run("antrag", number, "--provider-number", "bank-1", "--json"))["antragsnummer"] == f"{number}/1/1"
    assert made(run("show", number, "--json"))["antraege"][0]["produktanbieterantragsnummer"] == "bank-1"
    shown = run("show", number).stdout.splitlines()
    assert ["antraege", "1"] in [line.split() for line in shown]
    assert shown[-1].split() == [f"{number}/1/1", "bank-1", "NICHT_BEARBEITET", "BEANTRAGT"]
    assert (run("delete", number).exit_code, run("delete", number).output) == (0, "")
    assert made(run("show", number, "--json"))["status"] == "deleted"


def test_what_is_refused_is_said_and_ends_with_1(run):
    for arguments, said in (
        (("create", "--number", "abc"), "A Vorgangsnummer has six characters 0-9A-Z."),
        (("show", "A/BC/1"), "There is no Vorgang with this number."),
        (("antrag", "ABCDEF"), "There is no Vorgang with this number."),
    ):
        result = run(*arguments)
        assert result.exit_code == 1
        assert said in result.output
