"""`fallwerk account …` and `fallwerk audit …`, in their own process's store and against a running server."""

import json
from pathlib import Path

import pytest
import trustme
from typer.testing import CliRunner

from fallwerk.cli import account, main
from fallwerk.cli.session import server_address
from fallwerk.domain.account.model import ScrSettings
from fallwerk.own.admin.mapping import WIRE_NAMES
from fallwerk.settings import Settings
from tests.support.server import Server


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))

    def command(*arguments: str, typed: str | None = None):
        return CliRunner().invoke(main.app, arguments, input=typed)

    return command


def made(result) -> dict[str, str]:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_each_setting_is_read_as_its_type():
    defaults = ScrSettings()
    kinds = {bool: account.BOOLEANS, int: account.NUMBERS, tuple: account.LISTS}
    for name, wire_name in WIRE_NAMES.items():
        kind = type(getattr(defaults, name))
        named_in = {known for known, names in kinds.items() if wire_name in names}
        assert named_in == ({kind} if kind in kinds else set()), wire_name


@pytest.mark.req("C-01")
def test_a_client_is_created_shown_changed_and_rotated(run):
    new = made(
        run("account", "scr", "create", "--set", "deliveryActive=yes", "--set", "webhookHosts=a.de, *.b.de", "--json")
    )
    client_id = new["clientId"]
    assert new["password"]
    shown = made(run("account", "scr", "show", client_id, "--json"))
    assert (shown["deliveryActive"], shown["webhookHosts"]) == (True, ["a.de", "*.b.de"])
    assert not set(shown) & {"password", "dataPassword", "alivePassword"}

    changed = run(
        "account",
        "scr",
        "set",
        client_id,
        "validityDays=5",
        "accountingNumber=87122222143703",
        "--default",
        "webhookHosts",
    )
    assert changed.exit_code == 0
    after = made(run("account", "scr", "show", client_id, "--json"))
    assert (after["validityDays"], after["accountingNumber"], after["webhookHosts"]) == (5, "87122222143703", [])

    rotated = made(run("account", "scr", "rotate", client_id, "--overlap-seconds", "60", "--json"))
    assert rotated["username"] == new["username"]
    assert rotated["password"] != new["password"]


def test_a_password_is_read_from_the_input_and_never_printed(run):
    client_id = made(run("account", "scr", "create", "--json"))["clientId"]
    result = run("account", "scr", "set", client_id, "webhookUser=u", "webhookPassword=-", typed="geheim\n")
    assert result.exit_code == 0, result.output
    assert "geheim" not in result.output
    assert made(run("account", "scr", "show", client_id, "--json"))["webhookPasswordSet"] is True


def test_people_get_aligned_lines_and_tables(run):
    made(run("account", "scr", "create", "--client-id", "AAAA", "--set", "displayName=Musterbank", "--json"))
    shown = run("account", "scr", "show", "AAAA").stdout.splitlines()
    assert shown[0] == "clientId            AAAA"
    assert "deliveryActive      no" in shown
    assert "methods             basic, video, photo, eid" in shown
    listed = run("account", "scr", "list").stdout.splitlines()
    assert listed == [
        "clientId  displayName  identClass  methods                   deliveryActive  webhookActive",
        "AAAA      Musterbank   Standard    basic, video, photo, eid  no              no",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "NOBODY"), "fallwerk: There is no client with this id.\n"),
        (("create", "--client-id", "klein"), "fallwerk: clientId: The value must have 1 to 16 characters 0-9A-Z.\n"),
        (("create", "--set", "couponMax=1001"), "fallwerk: couponMax: The value must lie between 0 and 1000.\n"),
        (("create", "--set", "couponMax=many"), "fallwerk: couponMax: The value must be a whole number.\n"),
        (("create", "--set", "webhookActive=2"), "fallwerk: webhookActive: The value must be true or false.\n"),
        (("create", "--set", "colour=red"), "fallwerk: colour: There is no such member.\n"),
    ],
)
def test_a_refusal_is_printed_and_ends_with_code_one(run, arguments, message):
    result = run("account", "scr", *arguments)
    assert (result.exit_code, result.stderr) == (1, message)


@pytest.mark.parametrize("setting", ["couponMax", "=3"])
def test_a_setting_without_name_or_value_is_refused(run, setting):
    assert run("account", "scr", "create", "--set", setting).exit_code != 0


def test_a_setting_given_twice_is_refused(run):
    result = run("account", "scr", "create", "--set", "couponMax=1", "--set", "couponMax=2")
    assert result.exit_code == 2
    assert "couponMax is given more than once" in result.stderr


@pytest.mark.req("C-02")
def test_the_chains_are_verified(run):
    made(run("account", "scr", "create", "--client-id", "AAAA", "--json"))
    result = run("audit", "verify")
    assert result.exit_code == 0, result.output
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["kind", "name"],
        ["system", "-"],
        ["scr", "AAAA"],
    ]
    assert made(run("audit", "verify", "--json"))["sound"] is True


@pytest.mark.req("C-01")
@pytest.mark.parametrize("tls", [False, True])
def test_while_a_server_runs_the_commands_ask_it(run, tmp_path, monkeypatch, tls):
    env = certificate(tmp_path) if tls else {}
    with Server(tmp_path, env=env) as server:
        for name, value in {
            **env,
            "PORT": str(server.port),
            "FALLWERK_MASTER_KEY_FILE": str(tmp_path / "master.key"),
        }.items():
            monkeypatch.setenv(name, value)
        new = made(run("account", "scr", "create", "--client-id", "AAAA", "--json"))
        assert new["clientId"] == "AAAA"
        assert "AAAA" in run("account", "scr", "list").stdout
        monkeypatch.setenv("PORT", "1")
        result = run("account", "scr", "list")
        assert result.exit_code == 1
        assert result.stderr.startswith("fallwerk: the server that has the database open cannot be reached (")
    assert "AAAA" in run("account", "scr", "list").stdout


def test_a_server_with_another_certificate_is_not_told_the_token(run, tmp_path, monkeypatch):
    with Server(tmp_path, env=certificate(tmp_path)) as server:
        (tmp_path / "other").mkdir()
        other = {**certificate(tmp_path / "other"), "PORT": str(server.port)}
        for name, value in {**other, "FALLWERK_MASTER_KEY_FILE": str(tmp_path / "master.key")}.items():
            monkeypatch.setenv(name, value)
        result = run("account", "scr", "list")
        assert result.exit_code == 1
        assert "certificate verify failed" in result.stderr


def certificate(folder: Path) -> dict[str, str]:
    """Settings of a server whose certificate is made out to its public name, not to the address served."""
    issued = trustme.CA().issue_cert("fallwerk.test")
    (folder / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(folder / "key.pem")
    return {
        "FALLWERK_TLS_CERTIFICATE": str(folder / "cert.pem"),
        "FALLWERK_TLS_KEY": str(folder / "key.pem"),
        "FALLWERK_PUBLIC_BASE_URL": "https://fallwerk.test",
    }


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:8080"),
        ("::", "http://[::1]:8080"),
        ("::1", "http://[::1]:8080"),
        ("fallwerk.test", "http://fallwerk.test:8080"),
    ],
)
def test_a_server_is_reached_at_the_address_it_listens_on(host, address):
    assert server_address(Settings(host=host, port=8080)) == address
