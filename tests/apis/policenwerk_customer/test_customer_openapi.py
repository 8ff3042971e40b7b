"""The description of CUSTOMER: valid, complete, and the same as what the server does."""

import asyncio

import httpx
import orjson
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from fallwerk.apis.policenwerk_customer import openapi
from fallwerk.apis.policenwerk_customer.examples import CREATED_REQUEST, FULL_REQUEST, REQUESTS
from fallwerk.apis.policenwerk_customer.routes import CustomerRoutes
from fallwerk.dialects.policenwerk.accounts import Caller
from fallwerk.dialects.policenwerk.envelope import Login
from fallwerk.dialects.policenwerk.router import PolicenwerkApi
from fallwerk.domain.customer.model import Broker, BrokerSettings, Obligations
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.idempotency import Answer, IdempotencyKeyReused
from fallwerk.kit.clock import Clock

BASE = "https://ident.example"
DOCUMENT = orjson.loads(orjson.dumps(openapi.document(BASE)))
OPERATION = DOCUMENT["paths"]["/api/customer/create"]["post"]
JSON = {"Content-Type": "application/json"}


def fits(schema, value) -> bool:
    whole = {**schema, "components": DOCUMENT["components"]}
    return Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).is_valid(value)


@pytest.mark.req("C-06")
def test_the_document_is_valid_openapi():
    validate(DOCUMENT)
    assert DOCUMENT["openapi"] == "3.1.0"
    assert DOCUMENT["servers"] == [{"url": BASE}]
    assert set(OPERATION["responses"]) == {"200", "400", "401", "404", "405", "413", "422", "500", "503"}
    assert [one.path for one in CustomerRoutes(None, Clock()).operations()] == list(DOCUMENT["paths"])


@pytest.mark.req("C-06")
def test_every_example_fits_its_schema():
    contents = [OPERATION["requestBody"], *OPERATION["responses"].values()]
    for content in (one["content"]["application/json"] for one in contents):
        for name, example in content["examples"].items():
            # The first example of the document is the one that is refused for its missing name.
            expected = example["value"] is not None and name != "refused"
            assert fits(content["schema"], example["value"]) is expected, name
    for parameter in OPERATION["parameters"]:
        assert fits(parameter["schema"], parameter["example"])
    assert set(REQUESTS) == {"created", "refused", "full"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"anrede": "7", "titel": None, "tel": ""}, True),
        ({"land": "1", "hausnr": 7}, True),
        ({"land": 4}, False),
        ({"land": ""}, False),
        ({"vorname": " "}, False),
        ({"vorname": "x" * 101}, False),
        ({"hausnr": True}, False),
        ({"anrede": 128}, False),
        ({"geburtstag": "21.5.1980"}, False),
        ({"unbekannt": []}, True),
    ],
)
@pytest.mark.req("C-06")
def test_the_request_schema_judges_as_the_server_does(changes, expected):
    body = {**CREATED_REQUEST, **changes}
    assert fits(OPERATION["requestBody"]["content"]["application/json"]["schema"], body) is expected
    assert (call(body).status_code == 200) is expected


class Store:
    """Every transaction ends with one outcome."""

    def __init__(self, outcome):
        self.outcome = outcome

    async def write(self, _work):
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


class OneBroker:
    async def authenticate(self, _body, address):
        broker = Broker(1, 4712, BrokerSettings(obligations=Obligations.EXAMPLE), True, ())
        return Caller(broker, Login(1_800_000_000_000_000, 1_700_000_000_000_000), address)


SAVED = Answer(200, b'{"login":true}')


def call(body, outcome=SAVED, headers=JSON):
    app = PolicenwerkApi(CustomerRoutes(Store(outcome), Clock()).operations(), OneBroker(), max_body_bytes=10_000)

    async def send():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.post("/api/customer/create", content=orjson.dumps(body), headers=headers)

    return asyncio.run(send())


@pytest.mark.req("C-06", "C-11")
@pytest.mark.parametrize(
    ("status", "outcome", "headers"),
    [
        (400, SAVED, {}),
        (400, SAVED, {**JSON, "Idempotency-Key": "x" * 256}),
        (422, IdempotencyKeyReused(), {**JSON, "Idempotency-Key": "k"}),
        (500, ZeroDivisionError(), JSON),
        (503, StoreUnavailable(), JSON),
    ],
)
def test_what_the_server_answers_is_described(status, outcome, headers):
    answer = call(FULL_REQUEST, outcome, headers)
    assert answer.status_code == status
    assert answer.json()["login"] is bool(headers)
    described = OPERATION["responses"][str(status)]
    assert fits(described["content"]["application/json"]["schema"], answer.json())
    if status == 503:
        assert answer.headers["retry-after"] == "1"
