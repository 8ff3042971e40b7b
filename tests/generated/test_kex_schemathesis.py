"""The descriptions of UPDATE and STATUS hold for requests that Schemathesis makes, and each answer is reached."""

import secrets
from collections.abc import Callable
from typing import Any, Final

import httpx
import pytest
import schemathesis
from schemathesis import engine
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)

from tests.api.conftest import Running
from tests.generated.test_schemathesis import EXAMPLES, MAX_S, Findings, document_of
from tests.support.kex import JSON, Kex, kex
from tests.support.oauth import READ
from tests.support.openapi import Described, operations_of

DOCUMENTS: Final = ("kex_update", "kex_status")
PROVIDER_NUMBER: Final = "bank-1"
BODIES: Final[dict[str, Any]] = {
    "addDocument": {"filename": "x.pdf", "base64Content": "QUJD"},
    "addComments": ["x"],
    "changeStatus": {"produktanbieterantragsnummer": PROVIDER_NUMBER, "produktanbieterstatus": "ABGELEHNT"},
}
OTHERS: Final[dict[str, Any]] = {
    "addDocument": {"filename": "y.pdf", "base64Content": "QUJD"},
    "addComments": ["y"],
    "changeStatus": {**BODIES["changeStatus"], "kommentar": "y"},
}


@pytest.fixture
def client(server: Running) -> Kex:
    return kex(server)


@pytest.fixture
def case(client: Kex) -> str:
    case = client.case()
    client.application(case, PROVIDER_NUMBER)
    return case


def attack(document: dict[str, Any], client: Kex, case: str) -> Findings:
    """Let Schemathesis run; the numbers in its requests are made those of a Vorgang, so that they reach the inside."""
    schemas = document["components"]["schemas"]
    if "StatusChange" in schemas:
        schemas["StatusChange"]["properties"]["antragsnummer"] = {"enum": [f"{case}/1/1", "", None]}
        known = {"enum": [PROVIDER_NUMBER, "", None]}
        schemas["StatusChange"]["properties"]["produktanbieterantragsnummer"] = known
        for item in document["paths"].values():
            for example in item["post"]["requestBody"]["content"]["application/json"]["examples"].values():
                numbers = {"antragsnummer": f"{case}/1/1", "produktanbieterantragsnummer": PROVIDER_NUMBER}
                example["value"].update({name: numbers[name] for name in numbers if name in example["value"]})
    project = ProjectConfig(
        base_url=client.server.url,
        headers=client.headers,
        parameters={"path.vorgangsnummer": case},
        request_timeout=20,
        continue_on_failure=True,
        checks=ChecksConfig.from_dict(
            {
                "ignored_auth": {"enabled": False},
                # 405 belongs to every operation; a generated key may come twice.
                "positive_data_acceptance": {"expected-statuses": ["2xx", "405", "422"]},
                # A thousand and one texts of ten thousand characters are too large before they are too many.
                "negative_data_rejection": {"expected-statuses": ["4xx"]},
            }
        ),
        generation=GenerationConfig(max_examples=EXAMPLES, with_security_parameters=False, database="none"),
        phases=PhasesConfig.from_dict({"stateful": {"enabled": False}}),
    )
    project.max_time = MAX_S
    schema = schemathesis.openapi.from_dict(
        document, config=SchemathesisConfig(projects=ProjectsConfig(default=project))
    )
    findings = Findings()
    for event in engine.from_schema(schema).execute():
        findings.take(event)
    return findings


@pytest.mark.req("C-06", "U-05", "A-07")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_generated_requests_are_answered_as_described(server, client, case, name):
    findings = attack(document_of(server, name), client, case)
    assert [fault[:1000] for fault in findings.faults] == []
    for described in operations_of(document_of(server, name)):
        label = f"POST {described.path}"
        assert findings.answers[label, described.statuses[0]] > 10
        assert findings.answers[label, 400] > 10
    assert server.http.get("/readyz").status_code == 200


Call = Callable[..., httpx.Response]


def caller(described: Described, client: Kex) -> Call:
    """Return what calls an operation with a body that is good for it, unless something else is said."""

    def call(number: str, **options: Any) -> httpx.Response:
        options["headers"] = {**client.headers, **options.get("headers", {})}
        if not {"json", "content"} & options.keys():
            options["json"] = BODIES[described.name]
        path = options.pop("path", described.path.format(vorgangsnummer=number))
        return client.server.http.request(options.pop("method", "POST"), path, **options)

    return call


@pytest.mark.req("C-06", "U-05", "A-01", "C-11")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_documented_answer_is_reached_and_is_as_described(server, client, case, name):
    for described in operations_of(document_of(server, name)):
        call = caller(described, client)
        success, *_ = described.statuses
        key = {"Idempotency-Key": secrets.token_hex(8)}
        described.check(call(case, headers=key), success)
        described.check(call(case, headers=key, json=OTHERS[described.name]), 422)
        described.check(call(case, content=b"{", headers=JSON), 400)
        described.check(call(case, headers={"Idempotency-Key": "x" * 256}), 400)
        described.check(call(case, headers={"Authorization": "Bearer x"}), 401)
        described.check(call(case, headers=kex(server, scopes=[READ]).headers), 403)
        described.check(call(case, path=f"{described.path}/x"), 404)
        described.check(call(case, method="GET"), 405)
        described.check(call(case, content=b" " * (70 * 2**20), headers=JSON), 413)
        described.check(call(case, content=b"{}", headers={"Content-Type": "text/plain"}), 415)
        for status in (500, 503):
            match = {"method": "POST", "pathPrefix": "/kreditsmart/"}
            order = server.sandbox("POST", "/faults", json={"match": match, "status": status, "times": 1})
            assert order.status_code == 201
            described.check(call(case), status)
        reached = {success, 400, 401, 403, 404, 405, 413, 415, 422, 500, 503}
        assert set(described.statuses) == reached | {410}
    not_theirs(server, client, case, name)


def not_theirs(server: Running, client: Kex, case: str, name: str) -> None:
    """The answers that take another Vorgang: 403, 404 and 410 of the domain."""
    foreign = kex(server)
    foreign_case = foreign.case()
    foreign.application(foreign_case, "foreign")
    client.delete(case)
    for described in operations_of(document_of(server, name)):
        call = caller(described, client)
        body: dict[str, Any] = {}
        if described.name == "changeStatus":
            body = {"json": {"antragsnummer": f"{foreign_case}/1/1", "produktanbieterstatus": "ABGELEHNT"}}
        described.check(call(foreign_case, **body), 403)
        described.check(call(case), 410)
        unknown = {"json": {**body["json"], "antragsnummer": "ABCDEF/1/1"}} if body else {}
        described.check(call("ABCDEF", **unknown), 404)
