"""Creating a Vorgang over HTTP, on every deployment (N-01)."""

import json

import pytest

from fallwerk.neighbours.kex_import.examples import WITH_APPLICANT
from tests.api.conftest import Running
from tests.support.kex import JSON, TITLES, Kex, kex, nothing_stored, problem, stored
from tests.support.oauth import APPLY, READ, WRITE
from tests.support.scr import rows

PATH = "/vorgang"
POINTER = "/kundenbetreuer/partnerId"
MALFORMED = "The value must be a partner id: five characters 0-9A-Z."
OUT_OF_REACH = "There is no such partner in your reach."


@pytest.fixture
def client(server: Running) -> Kex:
    return kex(server)


def body(client: Kex, **more):
    return {**more, "kundenbetreuer": {"partnerId": client.partner_id}}


def row_of(client: Kex, number: str):
    (row,) = rows(client.server, "SELECT * FROM loan_case WHERE case_number = ?", number)
    return row


def refused(response, detail: str) -> None:
    """422 in the KEX dialect, naming the partner's id."""
    assert (response.status_code, response.headers["content-type"]) == (422, "application/problem+json"), response.text
    shown = response.json()
    assert (shown["title"], shown["detail"]) == (TITLES[422], "A Vorgang needs the id of a partner.")
    assert shown["errors"] == [{"pointer": POINTER, "detail": detail}]
    assert shown["traceId"] == response.headers["x-traceid"]


@pytest.mark.req("N-01")
def test_a_partner_id_is_enough_to_create_a_vorgang_that_the_documented_calls_reach(client):
    response = client.post(PATH, json=body(client))
    assert response.status_code == 201, response.text
    made = response.json()
    assert made == {
        "vorgangsnummer": made["vorgangsnummer"],
        "messages": [],
        "antragsteller1": {"id": made["antragsteller1"]["id"]},
    }
    number = made["vorgangsnummer"]
    assert len(number) == 6
    assert made["antragsteller1"]["id"]
    assert client.comment(number, ["reached"]).status_code == 200
    assert client.texts(number) == ["reached"]
    assert client.post(PATH, json=body(client)).json()["vorgangsnummer"] != number


@pytest.mark.req("N-01")
@pytest.mark.parametrize(
    ("query", "environment"),
    [("", "TEST"), ("?environment=PRODUCTION", "PRODUCTION"), ("?environment=TEST&other=x", "TEST")],
)
def test_real_business_is_what_says_so(client, query, environment):
    number = client.post(f"{PATH}{query}", json=body(client)).json()["vorgangsnummer"]
    assert row_of(client, number)["environment"] == environment


@pytest.mark.req("N-01")
@pytest.mark.parametrize(
    "query", ["?environment=production", "?environment=", "?environment=PRODUCTION&environment=PRODUCTION"]
)
def test_another_environment_is_refused(client, query):
    with nothing_stored(client):
        fault = ("environment", "The value must be one of: PRODUCTION, TEST.")
        problem(client.post(f"{PATH}{query}", json=body(client)), 400, fault)


@pytest.mark.req("N-01")
@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"kundenbetreuer": None},
        {"kundenbetreuer": "ABC12"},
        {"kundenbetreuer": []},
        {"kundenbetreuer": {}},
        {"kundenbetreuer": {"partnerId": None}},
        {"kundenbetreuer": {"partnerId": 12345}},
        {"kundenbetreuer": {"partnerId": "abc12"}},
        {"kundenbetreuer": {"partnerId": "ABC123"}},
        {"kundenbetreuer": {"partnerId": "ABC1\0"}},
        {"kundenbetreuer": {"partnerId": "\ud800BC12"}},
    ],
)
def test_without_a_partner_id_no_vorgang_is_created(client, wrong):
    with nothing_stored(client):
        refused(client.post(PATH, content=json.dumps(wrong), headers=JSON), MALFORMED)


