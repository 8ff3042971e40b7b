"""The interface descriptions: valid, complete, and the same as what the server does."""

import asyncio
import base64
from types import SimpleNamespace

import httpx
import orjson
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from fallwerk.apis.scr_delivery import openapi as delivery
from fallwerk.apis.scr_delivery.mapping import archive_entries, case_result, single_from_list
from fallwerk.apis.scr_delivery.routes import DeliveryRoutes
from fallwerk.apis.scr_start import openapi as start
from fallwerk.apis.scr_start.examples import REQUESTS
from fallwerk.apis.scr_start.mapping import to_response
from fallwerk.apis.scr_start.routes import StartRoutes
from fallwerk.apis.scr_start.schema import read_order
from fallwerk.dialects.scr.auth import Caller, Unauthenticated
from fallwerk.dialects.scr.router import PREFIX, VERSION, ScrApi
from fallwerk.domain.account.model import ScrClient, ScrSettings
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.idempotency import IdempotencyKeyReused
from fallwerk.domain.identcase.errors import ReferenceIdTaken
from fallwerk.domain.identcase.model import (
    CaseId,
    CaseKind,
    CaseStatus,
    IdentCase,
    Identification,
    IdentStatus,
    Method,
    PostOffice,
)
from fallwerk.kit.clock import Clock
from fallwerk.neighbours.scr_results import openapi as results
from fallwerk.neighbours.scr_results.routes import ResultRoutes

BASE = "https://ident.example"
DOCUMENTS = {
    "scr_start": start.document(BASE),
    "scr_delivery": delivery.document(BASE),
    "scr_results": results.document(BASE),
}
OPERATIONS = [
    pytest.param(document, path, method, operation, id=f"{name}-{operation['operationId']}")
    for name, document in DOCUMENTS.items()
    for path, item in document["paths"].items()
    for method, operation in item.items()
]
CASES = f"{PREFIX}/{VERSION}/1234ABCD/cases"
JSON = {"Content-Type": "application/json"}
NOW = 1_800_000_000_000_000


def check(document, schema, value):
    Draft202012Validator(
        {**schema, "components": document["components"]}, format_checker=Draft202012Validator.FORMAT_CHECKER
    ).validate(value)


def is_valid(document, name, value):
    schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    return Draft202012Validator(schema).is_valid(value)


@pytest.mark.req("C-06")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_valid_openapi(name):
    assert DOCUMENTS[name]["openapi"].startswith("3.1")
    assert DOCUMENTS[name]["servers"] == [{"url": BASE}]
    validate(orjson.loads(orjson.dumps(DOCUMENTS[name])))


def routes():
    alive = SimpleNamespace()
    return StartRoutes(None, Clock(), alive, BASE, None), DeliveryRoutes(None, Clock())


@pytest.mark.req("C-06")
def test_every_operation_of_the_routes_is_described_and_no_other():
    start_routes, delivery_routes = routes()
    alive = next(operation for operation in start_routes.operations() if operation.name == "checkAlive")
    for name, operations in (
        ("scr_start", start_routes.operations()),
        ("scr_delivery", (*delivery_routes.operations(), alive)),
        ("scr_results", ResultRoutes(None, None, Clock(), lambda _file, _attempt: b"").operations()),
    ):
        wanted = {(f"{PREFIX}/{VERSION}/{one.path}", one.method.lower(), one.name) for one in operations}
        assert wanted == {
            (path, method, operation["operationId"])
            for path, item in DOCUMENTS[name]["paths"].items()
            for method, operation in item.items()
        }


@pytest.mark.req("C-06")
@pytest.mark.parametrize(("document", "path", "method", "operation"), OPERATIONS)
def test_every_example_of_an_operation_fits_its_schema(document, path, method, operation):
    bodies = (
        [operation["requestBody"], *operation["responses"].values()]
        if "requestBody" in operation
        else [*operation["responses"].values()]
    )
    seen = 0
    for body in bodies:
        for content in body["content"].values():
            assert content["examples"]
            for example in content["examples"].values():
                check(document, content["schema"], example["value"])
                seen += 1
    for parameter in operation["parameters"]:
        values = [parameter[key] for key in ("example",) if key in parameter]
        values += [example["value"] for example in parameter.get("examples", {}).values()]
        for value in values:
            check(document, parameter["schema"], value)
    assert seen > len(operation["responses"]) - 1


