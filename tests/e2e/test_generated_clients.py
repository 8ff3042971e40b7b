"""A client that a public generator makes of each served description performs its document's main call (C-06)."""

import base64
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.api.conftest import DEMO_USER, Running, deploy
from tests.support.databases import Databases

ROOT: Final = Path(__file__).resolve().parents[2]
PEERS: Final = ROOT / ".venv-peers" / "bin"
SCRIPT: Final = Path(__file__).with_name("call_with_generated_client.py")
BASIC: Final = {"Authorization": "Basic " + base64.b64encode(":".join(DEMO_USER).encode()).decode()}
CUSTOMER: Final = {
    "user_id": 4712,
    "login_token": "7d1f3a52-9c1b-5b7a-8f60-1a2b3c4d5e6f",
    "vorname": "Max",
    "nachname": "Mustermann",
    "strasse": "Musterstraße",
    "hausnr": "1a",
    "plz": "12345",
    "ort": "Musterstadt",
    "email": "test@test.de",
    "land": 2,
}


@dataclass(frozen=True)
class MainCall:
    """What a document is for."""

    tag: str
    operation: str
    status: int
    expected: tuple[str, ...] = ()
    """Members of the answer."""
    arguments: dict[str, str] = field(default_factory=dict)
    body: Any = None
    with_token: bool = False
    headers: dict[str, str] = field(default_factory=dict)


CALLS: Final = {
    "scr_start": MainCall(
        "cases",
        "start_case",
        201,
        ("caseId", "validUntil", "webStart"),
        {"client_id": "1234ABCD"},
        {"contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann"}},
        headers=BASIC,
    ),
    "scr_delivery": MainCall(
        "cases", "get_delivery_case", 200, ("caseId", "caseStatus"), {"client_id": "1234ABCD"}, headers=BASIC
    ),
    "scr_results": MainCall(
        "cases",
        "get_full_case",
        200,
        ("caseId", "identifications", "accountingData"),
        {"client_id": "1234ABCD"},
        headers=BASIC,
    ),
    "kex_update": MainCall(
        "vorgang",
        "add_document",
        201,
        ("filename", "size", "sha256"),
        {"vorgangsnummer": "123456"},
        {"filename": "Test.pdf", "base64Content": "JVBERi0xLjMKJcTl8uXrp/Og0MTGCg=="},
        with_token=True,
    ),
    "kex_status": MainCall(
        "antrag",
        "change_status",
        200,
        (),
        {},
        {"antragsnummer": "985132/1/1", "produktanbieterstatus": "UNTERSCHRIEBEN"},
        with_token=True,
    ),
    "kex_import": MainCall(
        "vorgang",
        "import_vorgang",
        201,
        ("vorgangsnummer", "messages"),
        {},
        {"kundenbetreuer": {"partnerId": "ABC12"}},
        with_token=True,
    ),
    "kex_export": MainCall(
        "vorgang",
        "read_vorgang",
        200,
        ("data",),
        {},
        {"query": 'query getVorgang { vorgang(vorgangsnummer: "985132") { antraege { antragsnummer } } }'},
        with_token=True,
    ),
    "kex_antragsdokumente": MainCall(
        "antrag",
        "add_application_document",
        201,
        ("filename", "size", "sha256"),
        {},
        {
            "antragsnummer": "985132/1/1",
            "antragsdokument": {"fileName": "Kreditvertrag.pdf", "fileContent": "JVBERg=="},
        },
        with_token=True,
    ),
    "policenwerk_customer": MainCall("customers", "create_customer", 200, ("success", "customer_id"), body=CUSTOMER),
}
SERVED: Final = sorted(
    path.name
    for layer in ("apis", "neighbours")
    for path in (ROOT / "src" / "fallwerk" / layer).iterdir()
    if (path / "openapi.py").exists()
)


@pytest.fixture(scope="module")
def server(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with deploy(databases, tmp_path_factory, "sqlite") as running:
        yield running


def generate(server: Running, name: str, folder: Path) -> None:
    """Make a client of the served description; a warning of the generator is a fault of ours."""
    description, config = folder / f"{name}.json", folder / "generator.yml"
    description.write_bytes(server.http.get(f"/openapi/{name}.json").content)
    config.write_text("post_hooks: []\n")
    options = ("--path", description, "--output-path", folder / f"client_{name}", "--config", config)
    done = subprocess.run(
        [PEERS / "openapi-python-client", "generate", *options, "--meta", "none", "--fail-on-warning"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def perform(server: Running, name: str, folder: Path, arguments: dict[str, str], headers: dict[str, str]) -> Any:
    """Perform a main call with its generated client, in an environment without our code."""
    call = CALLS[name]
    job = {
        "folder": str(folder),
        "package": f"client_{name}",
        "tag": call.tag,
        "operation": call.operation,
        "arguments": arguments,
        "body": call.body,
        "headers": headers,
        "url": server.url,
    }
    done = subprocess.run(
        [PEERS / "python", SCRIPT],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def token(server: Running) -> dict[str, str]:
    answer = server.http.post(
        "/auth/token", data={"grant_type": "client_credentials"}, auth=("demo-kex", "demo-kex-secret")
    )
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def delivery_case(server: Running) -> str:
    """Order a delivery case of the demo client."""
    address = {"streetAddress": "Heidestr. 17", "postalCode": "51147", "city": "Köln", "country": "DEU"}
    person = {"firstName": "Erika", "lastName": "Mustermann", "birthDate": "1964-08-12", "address": address}
    line = {"clientId": "1234ABCD", "recipient": person, "returnAddress": {"name": "Musterbank", **address}}
    answer = server.admin(
        "POST", "/delivery-orders", content=json.dumps(line), headers={"Content-Type": "application/x-ndjson"}
    )
    return str(answer.json()["accepted"][0]["caseId"])


def played_case(server: Running) -> str:
    """Start a case of the demo client and play a success."""
    started = server.http.post("/api/scr/v1/1234ABCD/cases", auth=("demo-scr", "demo-scr-password"))
    case_id = str(started.json()["caseId"])
    step = {"method": "photo", "status": "success"}
    assert server.sandbox("POST", f"/cases/{case_id}/simulate", json=step).status_code == 200
    return case_id


@pytest.mark.req("C-06")
def test_every_description_has_its_main_call():
    assert set(SERVED) <= set(CALLS)


@pytest.mark.req("C-06")
@pytest.mark.parametrize("name", SERVED)
def test_a_generated_client_performs_the_main_call_of_its_document(server, tmp_path, name):
    call = CALLS[name]
    arguments = dict(call.arguments)
    if name == "scr_delivery":
        arguments["case_id"] = delivery_case(server)
    elif name == "scr_results":
        arguments["case_id"] = played_case(server)
    headers = {**call.headers, **(token(server) if call.with_token else {})}
    generate(server, name, tmp_path)
    answer = perform(server, name, tmp_path, arguments, headers)
    assert answer["status"] == call.status, answer
    assert set(call.expected) <= set(answer["parsed"])
    # The answer came as the class that the description promises, not as one of its refusals.
    assert "Refus" not in answer["kind"]
    assert "Problem" not in answer["kind"]


@pytest.mark.req("C-06")
def test_what_a_generated_client_did_is_there(server, tmp_path):
    generate(server, "policenwerk_customer", tmp_path)
    saved = perform(server, "policenwerk_customer", tmp_path, {}, {})["parsed"]
    shown = server.admin("GET", f"/brokers/4712/customers/{saved['customer_id']}").json()
    assert {name: shown[name] for name in CUSTOMER if name in shown} == {
        name: value for name, value in CUSTOMER.items() if name in shown
    }
