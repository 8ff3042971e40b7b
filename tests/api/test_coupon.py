"""Coupons for the post office over HTTP (S-60 to S-68)."""

import base64
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from urllib.parse import quote

import psycopg
import pypdfium2
import pytest
import zxingcpp

from tests.api.conftest import EVERYTHING, NDJSON, Account
from tests.support.receiver import Receiver
from tests.support.scr import CASE_UNKNOWN, JSON_HEADER, bad, case_row, nested, refused, rows, started, tenant_of
from tests.support.scr import nothing_stored as nothing_stored_in_tables

DAY_S = 24 * 3600
RACERS = 8
COUPONS = {"couponActive": True, "accountingNumber": "87122222143703", "displayName": "Musterbank"}
NO_BODY = "This call takes no body."
NOT_ACTIVE = {
    "errorcode": "90124",
    "reason": "resource not activated",
    "key": "Authorization",
    "message": "Resource is not activated for this clientId.",
}
WRONG_STATUS = {
    "errorcode": "90307",
    "reason": "wrong identification status",
    "key": "caseId",
    "message": "Basic identification is in a wrong status.",
}
LIMIT = {
    "errorcode": "90308",
    "reason": "coupon limit exceeded",
    "key": "caseId",
    "message": "Maximum number of possible PI coupons exceeded.",
}
FIELDS = [
    *("couponId", "caseId", "validUntil", "referenceId", "accountingNumber", "couponFileType"),
    *("contentType", "mimeType", "fileName", "fileSize", "documentData"),
]


@pytest.fixture
def account(server):
    return server.account(**EVERYTHING, **COUPONS)


def coupon(account: Account, case_id: str, **options):
    return account.request("POST", f"/cases/{case_id}/piCouponByFile", **options)


def document_of(response) -> bytes:
    assert response.status_code == 201, response.text
    return base64.b64decode(response.json()["documentData"], validate=True)


def kept(account: Account) -> list[dict]:
    return rows(account.server, "SELECT * FROM coupon WHERE tenant_id = ?", tenant_of(account))


def objects(account: Account) -> int:
    """What lies in the blob store; equal sheets of one second are one object."""
    account.server.advance(0)
    folder = account.server.process.data / "blobs" / str(tenant_of(account))
    return sum(path.is_file() for path in folder.rglob("*"))


def references(account: Account) -> list[int]:
    """How often each content is referred to."""
    statement = "SELECT reference_count FROM blob WHERE tenant_id = ?"
    return [row["reference_count"] for row in rows(account.server, statement, tenant_of(account))]


def nothing_stored(account: Account):
    assert kept(account) == []
    return nothing_stored_in_tables(account)


def basic_status(account: Account, case_id: str) -> list[str]:
    statement = "SELECT status FROM identification WHERE tenant_id = ? AND case_id = ? AND method = 'basic'"
    return [row["status"] for row in rows(account.server, statement, tenant_of(account), case_id)]


@pytest.mark.req("S-60", "S-61")
@pytest.mark.parametrize("suffix", ["", "/"])
def test_a_coupon_comes_with_every_field_of_the_guide(account, suffix):
    case = account.start(nested("processData.referenceId", "order-4711")).json()
    response = account.request("POST", f"/cases/{case['caseId']}/piCouponByFile{suffix}")
    assert (response.status_code, response.headers["content-type"]) == (201, "application/json")
    body = response.json()
    assert list(body) == FIELDS
    assert body["couponId"].isdecimal()
    document = base64.b64decode(body.pop("documentData"), validate=True)
    assert body == {
        "couponId": body["couponId"],
        "caseId": case["caseId"],
        "validUntil": case["validUntil"],
        "referenceId": "order-4711",
        "accountingNumber": "87122222143703",
        "couponFileType": "printable",
        "contentType": "application/pdf",
        "mimeType": "application/pdf",
        "fileName": f"{case['caseId']}_pi-coupon_printable.pdf",
        "fileSize": len(document),
    }
    assert document.startswith(b"%PDF-")
    assert len(pypdfium2.PdfDocument(document)) == 1


@pytest.mark.req("S-61")
def test_the_file_type_is_the_accounts_and_names_the_file(server):
    account = server.account(**COUPONS, couponFileType="dmc_v2")
    case_id = started(account)
    body = coupon(account, case_id).json()
    assert (body["couponFileType"], body["fileName"]) == ("dmc_v2", f"{case_id}_pi-coupon_dmc_v2.pdf")