@pytest.mark.req("C-06")
@pytest.mark.parametrize(("document", "path", "method", "operation"), OPERATIONS)
def test_every_operation_describes_the_errors_that_all_can_meet(document, path, method, operation):
    assert {"400", "401", "404", "405", "413", "500", "503"} <= operation["responses"].keys()
    assert "WWW-Authenticate" in operation["responses"]["401"]["headers"]
    assert "Allow" in operation["responses"]["405"]["headers"]
    assert document["security"] == [{"basic": []}]
    assert all(answer["headers"]["X-TraceId"]["required"] for answer in operation["responses"].values())
    assert "X-TraceId" in [parameter["name"] for parameter in operation["parameters"]]


@pytest.mark.req("D-80")
def test_results_are_described_plain_and_encrypted():
    for name, path in (
        ("scr_delivery", "/cases/delivery"),
        ("scr_delivery", "/cases/delivery/{caseId}"),
        ("scr_results", "/cases"),
        ("scr_results", "/cases/{caseId}"),
        ("scr_results", "/cases/{caseId}/full"),
    ):
        operation = DOCUMENTS[name]["paths"][f"{PREFIX}/{VERSION}/{{clientId}}{path}"]["get"]
        assert set(operation["responses"]["200"]["content"]) == {"application/json", "application/jose"}
        headers = [parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "header"]
        assert headers == ["x-scr-key", "x-scr-keyhash", "x-scr-alg", "x-scr-enc", "X-TraceId"]


@pytest.mark.req("D-26")
def test_the_partial_delivery_header_is_described_with_the_list():
    listed = DOCUMENTS["scr_delivery"]["paths"][f"{PREFIX}/{VERSION}/{{clientId}}/cases/delivery"]["get"]
    assert listed["responses"]["200"]["headers"]["X-PARTIAL-DELIVERY"]["schema"]["enum"] == ["true"]


@pytest.mark.parametrize("name", REQUESTS)
def test_example_requests_are_accepted_by_the_server(name):
    read_order(orjson.dumps(REQUESTS[name]["value"]))


@pytest.mark.parametrize(
    ("body", "fits"),
    [
        ({"customData": {"custom1": None, "custom2": ""}, "someThing": 5}, True),
        ({"customData": {"custom1": 5}}, False),
        ({"customData": {"custom1": "x" * 101}}, False),
        ({"custom_data": {}}, False),
        ({"contactDataProvided": {"address": {"country": "DEU"}}}, True),
        ({"contactDataProvided": {"address": {"country": "de"}}}, False),
        ({"identificationDocumentProvided": {"nationality": "XXA"}}, True),
        ({"orderData": {"customData": {"custom1": "x"}}}, True),
        ({"orderData": {"customData": {"custom1": 1}}}, False),
        ({"processData": {"webHookUrl": "https://a.example", "webHookURL": "https://a.example"}}, False),
    ],
)
def test_the_request_schema_judges_as_the_server_does(body, fits):
    try:
        read_order(orjson.dumps(body))
        accepted = True
    except Exception:  # noqa: BLE001 - whatever it is, it is a refusal
        accepted = False
    assert (accepted, is_valid(DOCUMENTS["scr_start"], "StartRequest", body)) == (fits, fits)


def test_the_answer_of_a_start_fits_and_nothing_may_be_added_to_it():
    body = orjson.loads(to_response("ABCD1234EFGH", NOW, public_base_url=BASE, ios_scheme="a", package_name="b"))
    assert is_valid(DOCUMENTS["scr_start"], "StartResponse", body)
    assert not is_valid(DOCUMENTS["scr_start"], "StartResponse", {**body, "more": 1})
    assert not is_valid(DOCUMENTS["scr_start"], "StartResponse", {**body, "webStart": {**body["webStart"], "more": 1}})


def case(status):
    return IdentCase(1, CaseId("ABCD1234EFGH"), CaseKind.DELIVERY, status, False, "r", True, NOW, NOW, None, NOW)


@pytest.mark.parametrize(
    ("status", "identification"),
    [
        (CaseStatus.NEW, None),
        (CaseStatus.CLOSED, Identification(Method.DELIVERY, IdentStatus.DECLINED, NOW, NOW, 16, 325, NOW)),
        (
            CaseStatus.CLOSED,
            Identification(
                Method.DELIVERY,
                IdentStatus.SUCCESS,
                NOW,
                NOW,
                identified_us=NOW,
                post_office=PostOffice(None, "Bonn"),
            ),
        ),
    ],
)
def test_rendered_results_fit_their_schemas(status, identification):
    listed = case_result(case(status), "label", identification)
    assert is_valid(DOCUMENTS["scr_delivery"], "DeliveryCaseResult", listed)
    single = orjson.loads(single_from_list(orjson.dumps(listed)))
    assert is_valid(DOCUMENTS["scr_delivery"], "SingleDeliveryCaseResult", single)
    assert not is_valid(DOCUMENTS["scr_delivery"], "SingleDeliveryCaseResult", {**single, "identification": None})
    for entry in archive_entries([case(status)]):
        assert is_valid(DOCUMENTS["scr_delivery"], "ArchivedCase", entry)


