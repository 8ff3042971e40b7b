"""
A started server per engine and test run's worker, and a fresh account per test.

Tests share servers, so each makes accounts of its own and looks at nothing else; a test that resets the system or looks
at all of it takes `own_server`.
"""

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.support.databases import Databases
from tests.support.server import ADMIN, Server

DEPLOYMENTS: Final = ("sqlite", "postgresql", "postgresql-3")
DEMO_USER: Final = ("demo-scr", "demo-scr-password")


@dataclass
class Account:
    """An SCR client made for one test, with ways to call as it."""

    server: "Running"
    client_id: str
    username: str
    password: str
    data_password: str
    alive_username: str
    alive_password: str

    @property
    def auth(self) -> tuple[str, str]:
        """Basic credentials."""
        return self.username, self.password

    @property
    def base(self) -> str:
        """Path of the account's resources."""
        return f"/api/scr/v1/{self.client_id}"

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call `{base}{path}` with the account's credentials."""
        options.setdefault("auth", self.auth)
        return self.server.http.request(method, self.base + path, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", path, **options)

    def start(self, body: Any = None, **options: Any) -> httpx.Response:
        """Start a case with a JSON body (given as an object) or with raw `content`."""
        if "content" not in options:
            options["json"] = {} if body is None else body
        elif "headers" not in options:
            options["headers"] = {"Content-Type": "application/json"}
        return self.request("POST", "/cases", **options)

    def order(self, order_data: dict[str, Any] | None = None, **extra: Any) -> str:
        """Order a delivery case through the admin API and return its case id."""
        line = {"clientId": self.client_id, "orderData": order_data or {}, **RECIPIENT, **extra}
        response = self.server.admin("POST", "/delivery-orders", content=httpx_ndjson([line]), headers=NDJSON)
        assert response.status_code == 200, response.text
        answer = response.json()
        assert answer["rejected"] == [], answer
        return str(answer["accepted"][0]["caseId"])

    def simulate(self, case_id: str, status: str, **extra: Any) -> httpx.Response:
        """Play the outside actor."""
        return self.server.sandbox(
            "POST", f"/cases/{case_id}/simulate", json={"method": "delivery", "status": status, **extra}
        )

    def walk(self, case_id: str, *statuses: str) -> None:
        """Play several steps, each of which must be legal."""
        for status in statuses:
            response = self.simulate(case_id, status)
            assert response.status_code == 200, response.text


NDJSON: Final = {"Content-Type": "application/x-ndjson"}
ADDRESS: Final = {"streetAddress": "Heidestr. 17", "postalCode": "51147", "city": "Köln", "country": "DEU"}
RECIPIENT: Final = {
    "recipient": {"firstName": "Erika", "lastName": "Mustermann", "birthDate": "1964-08-12", "address": ADDRESS},
    "returnAddress": {"name": "Musterbank", **ADDRESS},
}
TO_DELIVERY: Final = ("dmc provided", "packaging announced", "delivery started")


def httpx_ndjson(lines: list[Any]) -> bytes:
    """Render lines of JSON."""
    import json  # noqa: PLC0415

    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@dataclass
class Running:
    """A started server with a connection to it."""

    process: Server
    http: httpx.Client
    engine: str
    database_url: str

    @property
    def url(self) -> str:
        """Base address."""
        return self.process.url

    def admin(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the admin API."""
        options["headers"] = {**ADMIN, **options.get("headers", {})}
        return self.http.request(method, "/admin/v1" + path, **options)

    def sandbox(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Call the sandbox control."""
        options["headers"] = {**ADMIN, **options.get("headers", {})}
        return self.http.request(method, "/sandbox/v1" + path, **options)

    def advance(self, seconds: float) -> None:
        """Move the clock and let everything happen that falls due."""
        response = self.sandbox("POST", "/clock", json={"advanceSeconds": int(seconds)}, timeout=120)
        assert response.status_code == 200, response.text

    def account(self, **settings: Any) -> Account:
        """Make an SCR client."""
        response = self.admin("POST", "/scr-clients", json=settings)
        assert response.status_code == 201, response.text
        made = response.json()
        return Account(
            self,
            made["clientId"],
            made["username"],
            made["password"],
            made["dataPassword"],
            made["aliveUsername"],
            made["alivePassword"],
        )


def running(process: Server, engine: str, database_url: str) -> Running:
    """Wrap a started server."""
    return Running(process, httpx.Client(base_url=process.url, timeout=30), engine, database_url)


@pytest.fixture(scope="session")
def deployed(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Running]]:
    """Start each deployment once per test process, when the first test asks for it."""
    from contextlib import ExitStack  # noqa: PLC0415

    known: dict[str, Running] = {}
    with ExitStack() as stack:

        def get(deployment: str) -> Running:
            if deployment not in known:
                known[deployment] = stack.enter_context(deploy(databases, tmp_path_factory, deployment))
            return known[deployment]

        yield get


class deploy:  # noqa: N801 - used as a context manager
    """A deployment with a database of its own."""

    def __init__(
        self,
        databases: Databases,
        folders: pytest.TempPathFactory,
        deployment: str,
        env: dict[str, str] | None = None,
    ) -> None:
        from contextlib import ExitStack  # noqa: PLC0415

        self._stack = ExitStack()
        self._databases, self._deployment, self._env = databases, deployment, env
        self._data: Path = folders.mktemp(deployment)

    def __enter__(self) -> Running:
        engine, _, workers = self._deployment.partition("-")
        url = self._stack.enter_context(self._databases.fresh(engine, self._data))  # type: ignore[arg-type]
        process = Server(self._data, database_url=url, workers=int(workers or 1), env=self._env)
        self._stack.enter_context(process)
        made = running(process, engine, url)
        self._stack.callback(made.http.close)
        return made

    def __exit__(self, *_: object) -> None:
        self._stack.close()


@pytest.fixture(params=DEPLOYMENTS)
def server(request: pytest.FixtureRequest, deployed: Callable[[str], Running]) -> Running:
    """A running server, shared with other tests."""
    return deployed(request.param)


@pytest.fixture(params=("sqlite", "postgresql"))
def own_server(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A running server that no other test uses."""
    with deploy(databases, tmp_path_factory, request.param) as made:
        yield made


@pytest.fixture
def account(server: Running) -> Account:
    """An account with everything on."""
    return server.account(**EVERYTHING)


EVERYTHING: Final = {
    "deliveryActive": True,
    "webhookActive": True,
    "webhookHosts": ["*"],
    "webhookHttpAllowed": True,
    "webhookReferenceId": True,
    "webhookCustom1": True,
    "webhookRetry": True,
}


def basic(username: str, password: str) -> str:
    """Render an `Authorization` header."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Show with a failure what the servers of the test wrote to their logs last."""
    report: pytest.TestReport = yield  # type: ignore[misc]
    if report.failed and call.when == "call":
        for given in vars(item).get("funcargs", {}).values():
            running = given if isinstance(given, Running) else getattr(given, "server", None)
            if isinstance(running, Running):
                report.sections.append((f"log of {running.engine}", running.process.log()[-LOG_SHOWN:]))
                break
    return report  # type: ignore[return-value]


LOG_SHOWN: Final = 4_000
