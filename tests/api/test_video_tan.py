"""The TAN of a video call in class GwG: sent by the agent, typed by the person, seen by both (R-04, W-05)."""

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import uuid4

import httpx
import pytest

from tests.api.conftest import EVERYTHING, Account, Running
from tests.support.calls import at_desk, at_portal, taken, told, waiting
from tests.support.console import DOCUMENT, Desk, play, seen, staff, text_of
from tests.support.mail_server import until
from tests.support.portal import FULL, Person
from tests.support.scr import rows, started

CHECKS: Final = [
    *("recording_accepted", "picture_good", "document_genuine", "document_tilted"),
    *("face_matches", "data_read", "acts_freely"),
]
JSON: Final = {"Accept": "application/json"}


@pytest.fixture
def account(server: Running) -> Account:
    return server.account(**EVERYTHING | {"identClass": "GwG"})


def somebody_in(account: Account, **contact: str) -> Person:
    """Somebody who waits, with an address that no other test's messages go to."""
    given = {**FULL["contactDataProvided"], "email": f"{uuid4().hex}@example.org", **contact}
    return waiting(account, {**FULL, "contactDataProvided": given})


def address_of(somebody: Person) -> str:
    found = somebody.account.get(f"/cases/{somebody.case_id}").json()
    address: str = found["orderData"]["contactDataProvided"]["email"]
    return address


def tans(somebody: Person) -> list[str]:
    """The TANs that were mailed, oldest first."""
    address = address_of(somebody)
    mails = somebody.account.server.sandbox("GET", "/mails").json()
    return [mail["subject"][-6:] for mail in mails if mail["to"] == address and "TAN" in mail["subject"]]


def send(agent: Desk, case_id: str, **form: str) -> httpx.Response:
    agent.get(f"/video/{case_id}")
    return agent.post(f"/video/{case_id}/tan", form)


def sent(agent: Desk, somebody: Person) -> str:
    """Let the agent send a TAN; the digits as they arrive."""
    before = len(tans(somebody))
    agent.follow(send(agent, somebody.case_id))
    until(lambda: len(tans(somebody)) > before)
    return tans(somebody)[-1]


def type_in(somebody: Person, tan: str) -> httpx.Response:
    somebody.open("video")
    return somebody.send("video-tan", tan=tan)


def record(agent: Desk, case_id: str, step: str = "success/", **more: Any) -> httpx.Response:
    agent.get(f"/video/{case_id}")
    form = {"step": step, "seen": seen(agent), "passed": CHECKS, **DOCUMENT, **more}
    return agent.post(f"/video/{case_id}", form)


def decide(reviewer: Desk, case_id: str, step: str = "success/", **more: str) -> httpx.Response:
    reviewer.get(f"/review/{case_id}/video")
    return reviewer.post(f"/review/{case_id}/video", {"step": step, "seen": seen(reviewer), **more})


def status(account: Account, case_id: str) -> str:
    found: str = last(account, case_id)["identificationStatus"]["status"]
    return found


def last(account: Account, case_id: str) -> dict[str, Any]:
    found: dict[str, Any] = account.get(f"/cases/{case_id}").json()["identifications"][-1]
    return found


def stored(server: Running, case_id: str) -> dict[str, Any]:
    (row,) = rows(server, "SELECT * FROM call_tan WHERE case_id = ?", case_id)
    return row


def other(tan: str) -> str:
    return f"{(int(tan) + 1) % 1_000_000:06}"


@pytest.mark.req("W-05", "W-06", "R-04", "S-46")
def test_a_tan_goes_from_the_agent_to_the_person_and_back_while_both_are_in_the_call(account: Account) -> None:
    server = account.server
    agent, reviewer = staff(server, "agent"), staff(server, "reviewer")
    with somebody_in(account) as somebody, at_portal(somebody) as person:
        taken(agent, somebody.case_id)
        with at_desk(agent, somebody.case_id) as desk:
            assert told(desk, "peer")["present"] is True
            tan = sent(agent, somebody)
            assert re.fullmatch(r"\d{6}", tan)
            assert told(desk, "tan")["state"] == told(person, "tan")["state"] == "sent"
            somebody.open("video")
            wrong = somebody.http.post(
                f"/identportal/{somebody.case_id}/video-tan",
                data={"csrf": somebody.csrf(), "tan": other(tan)},
                headers=JSON,
            )
            assert wrong.status_code == 403
            assert "Noch 2 Versuche" in wrong.json()["said"]
            assert told(desk, "tan")["left"] == 2
            typed = f"{tan[:3]} {tan[3:]}"
            right = somebody.http.post(
                f"/identportal/{somebody.case_id}/video-tan",
                data={"csrf": somebody.csrf(), "tan": typed},
                headers=JSON,
            )
            assert (right.status_code, right.json()) == (200, {"said": ""})
            assert told(desk, "tan")["state"] == "confirmed"
            assert "TAN bestätigt." in agent.get(f"/video/{somebody.case_id}").text
        agent.follow(record(agent, somebody.case_id))
        assert "TAN von der Person bestätigt" in text_of(reviewer.get(f"/review/{somebody.case_id}/video"))
        reviewer.follow(decide(reviewer, somebody.case_id))
        assert last(account, somebody.case_id)["additionalDataVideo"]["tanChannel"] == "email"


