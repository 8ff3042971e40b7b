"""`fallwerk audit list`, `fallwerk mail list` and what `fallwerk backup` leaves in the audit log."""

import json

import pytest
from typer.testing import CliRunner

from fallwerk.cli import main, session
from tests.support.server import Server


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "data"))

    def command(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(main.app, arguments)
        assert result.exit_code == code, result.output
        return result.output

    return command


@pytest.mark.req("C-02")
def test_events_are_listed_by_whose_they_are_newest_first_and_page_by_page(run):
    run("account", "scr", "create", "--client-id", "AAAA")
    run("account", "scr", "set", "AAAA", "validityDays=5")
    newest, oldest = json.loads(run("audit", "list", "--whose", "scrClient=AAAA", "--json"))
    assert (newest["action"], oldest["action"]) == ("account.changed", "account.created")
    of_one = ("audit", "list", "--whose", "scrClient=AAAA", "--limit", "1")
    assert json.loads(run(*of_one, "--json")) == [newest]
    assert json.loads(run(*of_one, "--before", str(newest["eventId"]), "--json")) == [oldest]
    assert json.loads(run("audit", "list", "--whose", "scrClient=AAAA", "--subject", "nothing", "--json")) == []
    heading, line, *_ = run(*of_one).splitlines()
    assert heading.split() == ["eventId", "at", "actor", "address", "action", "subject", "details", "sealed"]
    assert "account.changed" in line
    run("audit", "list", "--whose", "AAAA", code=2)
    assert "There is no client with this id." in run("audit", "list", "--whose", "scrClient=BBBB", code=1)


@pytest.mark.req("W-06")
def test_mails_that_failed_are_listed(run):
    assert json.loads(run("mail", "list", "--json")) == []
    assert run("mail", "list", "--status", "sent", "--before", "7") == ""
    assert "status: The status must be one of: pending, sent, failed." in run("mail", "list", "--status", "x", code=1)


@pytest.mark.req("C-02", "C-08")
@pytest.mark.parametrize("running", [False, True])
def test_a_backup_and_a_restore_are_events_of_the_system(run, tmp_path, monkeypatch, running):
    run("account", "scr", "create", "--client-id", "AAAA")
    if running:
        with Server(tmp_path / "data") as server:
            monkeypatch.setenv("PORT", str(server.port))
            run("backup", "create", "all.zip")
    else:
        run("backup", "create", "all.zip")
    (created, *_) = json.loads(run("audit", "list", "--subject", "backup", "--json"))
    assert (created["actor"], created["action"]) == ("admin", "backup.created")
    assert created["details"]["keysEncrypted"] is False
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "restored"))
    run("backup", "restore", "all.zip")
    (restored, *others) = json.loads(run("audit", "list", "--subject", "backup", "--json"))
    assert (restored["actor"], restored["action"], others) == ("admin", "backup.restored", [])
    # The backup was read before its own event was written.
    assert restored["details"]["rows"] == created["details"]["rows"]
    assert json.loads(run("audit", "verify", "--json"))["sound"] is True


@pytest.mark.req("C-02", "C-08")
def test_a_backup_that_cannot_be_noted_is_not_kept(run, tmp_path, monkeypatch):
    run("account", "scr", "create", "--client-id", "AAAA")
    monkeypatch.setattr(session, "TIMEOUT_S", 1)
    with Server(tmp_path / "data"):
        # Nobody listens where the command looks for the server that has the database.
        monkeypatch.setenv("PORT", "1")
        assert "cannot be reached" in run("backup", "create", "all.zip", code=1)
    assert not (tmp_path / "all.zip").exists()