@pytest.mark.req("S-62", "S-13", "S-15")
@pytest.mark.parametrize(("language", "word"), [("DE_DE", "Vorgangsnummer"), ("EN_UK", "Case number")])
def test_the_page_speaks_the_preferred_language_and_its_symbol_names_the_case(account, language, word):
    order = {
        "processData": {"preferredLanguage": language},
        "contactDataProvided": {"firstName": "Zoë", "lastName": "Őry-Łukasiewicz", "email": "zoe@example.org"},
    }
    case_id = started(account, order)
    page = pypdfium2.PdfDocument(document_of(coupon(account, case_id)))[0]
    text = page.get_textpage().get_text_bounded()
    for value in (word, case_id, "87122222143703", "Musterbank", "Zoë", "Őry-Łukasiewicz"):
        assert value in text
    (symbol,) = zxingcpp.read_barcodes(page.render(scale=300 / 72).to_pil())
    # Without a reference id of the client's the case id takes its place.
    assert symbol.text == f"PI1:{case_id}:{case_id}:87122222143703"


@pytest.mark.req("S-63", "S-66")
def test_coupons_are_off_by_default_whatever_is_asked_for(server):
    account = server.account(accountingNumber="1")
    case_id = started(account)
    with nothing_stored(account):
        for path, options in (
            (case_id, {}),
            ("ZZZZZZZZZZZZ", {}),
            (case_id, {"content": b"[]", "headers": JSON_HEADER}),
            (case_id, {"content": b"x", "headers": {"Content-Type": "text/plain"}}),
        ):
            response = coupon(account, path, **options)
            assert refused(response, 401) == [NOT_ACTIVE]
            assert response.headers["www-authenticate"].startswith("Basic ")
        # Who does not authenticate never hears what is activated.
        (entry,) = refused(coupon(account, case_id, auth=(account.username, "wrong")), 401)
        assert entry["errorcode"] == "90114"


@pytest.mark.req("S-66", "S-81")
def test_the_alive_user_gets_no_coupon(account):
    case_id = started(account)
    with nothing_stored(account):
        response = coupon(account, case_id, auth=(account.alive_username, account.alive_password))
        (entry,) = refused(response, 401)
        assert entry["errorcode"] == "90114"


@pytest.mark.req("S-64", "S-65")
def test_a_case_takes_as_many_coupons_as_its_account_allows(server):
    account = server.account(**COUPONS, couponMax=2)
    case_id, other = started(account), started(account)
    first, second = coupon(account, case_id).json(), coupon(account, case_id).json()
    assert first["couponId"] != second["couponId"]
    assert refused(coupon(account, case_id), 409) == [LIMIT]
    assert len(kept(account)) == sum(references(account)) == 2
    # The limit is each case's own.
    assert coupon(account, other).status_code == 201


@pytest.mark.req("S-65")
def test_an_account_may_allow_none_at_all(server):
    account = server.account(**COUPONS, couponMax=0)
    case_id = started(account)
    with nothing_stored(account):
        assert refused(coupon(account, case_id), 409) == [LIMIT]
    assert basic_status(account, case_id) == []


def decline_basic(account: Account, case_id: str) -> None:
    """Decline the identification as a counter would, behind the server's back: the case stays open."""
    values = (tenant_of(account), case_id)
    statement = "UPDATE identification SET status = 'declined' WHERE tenant_id = {0} AND case_id = {0}"
    if account.server.engine == "sqlite":
        path = account.server.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
            connection.execute(statement.format("?"), values)
    else:
        with psycopg.connect(account.server.database_url) as connection:
            connection.execute(statement.format("%s").encode(), values)


@pytest.mark.req("S-64", "S-66")
def test_an_open_case_whose_basic_identification_is_over_conflicts_before_its_limit_is_looked_at(server):
    account = server.account(**COUPONS, couponMax=1, declinedCloses=["video", "photo", "eid"])
    case_id = started(account)
    assert coupon(account, case_id).status_code == 201
    decline_basic(account, case_id)
    assert refused(coupon(account, case_id), 409) == [WRONG_STATUS]
    assert len(kept(account)) == 1
    assert basic_status(account, case_id) == ["declined"]


