"""What the measurements share: served systems on either engine, accounts, load, figures with their targets."""

import base64
import contextlib
import copy
import json
import os
import re
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

import httpx
import psycopg

ROOT: Final = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    # A script's own folder is on the path, the repository's is not.
    sys.path.insert(0, str(ROOT))

from fallwerk.apis.scr_start.examples import SAMPLE_REQUEST  # noqa: E402
from tests.support.postgres import create_database, start_postgres  # noqa: E402
from tests.support.server import ADMIN, Server  # noqa: E402

HERE: Final = Path(__file__).resolve().parent
CONCURRENCY: Final = 32
ACCOUNTS: Final = 50
DIGITS: Final = 10
NUMBERS_PER_LOAD: Final = 1_000_000
ENGINES: Final = ("SQLite", "PostgreSQL")


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    engine: str
    value: float
    unit: str
    target: float
    at_least: bool
    """Whether the target is a lower bound; otherwise it is an upper one."""
    detail: str = ""

    @property
    def met(self) -> bool:
        """Tell whether the value is on the right side of its target."""
        return self.value >= self.target if self.at_least else self.value <= self.target

    @property
    def target_text(self) -> str:
        """The target as the table shows it."""
        return f"{'≥' if self.at_least else '≤'} {self.target:g}{self.unit}"

    @property
    def value_text(self) -> str:
        """The value as the table shows it."""
        digits = 0 if self.value >= 100 else 1 if self.value >= 10 else 2
        return f"{self.value:.{digits}f}{self.unit}"


Measure = Callable[[bool], list[Figure]]
"""Measures; the argument says whether shorter runs are enough."""


@dataclass(frozen=True, slots=True)
class Account:
    """Credentials of one SCR client."""

    client_id: str
    username: str
    password: str
    data_password: str

    @property
    def authorization(self) -> str:
        """The header's value."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.password}".encode()).decode()


@dataclass(slots=True)
class System:
    """One served Fallwerk."""

    engine: str
    server: Server
    database_url: str
    accounts: list[Account] = field(default_factory=list)

    def admin(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the admin API or the sandbox control."""
        options.setdefault("headers", ADMIN)
        response = httpx.request(method, self.server.url + path, timeout=600, **options)
        response.raise_for_status()
        return response

    def open_accounts(self, number: int = ACCOUNTS, **settings: Any) -> list[Account]:
        """Open accounts through the admin API."""
        for _ in range(number):
            new = self.admin("POST", "/admin/v1/scr-clients", json=settings).json()
            names = ("clientId", "username", "password", "dataPassword")
            self.accounts.append(Account(*(new[name] for name in names)))
        return self.accounts

    def count(self, table: str, condition: str = "1 = 1") -> int:
        """Count rows, past the server."""
        statement = f"SELECT count(*) FROM {table} WHERE {condition}"
        if self.engine == "SQLite":
            path = self.database_url.removeprefix("sqlite:///")
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
                return int(connection.execute(statement).fetchone()[0])
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute(statement.encode()).fetchone()
            return int(row[0]) if row else 0


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that is removed afterwards."""
    path = Path(tempfile.mkdtemp(prefix="fallwerk-bench-"))
    try:
        yield path
    finally:
        shutil.rmtree(path)


@contextlib.contextmanager
def database(engine: str, data: Path) -> Iterator[str]:
    """Give the URL of an empty database; PostgreSQL runs with its own durable defaults."""
    if engine == "SQLite":
        yield f"sqlite:///{data}/fallwerk.db"
        return
    postgres = start_postgres(settings={})
    try:
        yield create_database(postgres.url, "bench")
    finally:
        postgres.stop()


@contextlib.contextmanager
def served(engine: str, env: Mapping[str, str] | None = None) -> Iterator[System]:
    """Serve an empty system with one process."""
    with folder() as data, database(engine, data) as url, Server(data, database_url=url, env=env) as server:
        yield System(engine, server, url)


@contextlib.contextmanager
def bare() -> Iterator[int]:
    """Serve the bare ASGI application and give its port."""
    with piped("bare.py") as process:
        found = re.search(r":(\d+)\s*$", _line(process.stdout, "Ready"))
        if found is None:
            raise RuntimeError("the bare application is not ready")
        yield int(found[1])


@contextlib.contextmanager
def receiver() -> Iterator[tuple[int, Callable[[], dict[str, Any]]]]:
    """Run the receiver; give its port and a function that asks for its figures."""
    with piped("receiver.py") as process:
        port = int(_line(process.stdout, ""))

        def figures() -> dict[str, Any]:
            if process.stdin is None:
                raise RuntimeError("the receiver has no input")
            process.stdin.write("figures\n")
            process.stdin.flush()
            return dict(json.loads(_line(process.stdout, "")))

        yield port, figures


@contextlib.contextmanager
def piped(script: str) -> Iterator["subprocess.Popen[str]"]:
    """Run one of our scripts beside this one and end it afterwards."""
    command = [sys.executable, str(HERE / script)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def _line(stream: IO[str] | None, beginning: str) -> str:
    for line in stream or ():
        if line.startswith(beginning):
            return line
    raise RuntimeError("the process ended early")


class Load:
    """Sends load from a process of its own; the number in each request is unique over all runs of one object."""

    def __init__(self, port: int, templates: Sequence[tuple[bytes, ...]]) -> None:
        self._port = port
        self._templates = [[base64.b64encode(part).decode() for part in template] for template in templates]
        self._runs = 0
        self.answers: dict[str, int] = {}

    def run(self, **job: Any) -> dict[str, Any]:
        """Run `seconds` or `requests` at `concurrency`, or open loop at `rate`; return the generator's figures."""
        whole = {
            "host": "127.0.0.1",
            "port": self._port,
            "templates": self._templates,
            "first": self._runs * NUMBERS_PER_LOAD,
            "concurrency": CONCURRENCY,
            **job,
        }
        self._runs += 1
        command = [sys.executable, str(HERE / "load.py")]
        done = subprocess.run(command, input=json.dumps(whole), capture_output=True, text=True, check=True)
        result: dict[str, Any] = json.loads(done.stdout)
        for status, number in result["statuses"].items():
            self.answers[status] = self.answers.get(status, 0) + number
        return result

    def require_only(self, status: str) -> int:
        """Return how many answers there were; another status than this one makes every figure worthless."""
        if set(self.answers) != {status}:
            raise RuntimeError(f"expected {status} only: {self.answers}")
        return self.answers[status]


