"""The interface descriptions of the KEX APIs: valid, complete, and the same as what the server does."""

import orjson
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from fallwerk.apis.kex_status import openapi as status
from fallwerk.apis.kex_status.examples import REQUESTS
from fallwerk.apis.kex_status.routes import StatusRoutes
from fallwerk.apis.kex_status.schema import read_status
from fallwerk.apis.kex_update import openapi as update
from fallwerk.apis.kex_update.examples import DOCUMENT_CUT_OFF
from fallwerk.apis.kex_update.routes import UpdateRoutes
from fallwerk.domain.partner.model import Edition
from fallwerk.kit.clock import Clock

BASE = "https://kex.example"
DOCUMENTS = {"kex_update": update.document(BASE), "kex_status": status.document(BASE)}
ROUTES = {
    "kex_update": UpdateRoutes(None, None, Clock(), 1024),
    "kex_status": StatusRoutes(None, Clock(), 1024),
}
OPERATIONS = [
    pytest.param(document, operation, id=operation["operationId"])
    for document in DOCUMENTS.values()
    for item in document["paths"].values()
    for operation in item.values()
]
CASE_ERRORS = {"400", "401", "403", "404", "405", "410", "413", "415", "422", "500", "503"}


def is_valid(document, schema, value):
    whole = {**schema, "components": document["components"]}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(value)


@pytest.mark.req("C-06")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_valid_openapi_and_describes_every_operation_and_no_other(name):
    document = DOCUMENTS[name]
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": BASE}]
    validate(orjson.loads(orjson.dumps(document)))
    wanted = {(f"/{one.path}", one.method.lower(), one.name, one.scope) for one in ROUTES[name].operations()}
    assert wanted == {
        (path, method, operation["operationId"], operation["security"][0]["europace"][0])
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


@pytest.mark.req("C-06", "U-05")
@pytest.mark.parametrize(("document", "operation"), OPERATIONS)
def test_every_error_is_described_and_every_example_fits(document, operation):
    assert operation["responses"].keys() - {"200", "201"} == CASE_ERRORS
    for body in (operation["requestBody"], *operation["responses"].values()):
        for content in body["content"].values():
            assert content["examples"]
            for example in content["examples"].values():
                assert is_valid(document, content["schema"], example["value"]), example
    for parameter in operation["parameters"]:
        assert is_valid(document, parameter["schema"], parameter["example"])


@pytest.mark.req("U-10")
@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("QUJD", True),
        ("QQ", True),
        ("QQ==", True),
        ("QU\r\nJD\n", True),
        ("QUI", True),
        ("", False),
        ("Q", False),
        ("QQ===", False),
        ("QUJD=", False),
        ("QU JD", False),
        ("QUJ-", False),
        (DOCUMENT_CUT_OFF, False),
    ],
)
def test_the_pattern_of_base64_is_what_the_server_takes(text, fits):
    schema = {"$ref": "#/components/schemas/Document"}
    assert is_valid(DOCUMENTS["kex_update"], schema, {"filename": "x", "base64Content": text}) is fits


@pytest.mark.req("A-08")
@pytest.mark.parametrize("name", REQUESTS)
def test_example_requests_are_accepted_by_the_server(name):
    read_status(REQUESTS[name]["value"], Edition.DOCUMENT)