@pytest.mark.req("N-01", "C-03")
def test_unknown_partners_and_those_out_of_reach_are_refused_alike(server, client):
    stranger, above = kex(server), kex(server)
    place = f"/partners/{client.partner_id}"
    assert server.admin("PATCH", place, json={"parentId": above.partner_id}).status_code == 200
    with nothing_stored(client):
        for partner_id in (stranger.partner_id, above.partner_id, "ZZZZZ"):
            response = client.post(PATH, json={"kundenbetreuer": {"partnerId": partner_id}})
            refused(response, OUT_OF_REACH)
            assert partner_id not in response.text


@pytest.mark.req("N-01", "C-03")
def test_a_vorgang_may_be_created_for_a_partner_below(server, client):
    made = server.admin("POST", "/partners", json={"parentId": client.partner_id})
    below = kex(server, partnerId=made.json()["partnerId"])
    fresh = kex(server, partnerId=client.partner_id)
    number = fresh.post(PATH, json=body(below)).json()["vorgangsnummer"]
    assert below.comment(number, ["mine"]).status_code == 200


@pytest.mark.req("N-01")
@pytest.mark.parametrize("content", [b"[]", b"null", b'"x"', b"{", b"", b'{"a":1,"a":2}', b"[" * 70_000])
def test_a_body_that_is_no_object_is_refused(client, content):
    with nothing_stored(client):
        response = client.post(PATH, content=content, headers=JSON)
        assert (response.status_code, response.headers["content-type"]) == (400, "application/problem+json")
        assert response.json()["errors"][0]["pointer"] == ""


@pytest.mark.req("N-01", "U-02", "U-04", "U-05")
def test_token_scope_type_and_size_are_checked_in_this_order(server, client):
    narrow = kex(server, scopes=[READ, APPLY])
    text = {"content": b"{", "headers": {"Content-Type": "text/plain"}}
    large = {"content": b"{" + b" " * 2_000_000, "headers": JSON}
    with nothing_stored(client):
        problem(server.http.post(PATH, json=body(client)), 401)
        problem(narrow.post(PATH, **text), 403, f"The token lacks the scope {WRITE}.")
        problem(client.post(PATH, **text), 415)
        problem(client.post(PATH, **large), 413)
        problem(server.http.get(PATH, headers=client.headers), 405)
        problem(client.post(f"{PATH}sdinge", json={}), 404)


@pytest.mark.req("N-01", "C-04")
def test_everything_is_kept_and_nothing_of_it_in_clear(client):
    whole = body(client, **{key: value for key, value in WITH_APPLICANT.items() if key != "kundenbetreuer"})
    content = json.dumps({**whole, "unbekannt": ["Größe", 10.50]}, ensure_ascii=False)
    headers = {"Content-Type": "application/json; charset=ISO-8859-1"}
    response = client.post(PATH, content=content.encode("latin-1"), headers=headers)
    assert response.status_code == 201, response.text
    row = row_of(client, response.json()["vorgangsnummer"])
    assert len(bytes(row["data_sealed"])) > len(content.encode())
    for value in row.values():
        text = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        assert b"Mustermann" not in text
        assert response.json()["antragsteller1"]["id"].encode() not in text


@pytest.mark.req("N-01", "C-11")
def test_the_same_key_creates_one_vorgang(client):
    headers = {"Idempotency-Key": "import-1"}
    first = client.post(PATH, json=body(client), headers=headers)
    assert first.status_code == 201
    with nothing_stored(client):
        again = client.post(PATH, json=body(client), headers=headers)
        assert (again.status_code, again.content) == (201, first.content)
        problem(client.post(PATH, json=body(client, more=1), headers=headers), 422)
        problem(client.post(f"{PATH}?environment=PRODUCTION", json=body(client), headers=headers), 422)


@pytest.mark.req("N-01", "C-02")
def test_the_audit_log_names_who_created_it_and_no_person(client):
    before = stored(client.server)["loan_case"]
    whole = body(client, antragsteller1={"personendaten": {"nachname": "Mustermann"}})
    number = client.post(PATH, json=whole).json()["vorgangsnummer"]
    assert stored(client.server)["loan_case"] == before + 1
    (event,) = rows(client.server, "SELECT * FROM audit_event WHERE subject = ?", number)
    assert (event["action"], event["actor"]) == ("loan case.imported", f"oauth:{client.account.client_id}")
    assert json.loads(event["details"]) == {"environment": "TEST"}
