"""DELIVERY: the life cycle, played from outside (D-01 to D-05); orders themselves are in test_orders.py (D-06)."""

import pytest

from tests.api.conftest import TO_DELIVERY
from tests.support.scr import nothing_stored, rows

DAY_S = 24 * 3600
REASONS = {
    12: (None,),
    16: (325, 326, 327, 328, 335),
    20: (329,),
    21: (330,),
    22: (331, 332),
    24: (337,),
    25: (333, 339),
    26: (334, 338),
    27: (336,),
}
PACKAGING = (320, 321, 322, 323, 324)
PATHS = {
    "new": None,
    "started": (),
    "dmc provided": TO_DELIVERY[:1],
    "packaging announced": TO_DELIVERY[:2],
    "incomplete": (*TO_DELIVERY[:2], ("incomplete", 23, 320)),
    "delivery started": TO_DELIVERY,
    "rerouted to postoffice": (*TO_DELIVERY, "rerouted to postoffice"),
    "success": (*TO_DELIVERY, "success"),
    "declined": (("declined", 12, None),),
}
"""How each state is reached from `started`."""
DECLINES = {
    "new": (12,),
    "started": (12, 20, 25),
    "dmc provided": (12, 20, 25, 27),
    "packaging announced": (12, 20, 22, 27),
    "incomplete": (12, 20, 22, 27),
    "delivery started": (12, 16, 24, 26),
    "rerouted to postoffice": (12, 16, 21, 24),
    "success": (),
    "declined": (),
}
NEXT = {
    "new": ("started",),
    "started": ("dmc provided",),
    "dmc provided": ("packaging announced",),
    "packaging announced": ("incomplete", "delivery started"),
    "incomplete": ("packaging announced",),
    "delivery started": ("rerouted to postoffice", "success"),
    "rerouted to postoffice": ("success",),
    "success": (),
    "declined": (),
}
STATES = ("started", "dmc provided", "packaging announced", "delivery started", "rerouted to postoffice", "success")


def play(account, case_id: str, step) -> None:
    status, sub_status, reason = step if isinstance(step, tuple) else (step, None, None)
    response = account.simulate(case_id, status, subStatus=sub_status, subStatusReason=reason)
    assert response.status_code == 200, response.text


def case_in(account, state: str) -> str:
    """Order a case and walk it to a state."""
    if state == "new":
        return account.order(release=False)
    case_id = account.order()
    for step in PATHS[state]:
        play(account, case_id, step)
    return case_id


def result(account, case_id: str) -> dict:
    response = account.get(f"/cases/delivery/{case_id}")
    assert response.status_code == 200, response.text
    return response.json()


def legal_steps(state: str) -> set:
    """Every (status, sub status, reason) that decisions.md allows in a state."""
    plain = {(status, None, None) for status in NEXT[state] if status != "incomplete"}
    packaging = {("incomplete", 23, reason) for reason in PACKAGING} if "incomplete" in NEXT[state] else set()
    return plain | packaging | {("declined", sub, reason) for sub in DECLINES[state] for reason in REASONS[sub]}


@pytest.mark.req("D-01")
def test_each_identification_status_fixes_the_case_status(account):
    case_id = account.order(release=False)
    assert result(account, case_id)["caseStatus"]["status"] == "new"
    assert "identification" not in result(account, case_id)
    assert account.server.admin("POST", f"/cases/{case_id}/release").status_code == 200
    found = result(account, case_id)
    assert found["identification"]["identificationStatus"]["status"] == "started"
    assert found["identification"]["identificationMethod"] == "delivery"
    assert found["caseStatus"]["status"] == "in progress"
    for state in PATHS:
        if state != "new":
            found = result(account, case_in(account, state))
            assert found["identification"]["identificationStatus"]["status"] == state
            expected = "closed" if state in {"success", "declined"} else "in progress"
            assert found["caseStatus"]["status"] == expected


