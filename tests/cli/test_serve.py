"""`fallwerk serve` as a user of the command line and of the sockets sees it."""

import http.client
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import types
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme
from typer.testing import CliRunner

from fallwerk.cli import main
from fallwerk.cli.serve import serve_settings
from fallwerk.kit.server_plan import ServerPlan
from fallwerk.kit.shared import SharedState
from fallwerk.settings import Settings, load_settings

SERVER = Path(__file__).with_name("small_server.py")
PATIENCE_S = 30


class Running:
    """A started server and what it printed."""

    def __init__(self, process):
        self.process = process
        self.port = int(self.line().removeprefix("Announced "))

    def line(self):
        readable, _, _ = select.select([self.process.stdout], [], [], PATIENCE_S)
        assert readable, "the server printed nothing"
        return self.process.stdout.readline().rstrip("\n")

    def get(self, path="/", headers=(), source="127.0.0.1"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S, source_address=(source, 0))
        try:
            connection.request("GET", path, headers=dict(headers))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        rest, errors = self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode, rest, errors


@contextmanager
def served(**options):
    process = subprocess.Popen(
        [sys.executable, str(SERVER), json.dumps(options)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1, start_new_session=True,
    )  # fmt: skip
    try:
        running = Running(process)
        yield running
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def failed_start(**options):
    return subprocess.run(
        [sys.executable, str(SERVER), json.dumps(options)],
        capture_output=True, text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip


def is_alive(pid):
    """A process that nobody collected yet is dead all the same."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(true):
    """Wait for another process; the selector's time-out keeps this from spinning."""
    for _ in range(PATIENCE_S * 100):
        if true():
            return
        select.select([], [], [], 0.01)
    raise AssertionError("it never happened")


@pytest.mark.req("C-05")
def test_ready_is_said_after_the_announcement_and_then_requests_are_answered():
    with served() as server:
        assert server.line() == f"Ready: http://127.0.0.1:{server.port}"
        assert server.get()["scheme"] == "http"
        code, _, errors = server.stop()
    assert code == 0
    assert errors == ""


@pytest.mark.req("C-05")
def test_several_processes_share_one_port_and_one_ready_line():
    with served(processes=3) as server:
        assert server.line().startswith("Ready: ")
        seen = {server.get()["slot"] for _ in range(100)}
        code, rest, errors = server.stop(signal.SIGINT)
    assert seen == {0, 1, 2}
    assert sorted(rest.split()) == ["0", "1", "2", "closed", "closed", "closed"]
    assert (code, errors) == (0, "")


@pytest.mark.req("C-08")
@pytest.mark.parametrize("processes", [1, 2])
def test_a_stop_lets_the_request_in_flight_finish_and_takes_no_new_one(processes):
    with served(processes=processes) as server:
        server.line()
        slow = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S)
        slow.sendall(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        assert server.line() == "slow"
        # The request that ends the slow one has to go to the same process: it waits on a second open connection.
        others = [socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) for _ in range(16)]
        for other in others:
            other.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
            other.recv(4096)
        for other in others[:-1]:
            other.sendall(b"GET /release HTTP/1.1\r\nhost: x\r\n\r\n")
        server.process.send_signal(signal.SIGTERM)
        assert b" 200 " in slow.recv(4096)
        assert server.process.wait(PATIENCE_S) == 0
        with pytest.raises(OSError, match="refused"):
            socket.create_connection(("127.0.0.1", server.port), timeout=1)
        for connection in (slow, *others):
            connection.close()


@pytest.mark.req("C-08")
def test_a_crashed_process_is_replaced_and_the_server_goes_on():
    with served(processes=2) as server:
        server.line()
        before = {answer["slot"]: answer["pid"] for answer in (server.get() for _ in range(60))}
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            server.get("/crash")
        after = {answer["slot"]: answer["pid"] for answer in (server.get() for _ in range(60))}
        code, _, errors = server.stop()
    assert set(before) == set(after) == {0, 1}
    assert sum(before[slot] != after[slot] for slot in before) == 1
    assert code == 0
    assert "ended (-9); again in 0.1 s" in errors


@pytest.mark.req("C-08")
def test_children_end_when_their_parent_is_killed():
    with served(processes=2) as server:
        server.line()
        pids = {server.get()["pid"] for _ in range(60)}
        server.process.kill()
        assert len(pids) == 2
        wait_until(lambda: not any(map(is_alive, pids)))


@pytest.mark.parametrize("processes", [1, 2])
def test_a_port_in_use_is_one_line_and_exit_code_1(processes):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = failed_start(port=port, processes=processes)
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr == f"fallwerk: cannot listen on 127.0.0.1:{port}: Address already in use\n"


def test_a_second_server_on_the_port_of_several_processes_is_refused():
    with served(processes=2) as server:
        server.line()
        assert failed_start(port=server.port, processes=2).returncode == 1


@pytest.mark.parametrize("processes", [1, 2])
def test_a_refusal_of_the_application_is_one_line_and_exit_code_1(processes):
    result = failed_start(processes=processes, refusal="the database is in use by another server")
    assert result.returncode == 1
    assert result.stderr == "fallwerk: the database is in use by another server\n"
    assert "Ready" not in result.stdout


@pytest.mark.req("C-04")
def test_an_unexpected_failure_at_start_is_logged_and_in_production_without_its_message():
    result = failed_start(bug="Erika Mustermann", log_messages=False)
    assert result.returncode == 1
    entry, line = result.stderr.splitlines()
    assert "RuntimeError" in json.loads(entry)["exception"]
    assert "Mustermann" not in result.stderr
    assert line == "fallwerk: the application did not start; the log says why"


@pytest.mark.req("C-09")
def test_tls_is_terminated_with_the_given_certificate(tmp_path):
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    (tmp_path / "cert.pem").write_bytes(b"".join(blob.bytes() for blob in certificate.cert_chain_pems))
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    files = {"tls_certificate": str(tmp_path / "cert.pem"), "tls_key": str(tmp_path / "key.pem")}
    with served(**files) as server:
        assert server.line() == f"Ready: https://127.0.0.1:{server.port}"
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, context=context, timeout=PATIENCE_S)
        connection.request("GET", "/")
        assert json.loads(connection.getresponse().read())["scheme"] == "https"
        connection.close()