@pytest.mark.req("W-05", "R-04")
def test_without_a_confirmed_tan_there_is_no_success(account: Account) -> None:
    agent, reviewer = staff(account.server, "agent"), staff(account.server, "reviewer")
    with somebody_in(account) as somebody:
        taken(agent, somebody.case_id)
        forged = {"passed": [*CHECKS, "tan_confirmed"], "tan_channel": "sms"}
        for _ in range(2):
            refused = record(agent, somebody.case_id, **forged)
            assert refused.status_code == 422
            assert "Ohne bestätigte TAN ist kein Erfolg möglich." in refused.text
            assert status(account, somebody.case_id) == "started"
            if not tans(somebody):
                sent(agent, somebody)
        # To propose a decline no TAN is needed; whoever reviews it cannot make a success of it.
        agent.follow(record(agent, somebody.case_id, "declined/9010", reason_9010="9107"))
        refused = decide(reviewer, somebody.case_id)
        assert refused.status_code == 409
        assert "Ohne bestätigte TAN" in refused.text
        assert status(account, somebody.case_id) == "review pending"
        reviewer.follow(decide(reviewer, somebody.case_id, "declined/9010", reason_9010="9107"))
        assert "tanChannel" not in last(account, somebody.case_id).get("additionalDataVideo", {})


@pytest.mark.req("W-05")
def test_three_wrong_tans_need_another_one(account: Account) -> None:
    agent = staff(account.server, "agent")
    with somebody_in(account) as somebody:
        taken(agent, somebody.case_id)
        tan = sent(agent, somebody)
        for left in (2, 1):
            answer = type_in(somebody, other(tan))
            assert answer.status_code == 403
            assert f"Noch {left} Versuche" in answer.text
        assert "dreimal falsch" in type_in(somebody, other(tan)).text
        assert type_in(somebody, tan).status_code == 409
        kept = stored(account.server, somebody.case_id)
        assert (kept["failures"], kept["confirmed_us"]) == (3, None)
        assert tan.encode() not in bytes(kept["digits_hash"])
        assert record(agent, somebody.case_id).status_code == 422


@pytest.mark.req("W-05", "C-09")
def test_guesses_at_the_same_time_are_all_counted(account: Account) -> None:
    agent = staff(account.server, "agent")
    with somebody_in(account) as somebody:
        taken(agent, somebody.case_id)
        wrong = other(sent(agent, somebody))
        somebody.open("video")
        form = {"csrf": somebody.csrf(), "tan": wrong}
        path = f"{account.server.url}/identportal/{somebody.case_id}/video-tan"
        cookies = dict(somebody.http.cookies)

        def guess(_: int) -> int:
            return httpx.post(path, data=form, cookies=cookies, headers=JSON, timeout=30).status_code

        with ThreadPoolExecutor(8) as pool:
            answers = sorted(pool.map(guess, range(8)))
        assert answers == [403] * 3 + [409] * 5
        assert stored(account.server, somebody.case_id)["failures"] == 3


@pytest.mark.req("W-05")
def test_a_tan_is_of_one_call_and_of_no_other_case(account: Account) -> None:
    first, second = staff(account.server, "agent"), staff(account.server, "agent")
    with somebody_in(account) as somebody, somebody_in(account) as stranger:
        assert type_in(somebody, "123456").status_code == 409
        taken(first, somebody.case_id)
        taken(second, stranger.case_id)
        tan, theirs = sent(first, somebody), sent(second, stranger)
        if tan != theirs:
            assert type_in(stranger, tan).status_code == 403
        assert type_in(somebody, tan).status_code == 200
        # The call breaks off. The next agent has seen no TAN, and the one before means nothing.
        empty = dict.fromkeys(DOCUMENT, "")
        first.follow(record(first, somebody.case_id, "incomplete/9030", passed=[], reason_9030="9131", **empty))
        second.follow(record(second, stranger.case_id, "incomplete/9030", passed=[], reason_9030="9131", **empty))
        taken(second, somebody.case_id)
        assert "Noch keine TAN gesendet." in text_of(second.get(f"/video/{somebody.case_id}"))
        assert type_in(somebody, tan).status_code == 409
        assert record(second, somebody.case_id).status_code == 422
        assert status(account, somebody.case_id) == "incomplete"


