"""Playing basic, video, photo and eid through the sandbox: the gate's steps and no others, notifications, data."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest

from tests.api.conftest import EVERYTHING, Account
from tests.support.scr import started

HOOK: Final = {"processData": {"webHookUrl": "http://127.0.0.1:9/hook"}}
WAYS: Final = {
    "basic": {
        None: (),
        "started": ("started",),
        "coupon requested": ("started", "coupon requested"),
        "incomplete": ("coupon requested", "incomplete"),
        "success": ("success",),
        "declined": ("declined",),
    },
    "video": {
        None: (),
        "started": ("started",),
        "incomplete": ("incomplete",),
        "review pending": ("started", "review pending"),
        "success": ("review pending", "success"),
        "declined": ("declined",),
    },
    "photo": {
        None: (),
        "started": ("started",),
        "review pending": ("review pending",),
        "incomplete": ("review pending", "incomplete"),
        "success": ("success",),
        "declined": ("declined",),
    },
    "eid": {
        None: (),
        "started": ("started",),
        "incomplete": ("started", "incomplete"),
        "success": ("success",),
        "declined": ("declined",),
    },
}
"""How each state is reached; the first step may lie behind others, which the sandbox plays by itself."""
NEXT: Final = {
    "basic": {
        "started": {"coupon requested", "incomplete", "success", "declined"},
        "coupon requested": {"coupon requested", "incomplete", "success", "declined"},
        "incomplete": {"coupon requested", "incomplete", "success", "declined"},
    },
    "video": {
        "started": {"incomplete", "review pending", "declined"},
        "incomplete": {"incomplete", "review pending", "declined"},
        "review pending": {"success", "declined"},
    },
    "photo": {
        "started": {"review pending", "declined"},
        "incomplete": {"review pending", "declined"},
        "review pending": {"incomplete", "success", "declined"},
    },
    "eid": {"started": {"incomplete", "success", "declined"}, "incomplete": {"incomplete", "success", "declined"}},
}
STATUSES: Final = (
    "started",
    "coupon requested",
    "dmc provided",
    "packaging announced",
    "incomplete",
    "delivery started",
    "rerouted to postoffice",
    "review pending",
    "success",
    "declined",
)


def simulate(account: Account, case_id: str, method: str, status: str, **extra: Any) -> Any:
    body = {"method": method, "status": status, **extra}
    return account.server.sandbox("POST", f"/cases/{case_id}/simulate", json=body)


def reached(account: Account, method: str, state: str | None, body: Any = None) -> str:
    case_id = started(account, body)
    for status in WAYS[method][state]:
        response = simulate(account, case_id, method, status)
        assert response.status_code == 200, response.text
    return case_id


@pytest.mark.req("S-46", "S-48")
@pytest.mark.parametrize("method", WAYS)
def test_from_every_state_exactly_the_gate_s_steps_are_taken(account, method):
    for state in WAYS[method]:
        first = {"started"} | ({"coupon requested"} if method == "basic" else set())
        legal = first if state is None else NEXT[method].get(state, set())
        # Before a review only the person or the end of the validity declines, and only who names the code means them.
        bare = legal - {"declined"} if method in {"video", "photo"} and state != "review pending" else legal
        allowed = set(WAYS[method]) - {None} if state is None else bare
        case_id = None
        for status in STATUSES:
            case_id = case_id or reached(account, method, state)
            before = account.get(f"/cases/{case_id}").json()
            response = simulate(account, case_id, method, status)
            assert response.status_code == (200 if status in allowed else 409), (state, status, response.text)
            after = account.get(f"/cases/{case_id}").json()
            if status in allowed:
                latest = after["identifications"][-1]["identificationStatus"]
                assert (latest["status"], response.json()) == (status, after)
                case_id = None
                continue
            answer = response.json()
            assert list(answer) == ["error", "legalNext"]
            assert {step["status"] for step in answer["legalNext"]} == legal
            assert after == before


@pytest.mark.req("S-48")
@pytest.mark.parametrize(
    ("events", "told"),
    [
        (["notification", "final"], 4),
        (["notification"], 3),
        (["final"], 1),
        (["review pending"], 2),
        (["incomplete", "success"], 2),
        (["started", "rerouted to postoffice"], 0),
    ],
)
def test_statuses_are_notified_as_the_account_wants(server, events, told):
    account = server.account(**{**EVERYTHING, "webhookEvents": events})
    case_id = started(account, {**HOOK, "customData": {"custom1": "c1"}})
    for status in ("started", "review pending", "incomplete", "review pending", "success"):
        assert simulate(account, case_id, "photo", status).status_code == 200
    deliveries = server.sandbox("GET", f"/deliveries?caseId={case_id}").json()
    assert [delivery["body"] for delivery in deliveries] == [{"caseId": case_id, "custom1": "c1"}] * told


@pytest.mark.req("S-48")
def test_a_coupon_is_told_once(account):
    case_id = started(account, HOOK)
    account.server.admin("PATCH", f"/scr-clients/{account.client_id}", json={"webhookEvents": ["coupon requested"]})
    for _ in range(3):
        assert simulate(account, case_id, "basic", "coupon requested").status_code == 200
    assert len(account.server.sandbox("GET", f"/deliveries?caseId={case_id}").json()) == 1


@pytest.mark.req("S-42")
def test_a_method_that_the_account_does_not_offer_is_not_played(server):
    account = server.account(**{**EVERYTHING, "methods": ["video"], "declinedCloses": ["video"]})
    case_id = started(account)
    response = simulate(account, case_id, "photo", "success")
    assert (response.status_code, response.json()) == (
        409,
        {"error": "the account does not offer photo", "legalNext": []},
    )
    assert account.get(f"/cases/{case_id}").json()["identifications"] == []


@pytest.mark.req("R-05")
def test_pictures_are_the_usual_ones_or_those_that_are_named(server):
    account = server.account(**{**EVERYTHING, "identClass": "Mobility"})
    case_id = started(account)
    (found,) = simulate(account, case_id, "photo", "success").json()["identifications"]
    licence = [(record["belongsTo"], record["type"]) for record in found["records"]]
    assert licence == [("method", "result"), ("drivinglicence", "dlfrontside"), ("drivinglicence", "dlbackside")]
    assert {record.get("validationStatus") for record in found["records"]} == {None, "valid"}
    gwg = server.account(**{**EVERYTHING, "identClass": "GwG"})
    for method, named in (
        ("video", []),
        ("video", ["userface"]),
        ("basic", ["usersignature"]),
        ("eid", ["idsignature"]),
    ):
        (found,) = simulate(gwg, started(gwg), method, "success", pictures=named).json()["identifications"]
        assert [record["type"] for record in found["records"]] == ["result", *named]
    for wrong in ("userface", ["result"], [1], ["userface"] * 21):
        response = simulate(gwg, started(gwg), "photo", "success", pictures=wrong)
        assert response.status_code == 400
        assert response.json()["errors"][0]["detail"].startswith("pictures must be")


@pytest.mark.req("R-06")
def test_codes_are_filled_in_or_checked(account):
    case_id = reached(account, "photo", "review pending")
    for codes in ({"subStatus": 16}, {"subStatus": 9010, "subStatusReason": 9141}, {"subStatusReason": 325}):
        response = simulate(account, case_id, "photo", "declined", **codes)
        assert response.status_code == 409, codes
        assert {
            "status": "declined",
            "subStatus": 9010,
            "subStatusReasons": list(range(9101, 9110)),
        } in response.json()["legalNext"]
    done = simulate(account, case_id, "photo", "declined", subStatus=9010).json()
    assert done["identifications"][0]["identificationStatus"]["subStatusReason"]["code"] == 9101
    other = reached(account, "photo", None)
    given_up = simulate(account, other, "photo", "declined", subStatus=9001).json()
    assert given_up["identifications"][0]["identificationStatus"]["subStatus"]["code"] == 9001


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"method": "eid", "status": "lost"}, "status must be one of: "),
        ({"method": "eid", "status": "success", "subStatus": True}, "subStatus must be an integer."),
        ({"method": "eid", "status": "success", "postOffice": {}}, "body has an unknown field; known are "),
        ({"method": "eid", "status": "success", "identificationDocument": []}, ""),
        ({"method": "eid", "status": "success", "identificationDocument": "x"}, "identificationDocument must be"),
        (
            {"method": "eid", "status": "success", "identificationDocument": {"number": 7}},
            "identificationDocument.number must be a string.",
        ),
        (
            {"method": "eid", "status": "success", "identificationDocument": {"address": {"town": "x"}}},
            "identificationDocument.address has an unknown field",
        ),
        (
            {"method": "eid", "status": "success", "drivingLicence": {"number": "x" * 101}},
            "drivingLicence.number is too long",
        ),
        (
            {"method": "eid", "status": "success", "identificationDocument": {"number": "\ud800"}},
            "identificationDocument.number is not valid Unicode.",
        ),
    ],
)
def test_a_body_of_wrong_form_is_refused_and_changes_nothing(account, body, detail):
    import json  # noqa: PLC0415 - httpx refuses half characters

    case_id = started(account)
    response = account.server.sandbox(
        "POST",
        f"/cases/{case_id}/simulate",
        content=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    if detail:
        assert response.status_code == 400, response.text
        assert detail in response.json()["errors"][0]["detail"]
        assert account.get(f"/cases/{case_id}").json()["identifications"] == []
    else:
        assert response.status_code == 200


def test_delivery_cases_and_unknown_ones_are_not_found(account):
    delivery = account.order()
    for case_id, detail in ((delivery, "The case is a delivery case"), ("000000000000", "There is no such case.")):
        response = simulate(account, case_id, "eid", "success")
        assert response.status_code == 404
        assert response.json()["detail"].startswith(detail)


@pytest.mark.req("S-48")
def test_of_racing_successes_exactly_one_closes_the_case(account):
    """Several desks, maybe of several processes, decide at once: the case's row makes them wait for one another."""
    for _ in range(3):
        case_id = started(account, HOOK)
        for method in ("eid", "basic", "photo"):
            assert simulate(account, case_id, method, "started").status_code == 200
        assert simulate(account, case_id, "photo", "review pending").status_code == 200
        with ThreadPoolExecutor(6) as threads:
            racing = [
                threads.submit(simulate, account, case_id, way, "success") for way in ("eid", "basic", "photo") * 2
            ]
            statuses = sorted(one.result().status_code for one in racing)
        assert statuses == [200, 409, 409, 409, 409, 409]
        result = account.get(f"/cases/{case_id}").json()
        outcomes = [one["identificationStatus"]["status"] for one in result["identifications"]]
        assert (outcomes.count("success"), result["caseStatus"]["status"]) == (1, "closed")
        assert len(account.server.sandbox("GET", f"/deliveries?caseId={case_id}").json()) == 1
