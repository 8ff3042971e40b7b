"""
The interface descriptions hold: for requests that Schemathesis makes of them, well formed or not, answer by answer.

Generated requests find what nobody thought of but not what needs a story (a reference id in use, a body of a megabyte),
so each documented answer has a provocation of its own besides, and one that nothing provokes fails the test.
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import httpx
import pytest
import schemathesis
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwcrypto import jwe, jwk
from schemathesis import engine
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    PhasesConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.config._auth import AuthConfig
from schemathesis.engine.events import FatalError, NonFatalError, ScenarioFinished

from tests.api.conftest import EVERYTHING, TO_DELIVERY, Account, Running
from tests.support.openapi import Described, operations_of

DOCUMENTS: Final = ("scr_start", "scr_delivery", "scr_results")
ENCRYPTION: Final = ("x-scr-key", "x-scr-keyhash", "x-scr-alg", "x-scr-enc")
MAX_S: Final = 30
"""What one document may cost on one engine; the engine stops there by itself."""
REFERENCE_IDS: Final = ("YR9W91GEZK24", "order-4711")
IDEMPOTENCY_KEY: Final = "4d3c9a52-6d0f-4a38-9f60-2f0c3a7f4c11"
"""Those of the description's examples."""
EXAMPLES: Final = 40
EVERY_NTH_CODE: Final = 20
"""All 250 countries at four places would be a thousand requests that differ in nothing else."""


def document_of(server: Running, name: str) -> dict[str, Any]:
    """Fetch a description as a client would."""
    response = server.http.get(f"/openapi/{name}.json")
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


def key_headers(account: Account) -> dict[str, str]:
    """Ask for an encrypted answer."""
    der = private_key().public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hmac.new(account.data_password.encode(), der, hashlib.sha256).digest()
    return {"x-scr-key": base64.b64encode(der).decode(), "x-scr-keyhash": base64.b64encode(digest).decode()}


# Generated requests.


@dataclass
class Findings:
    """What a run of the engine brought."""

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def take(self, event: object) -> None:
        if isinstance(event, FatalError):
            self.faults.append(f"fatal: {event.exception!r}")
        elif isinstance(event, NonFatalError):
            self.faults.append(f"{event.label}: {event.value!r}")
        elif isinstance(event, ScenarioFinished):
            self._take_scenario(event)

    def _take_scenario(self, event: ScenarioFinished) -> None:
        recorder = event.recorder
        for case_id, interaction in recorder.interactions.items():
            if interaction.response is not None:
                label = recorder.cases[case_id].value.operation.label
                self.answers[label, interaction.response.status_code] += 1
        for checks in recorder.checks.values():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    self.faults.append(
                        f"{check.name}: {failure.title}: {failure.message}\n{check.failure_info.code_sample}"
                    )


@schemathesis.hook
def before_call(_context: object, case: schemathesis.Case, _kwargs: dict[str, Any]) -> None:
    """Make an example's reference id and idempotency key new ones each time: they would meet themselves."""
    if isinstance(case.body, dict) and isinstance(case.body.get("processData"), dict):
        process = case.body["processData"]
        if process.get("referenceId") in REFERENCE_IDS:
            # Requests share their parts, so the example itself stays as it is.
            case.body = {**case.body, "processData": {**process, "referenceId": secrets.token_hex(7)}}
    if case.headers and case.headers.get("Idempotency-Key") == IDEMPOTENCY_KEY:
        case.headers["Idempotency-Key"] = secrets.token_hex(8)


def attack(document: dict[str, Any], account: Account, parameters: dict[str, str], max_s: int) -> Findings:
    """Let Schemathesis run its examples, its systematic coverage and random requests against a document."""
    project = ProjectConfig(
        base_url=account.server.url,
        auth=AuthConfig(basic={"username": account.username, "password": account.password}),
        parameters={"path.clientId": account.client_id, **parameters},
        request_timeout=20,
        continue_on_failure=True,
        checks=ChecksConfig.from_dict(
            {
                # Every wrong credential delays the next one (C-10); 401 is provoked below.
                "ignored_auth": {"enabled": False},
                # START and the results share a path: a method that one document lacks is the other's. 405 is below, and
                # what `Allow` says in tests/api/test_envelope.py.
                "unsupported_method": {"enabled": False},
                "allow_header_conformance": {"enabled": False},
                # 405 belongs to every operation, and a 409 is an answer to a well formed request.
                "positive_data_acceptance": {"expected-statuses": ["2xx", "404", "409"]},
            }
        ),
        generation=GenerationConfig(max_examples=EXAMPLES, with_security_parameters=False, database="none"),
        # No operation of these documents makes what another one needs, so there are no chains to try.
        phases=PhasesConfig.from_dict({"stateful": {"enabled": False}}),
    )
    project.max_time = max_s
    config = SchemathesisConfig(projects=ProjectsConfig(default=project))
    schema = schemathesis.openapi.from_dict(document, config=config)

    findings = Findings()
    for event in engine.from_schema(schema).execute():
        findings.take(event)
    return findings


