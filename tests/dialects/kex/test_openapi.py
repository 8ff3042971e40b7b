"""The parts that all KEX documents share make a valid description, and promise what the router answers."""

import orjson
import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from fallwerk.dialects.kex import openapi, problems
from fallwerk.dialects.kex.router import JSON
from fallwerk.dialects.problem import PointedFault, Problem, Wire

SCOPE = "privatkredit:vorgang:schreiben"
TAKEN = {"type": "array", "items": {"type": "string"}}


def described():
    operation = {
        "operationId": "addComments",
        "summary": "Add comments",
        "security": openapi.security(SCOPE),
        "parameters": [openapi.IDEMPOTENCY_KEY],
        "requestBody": openapi.request_body(TAKEN, {"one": {"value": ["Testkommentar"]}}),
        "responses": {
            "200": openapi.success("Added.", {"type": "object"}, {}),
            **openapi.refusals(
                SCOPE,
                (Wire(410, "The Vorgang is deleted."), openapi.idempotency_refusal()),
                faults={"text": PointedFault("/0", "The value must be a string.")},
            ),
        },
    }
    paths = {"/kreditsmart/kex/x": {"post": operation}}
    return openapi.document("T", "D", version="1", public_base_url="https://kex.example/", paths=paths, schemas={})


@pytest.mark.req("C-06")
def test_a_document_of_these_parts_is_valid_and_names_the_token_server():
    document = orjson.loads(orjson.dumps(described()))
    validate(document)
    flow = document["components"]["securitySchemes"]["europace"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == "https://kex.example/auth/token"
    assert flow["scopes"] == {SCOPE: "KreditSmart-Vorgänge anlegen/verändern"}
    assert document["servers"] == [{"url": "https://kex.example"}]


@pytest.mark.req("C-06", "U-05")
def test_every_error_that_the_router_can_answer_is_described_with_valid_examples():
    document = orjson.loads(orjson.dumps(described()))
    responses = document["paths"]["/kreditsmart/kex/x"]["post"]["responses"]
    assert sorted(responses) == [
        "200", "400", "401", "403", "404", "405", "410", "413", "415", "422", "500", "503"
    ]  # fmt: skip
    schema = {"$ref": "#/components/schemas/Problem", "components": document["components"]}
    for status, response in responses.items():
        assert response["headers"]["X-TraceId"]["required"]
        if status == "200":
            assert list(response["content"]) == [JSON]
            continue
        for example in response["content"]["application/problem+json"]["examples"].values():
            assert example["value"]["status"] == int(status)
            assert list(OAS31Validator(schema).iter_errors(example["value"])) == []
    validator = OAS31Validator(schema)
    assert not validator.is_valid(orjson.loads(problems.render(Problem(404, "x"), "").body)), (
        "the trace id is mandatory"
    )
