"""`Idempotency-Key` on starting a case (C-11)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from tests.support.scr import bad, nested, nothing_stored, refused, stored

DAY_S = 24 * 3600
RACERS = 16


def start(account, key: str, body: object) -> httpx.Response:
    return account.start(body, headers={"Idempotency-Key": key})


@pytest.mark.req("C-11")
def test_the_same_key_and_body_get_the_first_answer_and_make_no_second_case(account):
    body = nested("processData.referenceId", "once")
    first = start(account, "key-1", body)
    assert first.status_code == 201, first.text
    with nothing_stored(account):
        again = start(account, "key-1", body)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["content-type"] == "application/json"
    assert start(account, "key-2", {}).json()["caseId"] != first.json()["caseId"]


@pytest.mark.req("C-11")
def test_the_same_key_with_another_body_is_a_conflict(account):
    assert start(account, "key", {}).status_code == 201
    with nothing_stored(account):
        (entry,) = refused(start(account, "key", nested("customData.custom1", "x")), 409)
    assert entry == {
        "reason": "idempotency key not unique",
        "key": "Idempotency-Key",
        "message": "The idempotency key was used with another request.",
    }


@pytest.mark.req("C-11", "C-03")
def test_keys_of_different_clients_have_nothing_to_do_with_each_other(account, server):
    first, second = start(account, "shared", {}), start(server.account(), "shared", {})
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["caseId"] != second.json()["caseId"]


@pytest.mark.req("C-11")
def test_a_refused_call_leaves_its_key_free(account):
    body = nested("processData.referenceId", "held")
    assert account.start(body).status_code == 201
    with nothing_stored(account):
        refused(start(account, "key", body), 409)
        assert start(account, "key", nested("customData.custom1", 1)).status_code == 400
    assert start(account, "key", {}).status_code == 201


@pytest.mark.req("C-11")
def test_a_key_is_short_printable_and_given_once(account):
    message = "The key must be 1 to 255 printable ASCII characters, given once."
    with nothing_stored(account):
        for key in ("", "x" * 256, "a\tb", "schl\u00fcssel"):
            response = account.start({}, headers={"Idempotency-Key": key.encode("latin-1")})
            bad(response, ("Idempotency-Key", message))
        response = account.start({}, headers=[("Idempotency-Key", "a"), ("Idempotency-Key", "b")])
        bad(response, ("Idempotency-Key", message))
    assert start(account, "x" * 255, {}).status_code == 201


@pytest.mark.req("C-11")
def test_racing_calls_with_one_key_make_one_case(account):
    together = Barrier(RACERS)

    def race(_: int) -> httpx.Response:
        with httpx.Client(base_url=account.server.url, timeout=30) as http:
            together.wait(30)
            return http.post(f"{account.base}/cases", json={}, auth=account.auth, headers={"Idempotency-Key": "one"})

    with ThreadPoolExecutor(RACERS) as pool:
        answers = list(pool.map(race, range(RACERS)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert stored(account)["ident_case"] == 1


@pytest.mark.req("C-11")
def test_a_key_is_remembered_for_twenty_four_hours(own_server):
    account = own_server.account()
    first = start(account, "key", {}).json()
    own_server.advance(DAY_S - 60)
    assert start(account, "key", {}).json() == first
    own_server.advance(61)
    assert start(account, "key", {}).json()["caseId"] != first["caseId"]


@pytest.mark.req("C-11", "D-50")
def test_a_kept_answer_goes_with_its_case(own_server):
    account = own_server.account(validityDays=1, retentionDays=0)
    first = start(account, "key", {}).json()
    # Berlin's day may have 25 hours, which is when the key's own 24 would be over; here both are looked at.
    own_server.advance(25 * 3600 + 60)
    assert stored(account)["ident_case"] == 0
    assert stored(account)["idempotency"] == 0
    assert start(account, "key", {}).json()["caseId"] != first["caseId"]