@pytest.mark.req("S-66")
def test_an_unknown_a_foreign_and_a_delivery_case_are_not_found(account, server):
    foreign = started(server.account(**COUPONS))
    delivery = account.order()
    with nothing_stored(account):
        for case_id in ("ZZZZZZZZZZZZ", foreign, delivery, "x", quote("\0"), quote("ä€😀"), "%ED%A0%80", "A" * 500):
            response = coupon(account, case_id)
            assert (response.status_code, response.content) == (404, CASE_UNKNOWN), case_id


@pytest.mark.req("S-66", "S-43")
def test_a_case_whose_validity_is_over_is_gone(own_server):
    account = own_server.account(**COUPONS, validityDays=1, couponMax=1)
    with_coupon, without = started(account), started(account)
    assert coupon(account, with_coupon).status_code == 201
    own_server.advance(DAY_S + 3700)
    for case_id in (with_coupon, without):
        (entry,) = refused(coupon(account, case_id), 410)
        assert entry == {"reason": "gone", "key": "caseId", "message": "Case is closed."}
    assert len(kept(account)) == 1


@pytest.mark.req("S-67")
def test_a_coupon_creates_the_basic_identification_and_the_case_is_in_progress(account):
    case_id = started(account)
    assert case_row(account, case_id)["status"] == "new"
    for _ in range(2):
        assert coupon(account, case_id).status_code == 201
        assert basic_status(account, case_id) == ["coupon requested"]
        assert case_row(account, case_id)["status"] == "in progress"


@pytest.mark.req("S-67", "S-48")
def test_the_client_hears_of_the_first_coupon_and_not_of_the_second(server):
    account = server.account(**{**EVERYTHING, **COUPONS, "webhookEvents": ["coupon requested"]})
    with Receiver() as receiver:
        case_id = started(account, nested("processData.webHookUrl", receiver.url))
        for _ in range(2):
            assert coupon(account, case_id).status_code == 201
        server.advance(1)
        assert [found.json["caseId"] for found in receiver.wait_for(1)] == [case_id]


@pytest.mark.req("S-65", "S-67")
def test_racing_requests_never_exceed_the_limit(server):
    account = server.account(**COUPONS, couponMax=3)
    case_id, together = started(account), Barrier(RACERS)

    def race(_):
        together.wait()
        return coupon(account, case_id)

    with ThreadPoolExecutor(RACERS) as pool:
        answers = list(pool.map(race, range(RACERS)))
    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * (RACERS - 3)
    assert len({answer.json()["couponId"] for answer in answers if answer.status_code == 201}) == 3
    assert len(kept(account)) == 3
    assert basic_status(account, case_id) == ["coupon requested"]
    assert sum(references(account)) == 3
    assert objects(account) == len(references(account))


@pytest.mark.req("S-68")
@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"{}", b"null", b" { } ", b"\xef\xbb\xbfnull", b"\xef\xbb\xbf"])
def test_a_body_that_says_nothing_is_taken(account, body):
    assert coupon(account, started(account), content=body, headers=JSON_HEADER).status_code == 201


@pytest.mark.req("S-68", "S-04")
@pytest.mark.parametrize(
    ("body", "key", "message"),
    [
        (b"[]", "body", NO_BODY),
        (b'""', "body", NO_BODY),
        (b"0", "body", NO_BODY),
        (b"false", "body", NO_BODY),
        (b'{"a":null}', "body", NO_BODY),
        (b"{", "body", None),
        (b"\xff", "body", None),
        (b'{"a":1,"a":1}', "body", None),
    ],
)
def test_any_other_body_is_refused(account, body, key, message):
    case_id = started(account)
    with nothing_stored(account):
        found = refused(coupon(account, case_id, content=body, headers=JSON_HEADER), 400)
        assert [entry["key"] for entry in found] == [key]
        assert message in {None, found[0]["message"]}


@pytest.mark.req("S-68", "S-04")
def test_a_body_needs_its_content_type_and_no_body_needs_none(account):
    case_id = started(account)
    assert coupon(account, case_id).status_code == 201
    assert len(kept(account)) == 1
    missing = "The header Content-Type is missing; use application/json."
    bad(coupon(account, case_id, content=b"{}"), ("Content-Type", missing))
    wrong = ("Content-Type", "The content type must be application/json.")
    bad(coupon(account, case_id, headers={"Content-Type": "application/pdf"}), wrong)
    bad(coupon(account, case_id, content=b"{}", headers=NDJSON), wrong)
    assert len(kept(account)) == 1


