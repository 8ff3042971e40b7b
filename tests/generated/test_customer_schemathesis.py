"""CUSTOMER's description holds for requests that Schemathesis makes of it, and each documented answer is reached."""

import secrets
from typing import Any, Final

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
from tests.support.openapi import Described, operations_of
from tests.support.policenwerk import CUSTOMER, PATH, Broker, new_broker

NAME: Final = "policenwerk_customer"
OPERATION: Final = f"POST {PATH}"


@pytest.fixture
def broker(server: Running) -> Broker:
    return new_broker(server, obligations="example")


def attack(document: dict[str, Any], broker: Broker) -> Findings:
    """Let Schemathesis run; its credentials are made the broker's, so that requests reach the inside."""
    properties = document["components"]["schemas"]["Customer"]["properties"]
    properties["user_id"] = {"type": "integer", "enum": [broker.user_id]}
    properties["login_token"] = {"type": "string", "enum": [broker.login_token]}
    for example in document["paths"][PATH]["post"]["requestBody"]["content"]["application/json"]["examples"].values():
        example["value"].update(broker.credentials)
    project = ProjectConfig(
        base_url=broker.server.url,
        request_timeout=20,
        continue_on_failure=True,
        checks=ChecksConfig.from_dict(
            {
                "ignored_auth": {"enabled": False},
                # An address's syntax and an IBAN's check digits are beyond a schema; 405 belongs to the operation.
                "positive_data_acceptance": {"expected-statuses": ["2xx", "400", "405", "422"]},
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


@pytest.mark.req("C-06", "P-01", "P-05")
def test_generated_customers_are_answered_as_described(server, broker):
    findings = attack(document_of(server, NAME), broker)
    assert findings.faults == []
    assert findings.answers[OPERATION, 200] > 0
    assert findings.answers[OPERATION, 400] > 50
    assert findings.answers[OPERATION, 401] > 0
    assert server.http.get("/readyz").status_code == 200


@pytest.mark.req("C-06", "P-01", "P-02", "P-07", "C-11")
def test_every_documented_answer_is_reached_and_is_as_described(server, broker):
    (described,) = operations_of(document_of(server, NAME))
    reached = {200, 400, 401, 404, 405, 413, 422, 500, 503}
    assert set(described.statuses) == reached
    key = {"Idempotency-Key": secrets.token_hex(8)}
    described.check(broker.create(headers=key), 200)
    described.check(broker.create(headers=key, ort="Neustadt"), 422)
    described.check(broker.create(land=9), 400)
    described.check(broker.send(content=b"{"), 400)
    described.check(broker.create(headers={"Idempotency-Key": "x" * 256}), 400)
    described.check(broker.create(user_id=""), 401)
    described.check(server.http.post(f"{PATH}/x", json={}), 404)
    described.check(server.http.get(PATH), 405)
    described.check(broker.send(content=b" " * (1024 * 1024 + 1)), 413)
    for status in (500, 503):
        ordered(described, broker, status)
    assert broker.customers()[0]["vorname"] == CUSTOMER["vorname"]


def ordered(described: Described, broker: Broker, status: int) -> None:
    match = {"method": "POST", "pathPrefix": PATH}
    order = broker.server.sandbox("POST", "/faults", json={"match": match, "status": status, "times": 1})
    assert order.status_code == 201
    described.check(broker.create(), status)
