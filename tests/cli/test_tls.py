"""`fallwerk tls dev-ca`, and a server that speaks TLS with what it made (C-09)."""

import ssl

import httpx
import pytest
from typer.testing import CliRunner

from fallwerk.cli import main
from tests.support.server import Server


@pytest.mark.req("C-09")
def test_a_server_speaks_tls_with_the_certificate_that_the_command_made(tmp_path, monkeypatch):
    data = tmp_path / "data"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(data))
    result = CliRunner().invoke(main.app, ["tls", "dev-ca", "--name", "ident.test"])
    assert result.exit_code == 0, result.output
    settings = dict(line.split("=", 1) for line in result.stdout.splitlines() if line.startswith("FALLWERK_"))
    assert set(settings) == {"FALLWERK_TLS_CERTIFICATE", "FALLWERK_TLS_KEY"}
    assert CliRunner().invoke(main.app, ["tls", "dev-ca", "--name", "ident.test"]).stdout == result.stdout

    server = Server(data, env=settings).start()
    try:
        assert server.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=data / "tls" / "ca.pem")
        answer = httpx.get(f"{server.url}/healthz", verify=trusting, trust_env=False)
        assert answer.json() == {"status": "up"}
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        with pytest.raises(httpx.ConnectError, match="certificate verify failed"):
            httpx.get(f"{server.url}/healthz", verify=ssl.create_default_context(), trust_env=False)
    finally:
        assert server.stop() == 0


def test_a_name_that_no_certificate_can_carry_is_refused_in_one_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    result = CliRunner().invoke(main.app, ["tls", "dev-ca", "--name", "münchen.test"])
    assert result.exit_code == 1
    assert result.stderr.startswith("fallwerk: cannot make certificates: ")
    assert result.stderr.count("\n") == 1


def test_a_password_is_not_taken_as_an_argument(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    result = CliRunner().invoke(main.app, ["account", "scr", "create", "--set", "webhookPassword=geheim"])
    assert result.exit_code == 2
    assert "webhookPassword is not taken as an argument" in result.stderr
    assert "geheim" not in result.output