class OneAccount:
    async def authenticate(self, client_id, authorization, address):
        if authorization is None:
            raise Unauthenticated
        client = ScrClient(1, client_id, ScrSettings(delivery_active=True), (("word", None),), ())
        return Caller(client, "user", alive_only=False)


class FailingStore:
    """Every transaction ends with one error."""

    def __init__(self, error):
        self.error = error

    async def read(self, work):
        raise self.error

    async def write(self, work):
        raise self.error

    async def write_together(self, many, item):
        raise self.error


def call(error, method, path, **more):
    store = FailingStore(error)
    operations = (
        *StartRoutes(store, Clock(), None, BASE, None).operations(),
        *DeliveryRoutes(store, Clock()).operations(),
    )
    app = ScrApi(operations, OneAccount(), max_body_bytes=1000)

    async def send():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **more)

    return asyncio.run(send())


AUTH = {"Authorization": "Basic " + base64.b64encode(b"user:word").decode()}
START_POST = ("scr_start", "/cases", "post")
LIST_GET = ("scr_delivery", "/cases/delivery", "get")
GET_ONE = ("scr_delivery", "/cases/delivery/{caseId}", "get")
ARCHIVE = ("scr_delivery", "/cases/archive", "patch")
REAL = [
    (400, START_POST, None, {"content": b"{", "headers": {**AUTH, **JSON}}),
    (400, START_POST, None, {"content": b"{}", "headers": AUTH}),
    (400, LIST_GET, None, {"params": {"closedFrom": "soon", "new": "maybe"}, "headers": AUTH}),
    (400, GET_ONE, None, {"headers": {**AUTH, "x-scr-alg": "none"}}),
    (400, ARCHIVE, None, {"content": b"{}", "headers": {**AUTH, **JSON}}),
    (401, START_POST, None, {}),
    (401, LIST_GET, None, {}),
    (409, START_POST, ReferenceIdTaken(CaseId("ABCD1234EFGH")), {"headers": AUTH}),
    (409, START_POST, IdempotencyKeyReused(), {"headers": {**AUTH, "Idempotency-Key": "k"}}),
    (400, START_POST, None, {"content": b" " * 1001, "headers": AUTH}),
    (413, START_POST, None, {"content": b" " * 8001, "headers": AUTH}),
    (413, ARCHIVE, None, {"content": b" " * 8001, "headers": AUTH}),
    (500, START_POST, ZeroDivisionError(), {"headers": AUTH}),
    (503, START_POST, StoreUnavailable(), {"headers": AUTH}),
    (503, LIST_GET, StoreUnavailable(), {"headers": AUTH}),
    (503, ARCHIVE, StoreUnavailable(), {"content": b"[]", "headers": {**AUTH, **JSON}}),
]


@pytest.mark.req("C-06")
@pytest.mark.parametrize(("status", "operation", "error", "request_"), REAL)
def test_what_the_server_answers_is_described(status, operation, error, request_):
    name, path, method = operation
    target = f"{PREFIX}/{VERSION}/1234ABCD{path}".replace("{caseId}", "ABCD1234EFGH")
    answer = call(error, method, target, **request_)
    assert answer.status_code == status, answer.text
    described = DOCUMENTS[name]["paths"][f"{PREFIX}/{VERSION}/{{clientId}}{path}"][method]["responses"][str(status)]
    check(DOCUMENTS[name], described["content"]["application/json"]["schema"], answer.json())
    for header, what in described.get("headers", {}).items():
        # The trace id comes from the layer around every request.
        if what.get("required") and header != "X-TraceId":
            check(DOCUMENTS[name], what["schema"], answer.headers[header])


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", CASES), ("POST", f"{CASES}/delivery"), ("GET", f"{CASES}/archive")]
)
def test_a_wrong_method_is_answered_as_described(method, path):
    answer = call(None, method, path, headers=AUTH)
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    assert is_valid(DOCUMENTS["scr_start"], "Refusal", answer.json())