@pytest.mark.req("S-68", "S-36")
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_not_allowed(account, method):
    response = account.request(method, f"/cases/{started(account)}/piCouponByFile")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    if method != "HEAD":
        assert refused(response, 405)[0]["key"] == "method"


@pytest.mark.req("C-11", "S-60")
def test_the_same_key_gets_the_first_coupon_again_even_when_the_limit_is_reached(server):
    account = server.account(**COUPONS, couponMax=1)
    case_id, key = started(account), {"Idempotency-Key": "coupon"}
    first = coupon(account, case_id, headers=key)
    assert first.status_code == 201
    again = coupon(account, case_id, content=b"{}", headers={**JSON_HEADER, **key})
    assert (again.status_code, again.content) == (201, first.content)
    assert len(kept(account)) == 1
    (entry,) = refused(coupon(account, started(account), headers=key), 409)
    assert entry["key"] == "Idempotency-Key"
    assert refused(coupon(account, case_id, headers={"Idempotency-Key": "another"}), 409) == [LIMIT]


@pytest.mark.req("C-11", "S-67")
def test_racing_requests_with_one_key_make_one_coupon(server):
    account = server.account(**COUPONS)
    case_id, together = started(account), Barrier(RACERS)

    def race(_):
        together.wait()
        return coupon(account, case_id, headers={"Idempotency-Key": "race"})

    with ThreadPoolExecutor(RACERS) as pool:
        answers = list(pool.map(race, range(RACERS)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(kept(account)) == 1
    assert references(account) == [1]
    assert objects(account) == 1


@pytest.mark.req("D-50", "C-04")
def test_a_coupon_is_kept_sealed_and_goes_with_its_case(own_server):
    account = own_server.account(**COUPONS, validityDays=1, retentionDays=2)
    case_id = started(account)
    document = document_of(coupon(account, case_id, headers={"Idempotency-Key": "kept"}))
    assert objects(account) == 1
    lying = b"".join(path.read_bytes() for path in (own_server.process.data / "blobs").rglob("*") if path.is_file())
    assert document[:64] not in lying
    assert len(lying) > len(document)
    own_server.advance(DAY_S + 3700 + 2 * DAY_S)
    assert case_row(account, case_id) is None
    assert kept(account) == []
    assert objects(account) == 0
    assert rows(own_server, "SELECT 1 FROM blob WHERE tenant_id = ?", tenant_of(account)) == []
    (entry,) = refused(coupon(account, case_id), 404)
    assert entry["errorcode"] == "90011"


@pytest.mark.req("S-36", "S-80")
def test_a_blob_store_that_is_away_is_unavailable_in_this_dialect_and_nothing_is_promised(own_server):
    account = own_server.account(**COUPONS)
    case_id = started(account)
    blobs = own_server.process.data / "blobs"
    hidden = blobs.rename(blobs.with_name("hidden")) if blobs.is_dir() else None
    blobs.write_bytes(b"")
    try:
        response = coupon(account, case_id)
        assert response.headers["retry-after"] == "1"
        assert refused(response, 503)[0]["key"] == "system"
        assert account.get("/alive").json() == {"status": "NOK"}
        assert kept(account) == []
        assert basic_status(account, case_id) == []
    finally:
        blobs.unlink()
        if hidden is not None:
            hidden.rename(blobs)
    assert coupon(account, case_id).status_code == 201


@pytest.mark.req("C-02")
def test_who_asked_for_a_coupon_stands_in_the_audit_log(account):
    case_id = started(account)
    issued = coupon(account, case_id).json()
    statement = "SELECT action, actor, details FROM audit_event WHERE tenant_id = ? AND subject = ? ORDER BY event_id"
    events = {row["action"]: row for row in rows(account.server, statement, tenant_of(account), case_id)}
    assert events["coupon.issued"]["actor"] == f"scr:{account.client_id}/{account.username}"
    assert re.search(rf"\b{issued['couponId']}\b", events["coupon.issued"]["details"])
    assert "coupon requested" in events["identification.changed"]["details"]
