"""The method eid at the portal: an independent eID server, and the card that only the sandbox plays."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.api.conftest import EVERYTHING, Running, deploy
from tests.support.databases import Databases
from tests.support.eid_stub import CANCELLED, INVALID, EidStub
from tests.support.portal import FULL, Person
from tests.support.scr import rows, started


@pytest.fixture(scope="module")
def eid() -> Iterator[EidStub]:
    with EidStub() as stub:
        yield stub


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def with_server(
    request: pytest.FixtureRequest, eid: EidStub, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    env = {"FALLWERK_EID_SERVER_URL": eid.url, "FALLWERK_EID_SERVER_TOKEN": eid.token}
    with deploy(databases, tmp_path_factory, request.param, env) as made:
        yield made


@pytest.fixture
def person(with_server):
    account = with_server.account(**EVERYTHING, declinedCloses=[])
    with Person(account, started(account, FULL)) as somebody:
        somebody.choose("eid")
        yield somebody


def begun(person):
    """Start the reading and return the address of the person's eID client."""
    person.open("online-ausweis")
    page = person.send("online-ausweis")
    found = re.search(r'class="button" href="([^"]*)"', page.text)
    return unescape(found[1])


def outcome(person):
    found = rows(
        person.account.server,
        "SELECT status, sub_status, sub_status_reason FROM identification WHERE case_id = ? ORDER BY number",
        person.case_id,
    )
    return tuple(found[-1].values())


def test_the_clients_address_is_the_guidelines_with_the_servers_token_address(person, eid):
    address = begun(person)
    assert address.startswith("http://127.0.0.1:24727/eID-Client?tcTokenURL=")
    token_address = parse_qs(urlsplit(address).query)["tcTokenURL"][0]
    assert token_address.startswith(f"{eid.url}/tc?session=")
    assert token_address.endswith("&a=b")
    wanted = eid.asked[-1]["UseOperations"]
    assert {"GivenNames", "FamilyNames", "DateOfBirth", "RestrictedID"} <= set(wanted)


def test_a_read_card_identifies_and_its_data_are_in_the_result(person, eid):
    begun(person)
    page = person.http.get(eid.card(), follow_redirects=True)
    assert "<h2>Sie sind identifiziert</h2>" in page.text
    result = person.account.get(f"/cases/{person.case_id}").json()
    (identification,) = result["identifications"]
    document = identification["identificationDocument"]
    assert document["lastName"]["value"] == "MUSTERMANN"
    assert document["birthDate"]["value"] == "1964-08-12"
    assert document["dateOfExpiry"]["value"] == "2031-10-31"
    assert identification["additionalDataEid"]["dkk"].startswith("01A4FB50")


def test_the_same_return_twice_changes_nothing(person, eid):
    begun(person)
    address = eid.card()
    for _ in range(2):
        assert "Sie sind identifiziert" in person.http.get(address, follow_redirects=True).text
    assert outcome(person)[0] == "success"


def test_another_browser_may_come_back(person, eid):
    begun(person)
    with Person(person.account, person.case_id) as other:
        assert "Sie sind identifiziert" in other.http.get(eid.card(), follow_redirects=True).text


@pytest.mark.parametrize(
    ("minor", "expected"),
    [
        (CANCELLED, ("incomplete", 9050, 9154)),
        (INVALID, ("declined", 9060, 9161)),
        ("http://example.org/unknown", ("incomplete", 9050, 9159)),
    ],
)
def test_a_reading_that_fails_has_its_status(person, eid, minor, expected):
    begun(person)
    person.http.get(eid.fails(minor), follow_redirects=True)
    assert outcome(person) == expected


def test_coming_back_too_early_leaves_everything_open(person, eid):
    begun(person)
    address = list(eid.sessions.values())[-1]["refresh"]
    page = person.http.get(address, follow_redirects=True)
    assert "noch nicht ausgelesen" in page.text
    assert outcome(person)[0] == "started"
    eid.card()
    assert "Sie sind identifiziert" in person.http.get(address, follow_redirects=True).text


def test_a_session_of_another_case_is_not_taken(person, eid):
    begun(person)
    address = eid.card()
    account = person.account
    with Person(account, started(account, FULL)) as thief:
        thief.choose("eid")
        forged = address.replace(person.case_id, thief.case_id)
        thief.http.get(forged, follow_redirects=True)
        assert outcome(thief)[0] == "started"
        for query in ("", "s=", "s=a.b", "s=%C3%BC.%C3%BC"):
            thief.http.get(f"/identportal/{thief.case_id}/online-ausweis-zurueck?{query}")
        assert outcome(thief)[0] == "started"


@pytest.mark.parametrize("changes", [{"GivenNames": ""}, {"FamilyNames": None}])
def test_data_that_name_nobody_are_not_an_identification(person, eid, changes):
    begun(person)
    page = person.http.get(eid.card(**changes), follow_redirects=True)
    assert page.status_code == 502
    assert "antwortet gerade nicht" in page.text
    assert outcome(person)[0] == "started"


def test_while_the_eid_server_refuses_us_the_page_says_so(person, eid):
    token, eid.token = eid.token, "another"
    try:
        person.open("online-ausweis")
        page = person.send("online-ausweis")
    finally:
        eid.token = token
    assert page.status_code == 502
    assert "antwortet gerade nicht" in page.text


def test_beside_a_real_server_nobody_can_play_a_card(person):
    assert person.open("karte").status_code == 404
    answer = person.http.post(f"/identportal/{person.case_id}/karte", data={"outcome": "read"})
    assert answer.status_code in {404, 405}
    assert outcome(person)[0] == "started"


def test_the_sandbox_plays_a_card_with_chosen_data(server):
    account = server.account(**EVERYTHING)
    with Person(account, started(account, FULL)) as somebody:
        somebody.choose("eid")
        page = somebody.send("online-ausweis")
        assert page.url.path.endswith("/karte")
        assert "Sandbox: kein echter Ausweis" in page.text
        assert "T01012148" not in page.text
        card = {"first_name": "MAX", "last_name": "MUSTER", "birth_date": "1969-07-31", "birth_place": "BONN"}
        rest = {"nationality": "DEU", "date_of_expiry": "2031-10-31"}
        refused = somebody.send("karte", outcome="read", **card, **{**rest, "date_of_expiry": "31.10.2031"})
        assert refused.status_code == 422
        page = somebody.send("karte", outcome="read", **card, **rest)
        assert "Sie sind identifiziert" in page.text
        (identification,) = account.get(f"/cases/{somebody.case_id}").json()["identifications"]
        assert identification["identificationDocument"]["firstName"]["value"] == "MAX"