def simplified(document: dict[str, Any]) -> dict[str, Any]:
    """Leave some of the country codes, and the wrapper, which is judged only where nothing stands beside it."""
    del document["components"]["schemas"]["StartRequest"]["properties"]["orderData"]
    for name in ("CountryCode", "NationalityCode"):
        codes = document["components"]["schemas"][name]["enum"]
        document["components"]["schemas"][name]["enum"] = codes[::EVERY_NTH_CODE]
    return document


def without_encryption(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out the headers that only make sense together."""
    for described in operations_of(document):
        parameters = described.operation["parameters"]
        described.operation["parameters"] = [one for one in parameters if one["name"] not in ENCRYPTION]
    return document


@pytest.fixture
def account(server: Running) -> Account:
    return server.account(**EVERYTHING, couponActive=True, couponMax=1000)


@pytest.mark.req("C-06", "S-05", "S-36")
def test_generated_start_requests_are_answered_as_described(server, account):
    case_id = new_case(account)
    findings = attack(simplified(document_of(server, "scr_start")), account, {"path.caseId": case_id}, MAX_S)
    assert findings.faults == []
    start = f"POST {account.base.replace(account.client_id, '{clientId}')}/cases"
    # It did reach the inside, from both sides.
    assert findings.answers[start, 201] > 100
    assert findings.answers[start, 400] > 100
    assert findings.answers[f"{start}/{{caseId}}/piCouponByFile", 201] > 10
    assert server.http.get("/readyz").status_code == 200


@pytest.mark.req("C-06", "D-24", "D-42", "S-36")
def test_generated_delivery_requests_are_answered_as_described(server, account):
    case_id = account.order()
    account.walk(case_id, *TO_DELIVERY, "success")
    findings = attack(
        without_encryption(document_of(server, "scr_delivery")), account, {"path.caseId": case_id}, MAX_S // 2
    )
    assert findings.faults == []
    listed = f"GET {account.base.replace(account.client_id, '{clientId}')}/cases/delivery"
    for operation in (listed, f"{listed}/{{caseId}}"):
        assert findings.answers[operation, 200] > 10
    assert findings.answers[listed, 400] > 10
    assert server.http.get("/readyz").status_code == 200


@pytest.mark.req("C-06", "D-80")
def test_generated_requests_for_encrypted_results_are_answered_as_described(server, account):
    account.walk(account.order(), *TO_DELIVERY, "success")
    pinned = {f"header.{name}": value for name, value in key_headers(account).items()}
    findings = attack(document_of(server, "scr_delivery"), account, pinned, MAX_S // 2)
    assert findings.faults == []
    assert sum(count for (_, status), count in findings.answers.items() if status == 200) > 10


@pytest.mark.req("C-06", "R-01", "R-02")
def test_generated_requests_for_results_of_the_methods_are_answered_as_described(server, account):
    case_id = played_case(account)
    document = without_encryption(document_of(server, "scr_results"))
    findings = attack(document, account, {"path.caseId": case_id}, MAX_S // 2)
    assert findings.faults == []
    listed = f"GET {account.base.replace(account.client_id, '{clientId}')}/cases"
    for operation in (listed, f"{listed}/{{caseId}}", f"{listed}/{{caseId}}/full"):
        assert findings.answers[operation, 200] > 10
    assert findings.answers[listed, 400] > 10
    assert server.http.get("/readyz").status_code == 200


# One answer at a time.

Provocation = Callable[[Described, Account], httpx.Response]


def url_of(described: Described, account: Account, **parameters: str) -> str:
    return described.path.format(**{"clientId": account.client_id, "caseId": "000000000000", **parameters})


def send(described: Described, account: Account, *, case_id: str = "000000000000", **options: Any) -> httpx.Response:
    """Call an operation with what it needs at least."""
    if described.method == "patch" and not {"json", "content"} & options.keys():
        options["json"] = []
    options.setdefault("auth", account.auth)
    method = options.pop("method", described.method).upper()
    path = options.pop("path", url_of(described, account, caseId=case_id))
    return account.server.http.request(method, path, **options)


def closed_case(account: Account) -> str:
    case_id = account.order({"customData": {"custom1": "contract 77"}})
    account.walk(case_id, *TO_DELIVERY, "rerouted to postoffice")
    response = account.simulate(case_id, "success", postOffice={"streetAddress": "Marktplatz 1", "city": "Bonn"})
    assert response.status_code == 200
    return case_id


def played_case(account: Account) -> str:
    body = {"contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann"}}
    case_id = str(account.start(body).json()["caseId"])
    for method, status in (("basic", "coupon requested"), ("video", "success")):
        step = {"method": method, "status": status}
        assert account.server.sandbox("POST", f"/cases/{case_id}/simulate", json=step).status_code == 200
    return case_id


def played_result(described: Described, account: Account) -> httpx.Response:
    return send(described, account, case_id=played_case(account), params={"includeBinaryData": "true"})


def encrypted_played_result(described: Described, account: Account) -> httpx.Response:
    headers = key_headers(account)
    response = send(
        described, account, case_id=played_case(account), headers=headers, params={"includeBinaryData": "true"}
    )
    opened = jwe.JWE()
    opened.deserialize(response.text, key=jwk.JWK.from_pyca(private_key()))
    described.validate(
        described.operation["responses"]["200"]["content"]["application/json"]["schema"], json.loads(opened.payload)
    )
    return response


def started(described: Described, account: Account) -> httpx.Response:
    body = {"contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann", "email": "erika@example.org"}}
    return send(described, account, json=body)


def alive(described: Described, account: Account) -> httpx.Response:
    return send(described, account, auth=(account.alive_username, account.alive_password))


def archived(described: Described, account: Account) -> httpx.Response:
    response = send(described, account, json=[closed_case(account)])
    assert response.json()[0]["caseStatus"]["archived"] is True
    return response


def plain_result(described: Described, account: Account) -> httpx.Response:
    response = send(described, account, case_id=closed_case(account))
    assert response.headers["content-type"] == "application/json"
    assert len(response.text) > 100
    return response


def encrypted_result(described: Described, account: Account) -> httpx.Response:
    """Another library opens it, and what is inside fits the plain answer's schema."""
    response = send(described, account, case_id=closed_case(account), headers=key_headers(account))
    assert response.headers["content-type"] == "application/jose"
    opened = jwe.JWE()
    opened.deserialize(response.text, key=jwk.JWK.from_pyca(private_key()))
    schema = described.operation["responses"]["200"]["content"]["application/json"]["schema"]
    described.validate(schema, json.loads(opened.payload))
    return response


def wrong_content_type(described: Described, account: Account) -> httpx.Response:
    return send(described, account, content=b"{}", headers={"Content-Type": "text/plain"})


def malformed_body(described: Described, account: Account) -> httpx.Response:
    return send(described, account, content=b'{"a":', headers={"Content-Type": "application/json"})


def bad_parameter(described: Described, account: Account) -> httpx.Response:
    return send(described, account, params={"closedFrom": "2026-02-30"})


def bad_header(described: Described, account: Account) -> httpx.Response:
    return send(described, account, headers={**key_headers(account), "x-scr-keyhash": "AAAA"})


def unauthorized(described: Described, account: Account) -> httpx.Response:
    return send(described, account, auth=(account.username, "wrong"))


def other_version(described: Described, account: Account) -> httpx.Response:
    return send(described, account, path=url_of(described, account).replace("/v1/", "/v2/"))


def unknown_case(described: Described, account: Account) -> httpx.Response:
    return send(described, account, case_id="ZZZZZZZZZZZZ")


def other_method(described: Described, account: Account) -> httpx.Response:
    return send(described, account, method="DELETE")


def too_large(described: Described, account: Account) -> httpx.Response:
    return send(described, account, content=b" " * (8 * 1024 * 1024 + 1), headers={"Content-Type": "application/json"})


def reference_taken(described: Described, account: Account) -> httpx.Response:
    body = {"processData": {"referenceId": secrets.token_hex(7)}}
    assert send(described, account, json=body).status_code == 201
    response = send(described, account, json=body)
    assert len(response.json()["caseId"]) == 12
    return response


def key_reused(described: Described, account: Account) -> httpx.Response:
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    assert send(described, account, json={}, headers=headers).status_code == 201
    return send(described, account, json={"customData": {"custom1": "x"}}, headers=headers)


def new_case(account: Account) -> str:
    response = account.start()
    assert response.status_code == 201
    return str(response.json()["caseId"])


def issued(described: Described, account: Account) -> httpx.Response:
    response = send(described, account, case_id=new_case(account))
    assert base64.b64decode(response.json()["documentData"]).startswith(b"%PDF-")
    return response


def telling_body(described: Described, account: Account) -> httpx.Response:
    return send(described, account, case_id=new_case(account), json={"couponFileType": "printable"})


def no_coupons(described: Described, account: Account) -> httpx.Response:
    response = send(described, account.server.account(), case_id=new_case(account))
    assert response.json()["errors"][0]["errorcode"] == "90124"
    return response


def coupon_limit(described: Described, account: Account) -> httpx.Response:
    limited = account.server.account(couponActive=True, couponMax=0)
    response = send(described, limited, case_id=new_case(limited))
    assert response.json()["errors"][0]["errorcode"] == "90308"
    return response


def coupon_key_reused(described: Described, account: Account) -> httpx.Response:
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    assert send(described, account, case_id=new_case(account), headers=headers).status_code == 201
    return send(described, account, case_id=new_case(account), headers=headers)


def expired_case(described: Described, account: Account) -> httpx.Response:
    short = account.server.account(couponActive=True, validityDays=1)
    case_id = new_case(short)
    account.server.advance(2 * 24 * 3600)
    return send(described, short, case_id=case_id)


def ordered(status: int) -> Provocation:
    """Order the status from the sandbox; the real causes are provoked in tests/faults."""

    def provoke(described: Described, account: Account) -> httpx.Response:
        match = {"method": described.method.upper(), "pathPrefix": account.base}
        order = account.server.sandbox("POST", "/faults", json={"match": match, "status": status, "times": 1})
        assert order.status_code == 201
        return send(described, account)

    return provoke


COMMON: Final[dict[int, tuple[Provocation, ...]]] = {
    400: (wrong_content_type,),
    401: (unauthorized,),
    404: (other_version,),
    405: (other_method,),
    413: (too_large,),
    500: (ordered(500),),
    503: (ordered(503),),
}
ARCHIVE: Final = {**COMMON, 200: (archived,), 400: (malformed_body, wrong_content_type)}
COUPON: Final[dict[int, tuple[Provocation, ...]]] = {
    **COMMON,
    201: (issued,),
    400: (wrong_content_type, malformed_body, telling_body),
    401: (unauthorized, no_coupons),
    404: (other_version, unknown_case),
    409: (coupon_limit, coupon_key_reused),
    410: (expired_case,),
}
PLAYED: Final[dict[int, tuple[Provocation, ...]]] = {
    **COMMON,
    200: (played_result, encrypted_played_result),
    400: (bad_header, wrong_content_type),
    404: (other_version, unknown_case),
}
PROVOCATIONS: Final[dict[str, dict[int, tuple[Provocation, ...]]]] = {
    "startCase": {
        **COMMON,
        201: (started,),
        400: (malformed_body, wrong_content_type),
        409: (reference_taken, key_reused),
    },
    "issueCoupon": COUPON,
    "checkAlive": {**COMMON, 200: (alive,)},
    "listDeliveryCases": {
        **COMMON,
        200: (plain_result, encrypted_result),
        400: (bad_parameter, bad_header, wrong_content_type),
    },
    "getDeliveryCase": {
        **COMMON,
        200: (plain_result, encrypted_result),
        400: (bad_header, wrong_content_type),
        404: (other_version, unknown_case),
    },
    "listCases": {
        **COMMON,
        200: (played_result, encrypted_played_result),
        400: (bad_parameter, bad_header, wrong_content_type),
    },
    "getCase": PLAYED,
    "getFullCase": PLAYED,
    "archiveCases": ARCHIVE,
    "archiveDeliveryCases": ARCHIVE,
}
"""What brings about each documented answer of each operation."""


@pytest.mark.req("C-06")
@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_documented_answer_is_reached_and_is_as_described(server, name):
    reached = set()
    documented = set()
    for described in operations_of(document_of(server, name)):
        # An account of its own: the failures of one operation do not slow the next one down.
        account = server.account(**EVERYTHING, couponActive=True)
        documented |= {(described.name, status) for status in described.statuses}
        for status, provocations in PROVOCATIONS[described.name].items():
            assert status in described.statuses, f"{described.name} does not describe {status}"
            for provoke in provocations:
                described.check(provoke(described, account), status)
            reached.add((described.name, status))
    assert sorted(documented - reached) == []


@pytest.mark.req("C-06")
def test_the_documents_name_the_server_that_serves_them(server):
    for name in DOCUMENTS:
        assert document_of(server, name)["servers"] == [{"url": server.url}]
