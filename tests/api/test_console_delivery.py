"""The desks of packaging, courier and post office over HTTP (D-01 to D-03, W-05)."""

import re

import pytest

from tests.api.conftest import EVERYTHING, TO_DELIVERY
from tests.support.console import Desk, staff, text_of

COMPARED = ["first_name", "last_name", "birth_date", "document"]


@pytest.fixture
def account(server):
    return server.account(**EVERYTHING)


def state(account, case_id):
    result = account.get(f"/cases/delivery/{case_id}").json()
    found = result["identification"]["identificationStatus"]
    return found["status"], code_of(found.get("subStatus")), code_of(found.get("subStatusReason"))


def code_of(value):
    return value["code"] if isinstance(value, dict) else value


def seen(desk: Desk) -> str:
    found = re.search(r'name="seen" value="(\d+)"', desk.page.text)
    assert found, text_of(desk.page)
    return found[1]


def step(desk: Desk, folder: str, case_id: str, wanted: str, **fields):
    desk.get(f"/{folder}/{case_id}")
    return desk.post(f"/{folder}/{case_id}", {"step": wanted, "seen": seen(desk), **fields})


@pytest.mark.req("W-05", "D-02")
def test_a_letter_goes_from_packaging_to_the_door_through_the_desks(account, server):
    case_id = account.order()
    account.walk(case_id, "dmc provided")
    packer, courier = staff(server, "packaging"), staff(server, "courier")
    packer.follow(step(packer, "packaging", case_id, "packaging announced/"))
    assert "Gespeichert" in packer.page.text
    packer.follow(step(packer, "packaging", case_id, "incomplete/23", reason="323"))
    assert state(account, case_id) == ("incomplete", 23, 323)
    packer.follow(step(packer, "packaging", case_id, "packaging announced/"))
    courier.follow(step(courier, "courier", case_id, "delivery started/"))
    courier.follow(step(courier, "courier", case_id, "success/", compared=COMPARED))
    assert state(account, case_id)[0] == "success"


@pytest.mark.req("W-05")
def test_each_step_is_an_audit_event_of_the_person_who_took_it(account, server):
    case_id = account.order()
    account.walk(case_id, "dmc provided")
    packer = staff(server, "packaging")
    packer.follow(step(packer, "packaging", case_id, "packaging announced/"))
    events = server.admin("GET", f"/audit/{account.client_id}", params={"subject": case_id}).json()
    (event,) = [event for event in events if event["details"].get("status") == "packaging announced"]
    assert re.fullmatch(r"staff:\d+", event["actor"])
    assert event["address"] == "127.0.0.1"


@pytest.mark.req("W-05")
@pytest.mark.parametrize("missing", COMPARED)
def test_nobody_counts_as_identified_before_everything_was_compared(account, server, missing):
    case_id = account.order()
    account.walk(case_id, *TO_DELIVERY)
    courier = staff(server, "courier")
    answer = step(courier, "courier", case_id, "success/", compared=[name for name in COMPARED if name != missing])
    assert answer.status_code == 422
    assert "Bitte vergleichen Sie alles mit dem Ausweis" in text_of(answer)
    assert answer.text.count(" checked") == 3
    assert state(account, case_id)[0] == "delivery started"


@pytest.mark.req("W-05", "D-03")
@pytest.mark.parametrize(
    ("wanted", "reason", "expected"),
    [
        ("declined/16", "325", ("declined", 16, 325)),
        ("declined/24", "337", ("declined", 24, 337)),
        ("declined/26", "338", ("declined", 26, 338)),
        ("rerouted to postoffice/", "", ("rerouted to postoffice", None, None)),
    ],
)
def test_a_courier_records_what_happened_at_the_door(account, server, wanted, reason, expected):
    case_id = account.order()
    account.walk(case_id, *TO_DELIVERY)
    courier = staff(server, "courier")
    courier.follow(step(courier, "courier", case_id, wanted, reason=reason))
    assert state(account, case_id) == expected


@pytest.mark.req("D-02", "D-03")
@pytest.mark.parametrize(
    ("wanted", "reason", "expected"),
    [
        ("declined/16", "", 422),
        ("declined/16", "331", 409),
        ("declined/22", "331", 409),
        ("declined/12", "", 422),
        ("packaging announced/", "", 409),
        ("nonsense/", "", 422),
        ("success/16", "325", 409),
        ("", "", 422),
    ],
)
def test_a_step_that_is_not_the_couriers_changes_nothing(account, server, wanted, reason, expected):
    case_id = account.order()
    account.walk(case_id, *TO_DELIVERY)
    courier = staff(server, "courier")
    assert step(courier, "courier", case_id, wanted, reason=reason, compared=COMPARED).status_code == expected
    assert state(account, case_id)[0] == "delivery started"