@pytest.mark.req("D-02", "D-03", "D-04")
@pytest.mark.parametrize("state", list(PATHS))
def test_only_the_steps_and_codes_of_the_table_are_taken_and_a_refusal_names_them(account, state):
    case_id = case_in(account, state)
    before = result(account, case_id)
    legal = legal_steps(state)
    wanted = {
        (status, None, None) for status in (*STATES, "incomplete", "declined", "review pending", "coupon requested")
    }
    wanted |= {("declined", sub, reason) for sub, reasons in REASONS.items() for reason in (*reasons, None, 320)}
    wanted |= {("incomplete", 23, reason) for reason in (*PACKAGING, None, 329)}
    wanted |= {
        ("success", 16, 325),
        ("success", None, 325),
        ("started", 12, None),
        ("declined", 99, 999),
        ("declined", 23, 320),
    }
    with nothing_stored(account):
        for status, sub_status, reason in sorted(wanted - legal, key=str):
            response = account.simulate(case_id, status, subStatus=sub_status, subStatusReason=reason)
            assert response.status_code == 409, (status, sub_status, reason, response.text)
            body = response.json()
            assert list(body) == ["error", "legalNext"]
            assert body["error"]
            named = {
                (step["status"], step["subStatus"], reason)
                for step in body["legalNext"]
                for reason in step["subStatusReasons"] or (None,)
            }
            assert named == legal
    assert result(account, case_id) == before


@pytest.mark.req("D-02", "D-03")
def test_every_step_of_the_table_can_be_taken_and_shows_its_codes_with_their_descriptions(account):
    described = {}
    for state in PATHS:
        for status, sub_status, reason in sorted(legal_steps(state), key=str):
            case_id = case_in(account, state)
            response = account.simulate(case_id, status, subStatus=sub_status, subStatusReason=reason)
            assert response.status_code == 200, response.text
            shown = result(account, case_id)["identification"]["identificationStatus"]
            assert shown["status"] == status
            for name, code in (("subStatus", sub_status), ("subStatusReason", reason)):
                if code is None:
                    assert name not in shown
                else:
                    assert shown[name]["code"] == code
                    described[code] = shown[name]["description"]
    assert set(described) == {12, 16, *range(20, 28), *range(320, 340)}
    assert described[12] == "Operation valid time frame exceeded (case ID)"
    assert described[330] == "Shipment not picked up at post office within seven days"
    assert len(set(described.values())) == len(described)


@pytest.mark.req("D-02")
def test_a_simulation_that_does_not_say_what_it_wants_is_a_400_and_an_unknown_case_a_404(account):
    case_id = account.order()
    with nothing_stored(account):
        for body in (
            {"status": "declined"},
            {"method": "fax", "status": "declined"},
            {"method": "delivery", "status": "lost"},
            {"method": "delivery", "status": "declined", "subStatus": "12"},
            {"method": "delivery", "status": "declined", "subStatus": 12.0},
            {"method": "delivery", "status": "declined", "subStatus": True},
            {"method": "delivery", "status": "success", "postOffice": "Bonn"},
            {"method": "delivery", "status": "success", "postOffice": {"city": "x" * 101}},
            [],
        ):
            response = account.server.sandbox("POST", f"/cases/{case_id}/simulate", json=body)
            assert response.status_code == 400, body
            assert response.headers["content-type"] == "application/problem+json"
        for unknown in ("ABCDEFGHIJKL", "x"):
            assert account.simulate(unknown, "declined", subStatus=12).status_code == 404


@pytest.mark.req("D-02")
def test_a_start_case_has_no_delivery_to_simulate(account):
    case_id = account.start().json()["caseId"]
    with nothing_stored(account):
        assert account.simulate(case_id, "started").status_code == 404


@pytest.mark.req("D-05")
def test_an_exceeded_validity_declines_with_12_whatever_the_state(own_server):
    account = own_server.account(deliveryActive=True, validityDays=2, shipmentWaitDays=30, postOfficeDays=30)
    open_states = [state for state in PATHS if state not in {"success", "declined"}]
    cases = {state: case_in(account, state) for state in open_states}
    done = case_in(account, "success")
    before = result(account, done)
    own_server.advance(2 * DAY_S - 7200)
    for state, case_id in cases.items():
        assert result(account, case_id)["caseStatus"]["status"] == ("new" if state == "new" else "in progress")
    own_server.advance(3 * 3600 + 7200)
    for case_id in cases.values():
        found = result(account, case_id)
        status = found["identification"]["identificationStatus"]
        assert (status["status"], status["subStatus"]["code"]) == ("declined", 12)
        assert "subStatusReason" not in status
        assert found["caseStatus"]["status"] == "closed"
        assert "identificationTime" not in found
        (row,) = rows(own_server, "SELECT closed_us, valid_until_us FROM ident_case WHERE case_id = ?", case_id)
        assert row["closed_us"] == row["valid_until_us"]
    assert result(account, done) == before