@pytest.mark.req("W-05")
def test_a_tan_expires_and_another_can_be_sent_but_not_without_end(own_server: Running) -> None:
    account = own_server.account(**EVERYTHING | {"identClass": "GwG"})
    agent = staff(own_server, "agent")
    with somebody_in(account) as somebody:
        taken(agent, somebody.case_id)
        first = sent(agent, somebody)
        refused = send(agent, somebody.case_id)
        assert refused.status_code == 429
        assert "30 Sekunden" in text_of(refused)
        own_server.advance(600)
        expired = type_in(somebody, first)
        assert expired.status_code == 409
        assert "abgelaufen" in text_of(expired)
        second = sent(agent, somebody)
        if first != second:
            assert type_in(somebody, first).status_code == 403
        assert type_in(somebody, second).status_code == 200
        for _ in range(3):
            own_server.advance(31)
            sent(agent, somebody)
        own_server.advance(31)
        assert send(agent, somebody.case_id).status_code == 429
        assert len(tans(somebody)) == 5
        # What was confirmed before the last one was sent is not confirmed any more.
        assert record(agent, somebody.case_id).status_code == 422
        own_server.advance(3600)
        agent.follow(agent.sign_in())
        assert type_in(somebody, sent(agent, somebody)).status_code == 200
        agent.follow(record(agent, somebody.case_id))


@pytest.mark.req("W-05")
@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦", "<b>123", "9" * 4000])
def test_what_is_no_tan_is_not_counted(account: Account, typed: str) -> None:
    agent = staff(account.server, "agent")
    with somebody_in(account) as somebody:
        taken(agent, somebody.case_id)
        agent.follow(send(agent, somebody.case_id))
        answer = type_in(somebody, typed)
        assert answer.status_code == 422
        assert "sechs Ziffern" in answer.text
        assert stored(account.server, somebody.case_id)["failures"] == 0


@pytest.mark.req("W-05", "W-04")
def test_nobody_else_sends_or_types_a_tan(account: Account) -> None:
    server = account.server
    agent, colleague, reviewer = staff(server, "agent"), staff(server, "agent"), staff(server, "reviewer")
    with somebody_in(account) as somebody:
        taken(agent, somebody.case_id)
        path = f"/video/{somebody.case_id}/tan"
        colleague.get("/video")
        assert colleague.post(path).status_code == 409
        reviewer.get("/review")
        assert reviewer.post(path).status_code == 403
        assert agent.post(path, token="0" * 64).status_code == 403
        assert rows(server, "SELECT * FROM call_tan WHERE case_id = ?", somebody.case_id) == []
        agent.follow(send(agent, somebody.case_id))
        somebody.open("video")
        assert somebody.send("video-tan", token="x", tan="123456").status_code == 403
        with Person(account, somebody.case_id) as thief:
            thief.open("video")
            assert thief.send("video-tan", token="x", tan="123456").status_code == 403
        assert stored(server, somebody.case_id)["failures"] == 0
        # Once the call is over nothing is sent any more.
        play(server, somebody.case_id, "video", "review pending")
        assert agent.post(path).status_code == 409


@pytest.mark.req("W-05", "R-04")
def test_other_classes_have_no_tan(server: Running) -> None:
    account = server.account(**EVERYTHING)
    agent = staff(server, "agent")
    with somebody_in(account) as somebody:
        taken(agent, somebody.case_id)
        assert "data-tan" not in agent.page.text  # type: ignore[union-attr]
        assert "data-tan" not in somebody.open("video").text
        assert send(agent, somebody.case_id).status_code == 422
        assert type_in(somebody, "123456").status_code == 409
        assert rows(server, "SELECT * FROM call_tan WHERE case_id = ?", somebody.case_id) == []
        agent.follow(record(agent, somebody.case_id))


@pytest.mark.req("W-05", "W-06")
def test_the_agent_may_send_it_by_the_other_way(account: Account) -> None:
    number = f"+49 171 {uuid4().int % 10**7:07}"
    agent = staff(account.server, "agent")
    with somebody_in(account, mobilePhone=number) as somebody:
        taken(agent, somebody.case_id)
        agent.follow(send(agent, somebody.case_id, way="sms"))

        def texts() -> list[str]:
            found = account.server.sandbox("GET", "/sms").json()
            return [one["text"] for one in found if one["to"] == number]

        until(lambda: bool(texts()))
        (text,) = texts()
        tan = re.search(r"TAN: (\d{6})", text)
        assert tan
        assert type_in(somebody, tan[1]).status_code == 200
        agent.follow(record(agent, somebody.case_id))
        assert tans(somebody) == []
        assert last(account, somebody.case_id)["additionalDataVideo"]["tanChannel"] == "sms"


@pytest.mark.req("R-04", "C-07")
def test_the_sandbox_plays_a_tan_along(account: Account) -> None:
    case_id = started(account, FULL)
    play(account.server, case_id, "video", "success")
    assert last(account, case_id)["additionalDataVideo"]["tanChannel"] == "sms"
