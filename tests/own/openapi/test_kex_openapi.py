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
from fallwerk.neighbours.kex_antragsdokumente import openapi as application_documents
from fallwerk.neighbours.kex_antragsdokumente.examples import REQUESTS as DOCUMENT_REQUESTS
from fallwerk.neighbours.kex_antragsdokumente.routes import ApplicationDocumentRoutes
from fallwerk.neighbours.kex_antragsdokumente.schema import read_document
from fallwerk.neighbours.kex_export import openapi as export
from fallwerk.neighbours.kex_export.routes import ExportRoutes
from fallwerk.neighbours.kex_import import openapi as import_
from fallwerk.neighbours.kex_import.examples import REQUESTS as IMPORT_REQUESTS
from fallwerk.neighbours.kex_import.routes import ImportRoutes
from fallwerk.neighbours.kex_import.schema import read_partner_id

BASE = "https://kex.example"
DOCUMENTS = {
    "kex_update": update.document(BASE),
    "kex_status": status.document(BASE),
    "kex_import": import_.document(BASE),
    "kex_antragsdokumente": application_documents.document(BASE),
    "kex_export": export.document(BASE),
}
ROUTES = {
    "kex_update": UpdateRoutes(None, None, Clock(), 1024),
    "kex_status": StatusRoutes(None, Clock(), 1024),
    "kex_import": ImportRoutes(None, Clock(), 1024),
    "kex_antragsdokumente": ApplicationDocumentRoutes(None, None, Clock()),
    "kex_export": ExportRoutes(None),
}
OPERATIONS = [
    pytest.param(document, operation, id=operation["operationId"])
    for document in DOCUMENTS.values()
    for item in document["paths"].values()
    for operation in item.values()
]
CASE_ERRORS = {"400", "401", "403", "404", "405", "410", "413", "415", "422", "500", "503"}
NOT_MET = {"importVorgang": {"410"}, "readVorgang": {"422"}}
"""What an operation cannot answer: nothing new is deleted, and reading takes no key."""


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
    met = CASE_ERRORS - NOT_MET.get(operation["operationId"], set())
    assert operation["responses"].keys() - {"200", "201"} == met
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


@pytest.mark.req("N-01", "N-02")
def test_example_requests_of_the_neighbours_are_accepted_by_the_server():
    for example in IMPORT_REQUESTS.values():
        assert read_partner_id(example["value"]) == "ABC12"
    for example in DOCUMENT_REQUESTS.values():
        read_document(example["value"], [])