@pytest.mark.req("D-05")
@pytest.mark.parametrize(("days", "settings"), [(7, {}), (3, {"postOfficeDays": 3})])
def test_what_is_not_picked_up_is_declined_with_21_after_the_account_s_days(own_server, days, settings):
    account = own_server.account(deliveryActive=True, **settings)
    waiting, fetched = case_in(account, "rerouted to postoffice"), case_in(account, "rerouted to postoffice")
    own_server.advance(days * DAY_S - 60)
    assert result(account, waiting)["identification"]["identificationStatus"]["status"] == "rerouted to postoffice"
    play(account, fetched, "success")
    own_server.advance(60)
    status = result(account, waiting)["identification"]["identificationStatus"]
    assert (status["status"], status["subStatus"]["code"], status["subStatusReason"]["code"]) == ("declined", 21, 330)
    assert result(account, fetched)["identification"]["identificationStatus"]["status"] == "success"


@pytest.mark.req("D-05")
@pytest.mark.parametrize(("days", "settings"), [(14, {}), (2, {"shipmentWaitDays": 2})])
def test_a_shipment_that_does_not_come_is_declined_with_27_counted_from_the_dmc(own_server, days, settings):
    account = own_server.account(deliveryActive=True, **settings)
    only_started = case_in(account, "started")
    own_server.advance(DAY_S)
    waiting = [case_in(account, state) for state in ("dmc provided", "packaging announced", "incomplete")]
    under_way = case_in(account, "delivery started")
    own_server.advance(days * DAY_S - 60)
    assert all(result(account, case_id)["caseStatus"]["status"] == "in progress" for case_id in waiting)
    own_server.advance(60)
    for case_id in waiting:
        status = result(account, case_id)["identification"]["identificationStatus"]
        codes = (status["status"], status["subStatus"]["code"], status["subStatusReason"]["code"])
        assert codes == ("declined", 27, 336)
    assert result(account, under_way)["identification"]["identificationStatus"]["status"] == "delivery started"
    assert result(account, only_started)["identification"]["identificationStatus"]["status"] == "started"


@pytest.mark.req("D-05")
def test_a_jump_over_everything_acts_in_the_order_of_the_due_times(own_server):
    account = own_server.account(deliveryActive=True, validityDays=30, postOfficeDays=7, retentionDays=90)
    case_id = case_in(account, "rerouted to postoffice")
    own_server.advance(60 * DAY_S)
    status = result(account, case_id)["identification"]["identificationStatus"]
    assert (status["subStatus"]["code"], status["subStatusReason"]["code"]) == (21, 330)
    (row,) = rows(own_server, "SELECT created_us, closed_us FROM ident_case WHERE case_id = ?", case_id)
    assert 0 <= row["closed_us"] - row["created_us"] - 7 * DAY_S * 1_000_000 < 60_000_000


@pytest.mark.req("D-06", "D-01")
def test_an_order_waits_for_its_release_and_is_released_once(account):
    case_id = account.order(release=False)
    released = account.server.admin("POST", f"/cases/{case_id}/release")
    assert released.status_code == 200
    assert released.json()["identification"]["identificationStatus"]["status"] == "started"
    with nothing_stored(account):
        assert account.server.admin("POST", f"/cases/{case_id}/release").status_code == 409
        assert account.server.admin("POST", "/cases/ABCDEFGHIJKL/release").status_code == 404
        start_case = rows(account.server, "SELECT case_id FROM ident_case WHERE kind = 'start' LIMIT 1")
        for row in start_case:
            assert account.server.admin("POST", f"/cases/{row['case_id']}/release").status_code == 404
