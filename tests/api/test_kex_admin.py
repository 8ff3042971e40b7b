"""Vorgänge, Anträge and their documents through the admin API (control-api.md "Admin API")."""

import re

import pytest

from tests.support.kex import kex, nothing_stored, stored

BAD_NUMBER = ("/vorgangsnummer", "A Vorgangsnummer has six characters 0-9A-Z.")


def refused(response, status: int, *faults: tuple[str, str]) -> None:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert [(fault["pointer"], fault["detail"]) for fault in response.json().get("errors", [])] == list(faults)


@pytest.mark.req("A-09", "U-21")
def test_a_vorgang_is_made_with_a_number_of_its_own_or_the_one_given(server):
    client = kex(server)
    drawn = server.admin("POST", "/vorgaenge", json={"partnerId": client.partner_id})
    assert drawn.status_code == 201
    number = drawn.json()["vorgangsnummer"]
    assert re.fullmatch("[0-9A-Z]{6}", number)
    assert drawn.json() == {"vorgangsnummer": number, "partnerId": client.partner_id, "status": "active"}
    shown = {"vorgangsnummer": number, "status": "active", "comments": [], "documents": [], "antraege": []}
    assert server.admin("GET", f"/vorgaenge/{number}").json() == shown
    given = number[::-1] if number[::-1] != number else "ZZZZZ0"
    body = {"vorgangsnummer": given, "datenkontext": "ECHTGESCHAEFT", "partnerId": client.partner_id}
    assert server.admin("POST", "/vorgaenge", json=body).json()["vorgangsnummer"] == given
    with nothing_stored(client, number, given):
        refused(server.admin("POST", "/vorgaenge", json=body), 409)
        other = kex(server)
        refused(server.admin("POST", "/vorgaenge", json={**body, "partnerId": other.partner_id}), 409)


def test_a_vorgang_without_a_partner_is_the_demo_partners_in_the_sandbox(server):
    made = server.admin("POST", "/vorgaenge", json={})
    assert (made.status_code, made.json()["partnerId"]) == (201, "ABC12")
    client = kex(server, partnerId="ABC12")
    assert client.comment(made.json()["vorgangsnummer"], ["x"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({"vorgangsnummer": "abc123"}, [BAD_NUMBER]),
        ({"vorgangsnummer": "../../"}, [BAD_NUMBER]),
        ({"vorgangsnummer": "1234567"}, [BAD_NUMBER]),
        ({"vorgangsnummer": ""}, [BAD_NUMBER]),
        ({"vorgangsnummer": 123456}, [("/vorgangsnummer", "The value must be a string.")]),
        ({"partnerId": "abc"}, [("/partnerId", "A partner id has five characters 0-9A-Z.")]),
        (
            {"datenkontext": "X"},
            [("/datenkontext", "The value must be one of: 'ECHTGESCHAEFT' or 'TESTUMGEBUNG'.")],
        ),
        ({"unknown": 1}, [("/unknown", "There is no such member.")]),
    ],
)
def test_a_vorgang_that_cannot_be_is_refused(server, body, faults):
    before = stored(server)
    refused(server.admin("POST", "/vorgaenge", json=body), 400, *faults)
    assert stored(server) == before


def test_antraege_are_numbered_within_their_vorgang(server):
    client = kex(server)
    case = client.case()
    made = server.admin("POST", f"/vorgaenge/{case}/antraege", json={"produktanbieterantragsnummer": "bank-1"})
    assert made.status_code == 201
    assert made.json() == {
        "antragsnummer": f"{case}/1/1",
        "produktanbieterantragsnummer": "bank-1",
        "produktanbieterstatus": "NICHT_BEARBEITET",
        "antragstellerstatus": "BEANTRAGT",
        "documents": [],
        "history": [],
    }
    numbers = [client.application(case) for _ in range(10)]
    assert numbers == [f"{case}/{number}/1" for number in range(2, 12)]
    assert [one["antragsnummer"] for one in client.record(case)["antraege"]] == [f"{case}/1/1", *numbers]


@pytest.mark.parametrize("number", ["", "x" * 101, "a\0b"])
def test_a_number_of_the_produktanbieter_has_its_length(server, number):
    client = kex(server)
    case = client.case()
    with nothing_stored(client, case):
        fault = ("/produktanbieterantragsnummer", "The value must have 1 to 100 characters.")
        body = {"produktanbieterantragsnummer": number}
        refused(server.admin("POST", f"/vorgaenge/{case}/antraege", json=body), 400, fault)


@pytest.mark.req("U-05", "A-01")
def test_a_deleted_vorgang_keeps_everything_takes_nothing_and_stays_deleted(server):
    client = kex(server)
    case = client.case()
    client.application(case)
    client.comment(case, ["kept"])
    before = client.record(case)
    client.delete(case)
    assert client.record(case) == {**before, "status": "deleted"}
    with nothing_stored(client, case):
        client.delete(case)
        refused(server.admin("POST", f"/vorgaenge/{case}/antraege", json={}), 410)
        refused(server.admin("POST", "/vorgaenge", json={"vorgangsnummer": case}), 409)


@pytest.mark.parametrize("number", ["ABCDEF", "abc", "A%2FB", "%00", "x" * 300])
def test_an_unknown_vorgang_is_not_there(server, number):
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/antraege"), ("GET", f"/documents/{'0' * 64}")):
        refused(server.admin(method, f"/vorgaenge/{number}{path}"), 404)


@pytest.mark.req("C-11")
def test_the_same_key_makes_one_vorgang_and_one_antrag(server):
    client = kex(server)
    headers = {"Idempotency-Key": f"vorgang-{client.partner_id}"}
    body = {"partnerId": client.partner_id}
    answers = [server.admin("POST", "/vorgaenge", json=body, headers=headers).json() for _ in range(2)]
    assert answers[0] == answers[1]
    path = f"/vorgaenge/{answers[0]['vorgangsnummer']}/antraege"
    assert len({server.admin("POST", path, json={}, headers=headers).text for _ in range(2)}) == 1
    refused(server.admin("POST", path, json={"produktanbieterantragsnummer": "x"}, headers=headers), 422)
    assert len(client.record(answers[0]["vorgangsnummer"])["antraege"]) == 1


def test_a_document_can_be_asked_for_with_head(server):
    client = kex(server)
    case = client.case()
    digest = client.upload(case, "x", b"content").json()["sha256"]
    answer = server.admin("HEAD", f"/vorgaenge/{case}/documents/{digest}")
    assert (answer.status_code, answer.headers["content-length"], answer.content) == (200, "7", b"")
