"""The client's own name of a case: unique per client, also under a race (S-15, S-16)."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx
import pytest

from tests.support.scr import NOT_VALID, bad, case_row, merged, nested, nothing_stored, refused, started, too_long

KEY = "processData.referenceId"
DAY_S = 24 * 3600
RACERS = 24


def named(reference_id: str) -> dict:
    return nested(KEY, reference_id)


def taken(response: httpx.Response, holder: str) -> None:
    """Assert START's error example 4, word for word."""
    refused(response, 409)
    assert response.text == (
        '{"apiversion":"v1","errors":[{"errorcode":"90016","reason":"referenceId not unique",'
        '"key":"orderData.processData.referenceId",'
        f'"message":"Case with CaseId {holder} already uses ReferenceId."}}],"caseId":"{holder}"}}'
    )


@pytest.mark.req("S-15")
def test_a_reference_id_has_up_to_fourteen_letters_digits_and_signs_and_its_case_matters(account):
    for good in ("a", "order-4711", "A.b_c-9", "x" * 14, "ABC", "abc"):
        assert case_row(account, started(account, named(good)))["reference_id"] == good
    with nothing_stored(account):
        for wrong in ("a b", "a/b", "ä", "a:b", "a\tb", " "):
            bad(account.start(named(wrong)), (KEY, NOT_VALID))
        bad(account.start(named("x" * 15)), (KEY, too_long(14)))


@pytest.mark.req("S-16")
def test_a_reference_id_in_use_is_refused_and_its_holder_named_also_after_the_case_is_closed(account):
    holder = started(account, named("taken"))
    delivery = account.order(named("taken too"[:5] + ".too"))
    with nothing_stored(account):
        taken(account.start(named("taken")), holder)
        taken(account.start({"orderData": named("taken")}), holder)
        taken(account.start(named("taken.too")), delivery)
    assert account.simulate(delivery, "declined", subStatus=12).status_code == 200
    with nothing_stored(account):
        taken(account.start(named("taken.too")), delivery)


@pytest.mark.req("S-16")
def test_field_errors_come_before_the_uniqueness(account):
    started(account, named("both"))
    with nothing_stored(account):
        body = merged(named("both"), {"customData": {"custom1": 1}})
        bad(account.start(body), ("customData.custom1", "The provided value must be a string."))


@pytest.mark.req("S-16", "C-03")
def test_another_client_may_use_the_same_reference_id(server, account):
    other = server.account()
    assert started(account, named("shared")) != started(other, named("shared"))


@pytest.mark.req("S-15")
def test_without_a_reference_id_the_case_id_takes_its_place_and_occupies_the_name(account):
    case_id = started(account)
    row = case_row(account, case_id)
    assert (row["reference_id"], bool(row["reference_given"])) == (case_id, False)
    with nothing_stored(account):
        taken(account.start(named(case_id)), case_id)


@pytest.mark.req("S-16")
def test_racing_requests_with_one_reference_id_make_one_case(account):
    for turn in range(3):
        together = Barrier(RACERS)

        def race(_: int, turn: int = turn, together: Barrier = together) -> httpx.Response:
            with httpx.Client(base_url=account.server.url, timeout=30) as http:
                http.get(f"{account.base}/alive", auth=account.auth)
                together.wait(30)
                return http.post(f"{account.base}/cases", json=named(f"race-{turn}"), auth=account.auth)

        with ThreadPoolExecutor(RACERS) as pool:
            answers = list(pool.map(race, range(RACERS)))
        winners = [answer.json()["caseId"] for answer in answers if answer.status_code == 201]
        assert len(winners) == 1
        for answer in answers:
            if answer.status_code != 201:
                taken(answer, winners[0])


@pytest.mark.req("S-15", "D-50")
def test_a_reference_id_is_free_again_after_the_physical_deletion(own_server):
    account = own_server.account(validityDays=1, retentionDays=3)
    first = started(account, named("again"))
    own_server.advance(2 * DAY_S)
    with nothing_stored(account):
        taken(account.start(named("again")), first)
    own_server.advance(3 * DAY_S)
    assert case_row(account, first) is None
    assert started(account, named("again")) != first