@pytest.mark.req("W-05")
def test_two_tabs_and_a_form_sent_twice_do_nothing_a_second_time(account, server):
    case_id = account.order()
    account.walk(case_id, "dmc provided", "packaging announced")
    packer = staff(server, "packaging")
    packer.get(f"/packaging/{case_id}")
    fields = {"step": "incomplete/23", "reason": "320", "seen": seen(packer)}
    assert packer.post(f"/packaging/{case_id}", fields).status_code == 303
    late = {"step": "packaging announced/", "seen": fields["seen"]}
    assert packer.post(f"/packaging/{case_id}", late).status_code == 409
    assert state(account, case_id) == ("incomplete", 23, 320)


@pytest.mark.req("W-05", "D-22")
def test_the_post_office_hands_over_a_rerouted_letter_and_says_where(account, server):
    case_id = account.order()
    account.walk(case_id, *TO_DELIVERY, "rerouted to postoffice")
    clerk = staff(server, "counter")
    page = clerk.get("/counter", params={"find": case_id})
    assert page.url.path == f"/console/counter/letter/{case_id}"
    fields = {"compared": COMPARED, "street": "Bahnhofstr. 1", "city": "Köln"}
    clerk.follow(step(clerk, "counter/letter", case_id, "success/", **fields))
    result = account.get(f"/cases/delivery/{case_id}").text
    assert "Bahnhofstr. 1" in result
    assert state(account, case_id)[0] == "success"


@pytest.mark.req("W-05", "C-03")
def test_a_case_at_another_desk_shows_where_it_stands_and_not_whose_it_is(account, server):
    case_id = account.order()
    account.walk(case_id, "dmc provided")
    page = staff(server, "courier").get(f"/courier/{case_id}")
    assert page.status_code == 409
    assert "Code bereitgestellt" in text_of(page)
    assert "Mustermann" not in page.text


@pytest.mark.req("C-03")
def test_a_clients_own_people_see_their_own_letters_only(account, server):
    other = server.account(**EVERYTHING)
    own_id, other_id = account.order(jobId="J-own"), other.order(jobId="J-other")
    for one, case_id in ((account, own_id), (other, other_id)):
        one.walk(case_id, "dmc provided")
    packer = staff(server, "packaging", home={"scrClient": account.client_id})
    listed = packer.get("/packaging").text
    assert own_id in listed
    assert other_id not in listed
    assert other_id not in packer.get("/packaging", params={"find": "J-other"}).text
    foreign, unknown = packer.get(f"/packaging/{other_id}"), packer.get("/packaging/AAAA1111BBBB")
    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert text_of(foreign).replace(other_id, "") == text_of(unknown).replace("AAAA1111BBBB", "")
    packer.get(f"/packaging/{own_id}")
    answer = packer.post(f"/packaging/{other_id}", {"step": "packaging announced/", "seen": seen(packer)})
    assert answer.status_code == 404
    assert state(other, other_id)[0] == "dmc provided"


@pytest.mark.req("W-05")
def test_a_job_is_found_by_its_name_and_a_case_by_its_number_however_it_is_typed(account, server):
    case_id = account.order(jobId="Auftrag 7/11", position=3)
    account.walk(case_id, "dmc provided")
    packer = staff(server, "packaging")
    page = packer.get("/packaging", params={"find": "Auftrag 7/11"})
    assert case_id in page.text
    assert "Position 3" in text_of(page)
    typed = f"{case_id[:4].lower()} {case_id[4:8]}-{case_id[8:]}"
    assert packer.get("/packaging", params={"find": typed}).url.path == f"/console/packaging/{case_id}"
    assert "Dazu ist nichts zu finden" in packer.get("/packaging", params={"find": "gibt es nicht"}).text


@pytest.mark.req("C-10")
def test_script_in_a_recipients_data_is_shown_as_text(account, server):
    evil = '<img src=x onerror="alert(1)">'
    address = {"streetAddress": evil, "postalCode": "51147", "city": "<b>K", "country": "DEU"}
    recipient = {"firstName": evil, "lastName": evil, "birthDate": "1964-08-12", "address": address}
    case_id = account.order(recipient=recipient, jobId=evil)
    account.walk(case_id, "dmc provided")
    packer = staff(server, "packaging")
    for page in (packer.get("/packaging"), packer.get(f"/packaging/{case_id}")):
        assert "<img" not in page.text
        assert "&lt;img src=x" in page.text
