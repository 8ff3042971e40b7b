"""The signalling of a video call over WebSocket: who is let in, what is passed on, what is cut off."""

import contextlib
import json
import re
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from tests.api.conftest import EVERYTHING, Account, Running
from tests.support.calls import at_desk, at_portal, closed, place, taken, told, waiting
from tests.support.console import DOCUMENT, seen, staff
from tests.support.portal import FULL, Person
from tests.support.scr import rows, started

OFFER = {"type": "offer", "sdp": "v=0"}


@pytest.fixture
def account(server: Running) -> Account:
    return server.account(**EVERYTHING)


def refused(attempt: Callable[[], ClientConnection]) -> int:
    with pytest.raises(InvalidStatus) as caught:
        attempt()
    return caught.value.response.status_code


@pytest.mark.req("W-05")
def test_what_one_side_says_reaches_the_other_through_any_process(server: Running, account: Account) -> None:
    with waiting(account) as somebody, at_portal(somebody) as person:
        assert told(person, "welcome")["iceTransportPolicy"] == "all"
        agent = taken(staff(server, "agent"), somebody.case_id)
        with at_desk(agent, somebody.case_id) as desk:
            assert told(desk, "peer")["present"] is True
            assert told(person, "peer")["present"] is True
            desk.send(json.dumps({**OFFER, "more": "dropped"}))
            assert told(person, "offer") == OFFER
            person.send(json.dumps({"type": "answer", "sdp": "v=1"}))
            person.send(json.dumps({"type": "candidate", "candidate": "c", "sdpMid": "0", "sdpMLineIndex": 0}))
            assert told(desk, "answer")["sdp"] == "v=1"
            assert told(desk, "candidate")["candidate"] == "c"
        assert told(person, "peer")["present"] is False


def test_what_is_signalled_is_sealed(server: Running, account: Account) -> None:
    with waiting(account) as somebody, at_portal(somebody) as person:
        agent = taken(staff(server, "agent"), somebody.case_id)
        with at_desk(agent, somebody.case_id) as desk:
            told(desk, "peer")
            desk.send(json.dumps({"type": "offer", "sdp": "c=IN IP4 192.0.2.7"}))
            told(person, "offer")
            stored = rows(server, "SELECT body_sealed FROM call_signal WHERE case_id = ?", somebody.case_id)
            assert stored
            assert b"192.0.2.7" not in bytes(stored[0]["body_sealed"])


@pytest.mark.req("W-05")
def test_nobody_gets_in_without_their_own_browser_and_our_own_page(server: Running, account: Account) -> None:
    with waiting(account) as somebody:
        agent, other = staff(server, "agent"), staff(server, "agent")
        reviewer = staff(server, "reviewer")
        case_id = somebody.case_id
        assert refused(lambda: at_desk(agent, case_id)) == 403  # has not taken the call
        taken(agent, case_id)
        for who in (other, reviewer):
            assert refused(lambda who=who: at_desk(who, case_id)) == 403
        assert refused(lambda: at_desk(agent, case_id, headers={})) == 403
        assert refused(lambda: at_portal(somebody, headers={})) == 403
        for origin in ("https://evil.example", None):
            assert refused(lambda origin=origin: at_portal(somebody, origin=origin)) == 403
            assert refused(lambda origin=origin: at_desk(agent, case_id, origin=origin)) == 403
        assert rows(server, "SELECT * FROM call_seat WHERE case_id = ?", case_id) == []


@pytest.mark.req("W-02")
def test_without_consent_to_the_recording_there_is_no_call(account: Account) -> None:
    with Person(account, started(account, FULL)) as somebody:
        somebody.choose("video")
        assert refused(lambda: at_portal(somebody)) == 403


@pytest.mark.req("W-05")
def test_the_newer_of_two_tabs_has_the_call(account: Account) -> None:
    with waiting(account) as somebody, at_portal(somebody) as first:
        told(first, "welcome")
        with at_portal(somebody) as second:
            told(second, "welcome")
            assert closed(first) == 4001


@pytest.mark.req("W-05")
@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", 1008),
        ("[" * 30_000, 1008),
        ('{"type":"welcome"}', 1008),
        ('{"type":"offer","sdp":7}', 1008),
        (b"\x00", 1008),
        ("x" * 70_000, 1009),
    ],
    ids=["no JSON", "deep", "not a signal", "wrong type", "binary", "too long"],
)
def test_what_is_no_signal_ends_the_socket(account: Account, message: str | bytes, code: int) -> None:
    with waiting(account) as somebody, at_portal(somebody) as person:
        told(person, "welcome")
        person.send(message)
        assert closed(person) == code


@pytest.mark.req("W-05")
def test_a_flood_ends_the_socket_and_the_person_keeps_the_place(server: Running, account: Account) -> None:
    with waiting(account) as somebody:
        with at_portal(somebody) as person:
            told(person, "welcome")
            with contextlib.suppress(ConnectionClosed):
                for _ in range(500):
                    person.send(json.dumps(OFFER))
            assert closed(person) == 1008
        assert (place(somebody) or 0) >= 1
        assert rows(server, "SELECT * FROM call_signal WHERE case_id = ?", somebody.case_id) == []


@pytest.mark.req("W-05")
def test_an_agent_who_vanishes_gives_the_person_back_to_the_front(own_server: Running) -> None:
    server = own_server
    account = server.account(**EVERYTHING)
    with waiting(account) as somebody, waiting(account) as later, at_portal(somebody) as person:
        agent = taken(staff(server, "agent"), somebody.case_id)

        with at_desk(agent, somebody.case_id) as desk:
            told(desk, "peer")
            during = place(later)
        while json.loads(person.recv(40))["type"] != "lost":
            pass
        assert rows(server, "SELECT * FROM desk_claim WHERE case_id = ?", somebody.case_id) == []
        assert place(later) == during + 1
        assert place(somebody) == during
        taken(staff(server, "agent"), somebody.case_id)


@pytest.mark.req("W-05", "S-46")
def test_a_recorded_result_ends_both_sockets(server: Running, account: Account) -> None:
    with waiting(account) as somebody, at_portal(somebody) as person:
        agent = taken(staff(server, "agent"), somebody.case_id)
        with at_desk(agent, somebody.case_id) as desk:
            told(desk, "peer")
            page = agent.get(f"/video/{somebody.case_id}")
            passed = re.findall(r'name="passed" value="([^"]*)"', page.text)
            form = {"step": "success/", "seen": seen(agent), "passed": passed, **DOCUMENT}
            agent.follow(agent.post(f"/video/{somebody.case_id}", form))
            assert closed(desk) == 4003
            assert closed(person) == 4003