@pytest.mark.req("C-09")
def test_a_certificate_that_is_none_is_refused_at_start(tmp_path):
    (tmp_path / "cert.pem").write_text("no certificate")
    file = str(tmp_path / "cert.pem")
    result = failed_start(tls_certificate=file, tls_key=file)
    assert result.returncode == 1
    assert result.stderr.startswith(f"fallwerk: cannot use the TLS certificate {file}: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.req("C-09")
def test_only_trusted_proxies_set_the_client_and_the_scheme():
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    with served(trusted_proxies=["127.0.0.2/32"]) as server:
        server.line()
        stranger = server.get(headers=forwarded)
        proxy = server.get(headers=forwarded, source="127.0.0.2")
    assert (stranger["client"], stranger["scheme"]) == ("127.0.0.1", "http")
    assert (proxy["client"], proxy["scheme"]) == ("203.0.113.9", "https")


@pytest.mark.req("C-09")
def test_without_trusted_proxies_nobody_sets_the_client():
    with served() as server:
        server.line()
        assert server.get(headers={"X-Forwarded-For": "203.0.113.9"})["client"] == "127.0.0.1"


def test_a_head_without_end_is_refused():
    with served() as server:
        server.line()
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE_S) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n")
            answer = b""
            try:
                for _ in range(200):
                    connection.sendall(b"x-more: " + b"a" * 1000 + b"\r\n")
                answer = connection.recv(4096)
            except ConnectionError:
                answer = answer or connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert server.get()["client"] == "127.0.0.1"


def test_the_command_hands_settings_with_the_bound_port_to_the_application(monkeypatch):
    seen = {}
    application = types.ModuleType("fallwerk.app")
    application.announce = lambda settings: settings.public_base_url
    application.create_app = lambda settings, shared: (settings, shared)
    monkeypatch.setitem(sys.modules, "fallwerk.app", application)

    def run(plan, make_app, *, announce):
        seen.update(announced=announce(4711), app=make_app(4711, "shared"))
        return 0

    monkeypatch.setattr(ServerPlan, "run", run)
    assert serve_settings(Settings()) == 0
    assert seen["announced"] == "http://127.0.0.1:4711"
    assert seen["app"][0].port == 4711
    assert seen["app"][1] == "shared"


@pytest.mark.req("C-09")
def test_a_refused_configuration_is_one_line_for_each_problem_and_exit_code_2(monkeypatch):
    monkeypatch.setenv("FALLWERK_MODE", "production")
    monkeypatch.setenv("WORKERS", "many")
    result = CliRunner().invoke(main.app, ["serve"])
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert all(line.startswith("fallwerk: ") for line in lines)
    assert {line.split(":")[1].strip() for line in lines} == {
        "WORKERS",
        "FALLWERK_MASTER_KEY",
        "FALLWERK_PUBLIC_BASE_URL",
        "FALLWERK_TLS_CERTIFICATE",
        "FALLWERK_ADMIN_TOKEN",
    }


def test_config_prints_every_setting_and_no_secret(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://fallwerk:very-secret@db/fallwerk")
    result = CliRunner().invoke(main.app, ["config"])
    assert result.exit_code == 0
    assert [line.partition(" = ")[0] for line in result.stdout.splitlines()] == list(Settings.model_fields)
    assert "postgresql://fallwerk:•••@db/fallwerk" in result.stdout
    assert "demo-admin-token" not in result.stdout


def test_version_is_the_packages():
    assert CliRunner().invoke(main.app, ["version"]).stdout.strip() == "0.1.0"


def test_a_command_group_is_imported_when_it_is_used(monkeypatch):
    group = types.ModuleType("fallwerk.cli.example")
    group.app = main.typer.Typer()
    group.app.command("greet")(lambda: main.typer.echo("greeted"))
    group.app.callback()(lambda: None)
    monkeypatch.setitem(sys.modules, "fallwerk.cli.example", group)
    monkeypatch.setitem(main.GROUPS, "example", "example")
    assert CliRunner().invoke(main.app, ["example", "greet"]).stdout == "greeted\n"


def test_starting_the_command_imports_neither_rich_nor_the_application():
    script = (
        "import sys, fallwerk.cli.main, fallwerk.settings;"
        "print([m for m in ('rich', 'uvicorn', 'sqlalchemy', 'fallwerk.app') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_the_plan_follows_the_settings():
    settings = load_settings({"WORKERS": "3", "DATABASE_URL": "postgresql://db/fallwerk", "PORT": "9000"})
    plan = settings.server_plan()
    assert (plan.processes, plan.port, plan.scheme, plan.trusted_proxies) == (3, 9000, "http", ())
    assert SharedState(plan.processes).processes == 3