def start_templates(accounts: Sequence[Account], port: int) -> list[tuple[bytes, bytes]]:
    """Make the guide's sample request for each account, without its reference id and with a unique `custom1`."""
    body = copy.deepcopy(SAMPLE_REQUEST)
    del body["processData"]["referenceId"]
    body["customData"]["custom1"] = "REF_@"
    before, after = json.dumps(body, ensure_ascii=False).encode().split(b"@")
    size = len(before) + DIGITS + len(after)
    lines = f"Content-Type: application/json\r\nContent-Length: {size}\r\n"
    return [(_head("POST", account, "cases", port, lines) + before, after) for account in accounts]


def get_template(
    account: Account, path: str, port: int, headers: Mapping[str, str] | None = None
) -> tuple[bytes, bytes]:
    """Make a GET; its unique number is the trace id."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return _head("GET", account, path, port, lines)[:-2] + b"X-TraceId: ", b"\r\n\r\n"


def post_template(account: Account, path: str, port: int) -> tuple[bytes, bytes]:
    """Make a POST without a body; its unique number is the trace id."""
    return _head("POST", account, path, port, "Content-Length: 0\r\n")[:-2] + b"X-TraceId: ", b"\r\n\r\n"


def _head(method: str, account: Account, path: str, port: int, lines: str) -> bytes:
    return (
        f"{method} /api/scr/v1/{account.client_id}/{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: {account.authorization}\r\n{lines}\r\n"
    ).encode()


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def order_lines(account: Account, number: int, webhook_url: str | None = None) -> bytes:
    """Make delivery orders for the admin API, one JSON line each."""
    address = {"streetAddress": "Heidestr. 17", "postalCode": "51147", "city": "Köln", "country": "DEU"}
    person = {"firstName": "Erika", "lastName": "Mustermann", "birthDate": "1964-08-12"}
    process = {"webHookUrl": webhook_url} if webhook_url else {}
    lines = [
        {
            "clientId": account.client_id,
            "orderData": {"customData": {"custom1": f"REF_{index}"}, "processData": process},
            "recipient": {**person, "address": address},
            "returnAddress": {"name": "Musterbank AG", **address},
        }
        for index in range(number)
    ]
    return b"\n".join(json.dumps(line).encode() for line in lines)


def order(system: System, account: Account, number: int, webhook_url: str | None = None) -> list[str]:
    """Order deliveries and return their case ids."""
    answer = system.admin(
        "POST",
        "/admin/v1/delivery-orders",
        content=order_lines(account, number, webhook_url),
        headers={**ADMIN, "Content-Type": "application/x-ndjson"},
    ).json()
    if answer["rejected"]:
        raise RuntimeError(f"orders were rejected: {answer['rejected'][:3]}")
    return [accepted["caseId"] for accepted in answer["accepted"]]


def show(figures: Sequence[Figure]) -> None:
    """Print figures as they come."""
    for figure in figures:
        verdict = "met" if figure.met else "MISSED"
        line = f"{figure.name} · {figure.engine}: {figure.value_text} (target {figure.target_text}) {verdict}"
        print(f"{line}  {figure.detail}", flush=True)


def main(measure: Measure) -> None:
    """Run one script by itself."""
    show(measure("--quick" in sys.argv))


def note(text: str) -> None:
    """Tell on standard error how far a run is."""
    if os.environ.get("BENCH_QUIET") != "1":
        sys.stderr.write(f"  {text}\n")
