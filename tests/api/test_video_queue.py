"""The queue of the video desk: whose turn it is, which agent gets whom, and when a call that nobody holds is free."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier

import pytest

from tests.api.conftest import EVERYTHING, Account, Running
from tests.support.calls import at_desk, at_portal, place, taken, told, waiting
from tests.support.console import DOCUMENT, Desk, play, seen, staff, text_of
from tests.support.mail_server import until
from tests.support.portal import FULL
from tests.support.scr import rows, started


@pytest.fixture
def account(server: Running) -> Account:
    return server.account(**EVERYTHING)


def agent_of(account: Account) -> Desk:
    """An agent who serves the people of one account only, so that tests do not take each other's."""
    return staff(account.server, "agent", home={"scrClient": account.client_id})


def take_next(agent: Desk) -> str:
    """Take the next call; the case, empty if nobody waits."""
    agent.get("/video")
    answer = agent.post("/video/next")
    if answer.status_code == 200:
        return ""
    return agent.follow(answer).url.path.rpartition("/")[2]


def end(agent: Desk, case_id: str, reason: str) -> None:
    agent.get(f"/video/{case_id}")
    form = {"step": "incomplete/9030", "seen": seen(agent), "reason_9030": reason}
    agent.follow(agent.post(f"/video/{case_id}", {**form, **dict.fromkeys(DOCUMENT, "")}))


@pytest.mark.req("W-05")
def test_the_next_call_is_whoever_has_waited_longest_on_their_page(account: Account) -> None:
    absent = started(account, FULL)
    play(account.server, absent, "video", "started")
    with waiting(account) as first, waiting(account) as second:
        agent, other = agent_of(account), agent_of(account)
        page = text_of(agent.get("/video"))
        assert "2 Personen warten auf ihrer Seite." in page
        order = [
            page.index(" ".join((case[:4], case[4:8], case[8:]))) for case in (first.case_id, second.case_id, absent)
        ]
        assert order == sorted(order)
        assert take_next(agent) == first.case_id
        assert "Erika Beispiel" in text_of(other.get("/video"))  # talks to the first
        assert take_next(other) == second.case_id
        third = agent_of(account)
        assert take_next(third) == ""
        assert "Gerade wartet niemand" in text_of(third.page)  # type: ignore[arg-type]
        assert rows(account.server, "SELECT * FROM desk_claim WHERE case_id = ?", absent) == []


@pytest.mark.req("W-05")
def test_who_has_a_call_goes_on_with_it_instead_of_taking_another(account: Account) -> None:
    with waiting(account) as first, waiting(account) as second:
        agent = agent_of(account)
        assert take_next(agent) == first.case_id
        assert take_next(agent) == first.case_id
        play(account.server, first.case_id, "video", "review pending")
        assert take_next(agent) == second.case_id


@pytest.mark.req("W-05")
def test_agents_who_race_for_the_next_call_get_different_persons(account: Account) -> None:
    with ExitStack() as people:
        waits = [people.enter_context(waiting(account)).case_id for _ in range(3)]
        agents = [agent_of(account) for _ in range(4)]
        barrier = Barrier(len(agents))

        def race(agent: Desk) -> str:
            agent.get("/video")
            barrier.wait()
            return take_next(agent)

        with ThreadPoolExecutor(len(agents)) as pool:
            got = list(pool.map(race, agents))
        assert sorted(got) == sorted([*waits, ""])


@pytest.mark.req("W-05", "C-03")
def test_an_agent_of_a_client_is_given_nobody_elses_person(account: Account, server: Running) -> None:
    with waiting(server.account(**EVERYTHING)) as stranger:
        agent = agent_of(account)
        assert take_next(agent) == ""
        assert rows(server, "SELECT * FROM desk_claim WHERE case_id = ?", stranger.case_id) == []


@pytest.mark.req("W-05")
def test_the_place_counts_those_who_can_be_called_and_nobody_else(own_server: Running) -> None:
    account = own_server.account(**EVERYTHING)
    with waiting(account) as first, waiting(account) as second, waiting(account) as third:
        agent = agent_of(account)
        assert take_next(agent) == first.case_id
        assert [place(second), place(third)] == [1, 2]
        # The call ends without a result: the connection broke, so the person is called again first.
        end(agent, first.case_id, "9131")
        assert [place(first), place(second), place(third)] == [1, 2, 3]
        # Something is to be fetched: the others come first.
        assert take_next(agent) == first.case_id
        end(agent, first.case_id, "9133")
        assert [place(second), place(third), place(first)] == [1, 2, 3]
        # A page that is still open after the decision keeps nobody waiting.
        play(own_server, second.case_id, "video", "review pending")
        assert [place(third), place(first)] == [1, 2]
        # Whoever was away for long begins anew.
        own_server.advance(601)
        assert place(first) == 1
        assert place(third) == 2


@pytest.mark.req("W-05")
def test_a_call_that_both_sides_left_is_free_after_a_minute(own_server: Running) -> None:
    account = own_server.account(**EVERYTHING)
    with waiting(account) as somebody, waiting(account) as later:
        gone, agent = staff(own_server, "agent"), staff(own_server, "agent")
        taken(gone, somebody.case_id)
        own_server.advance(59)
        assert [place(somebody), place(later)] == [1, 1]
        agent.get("/video")
        refused = agent.post(f"/video/{somebody.case_id}/take")
        assert refused.status_code == 409
        assert "Erika Beispiel" in text_of(refused)
        own_server.advance(2)
        assert [place(somebody), place(later)] == [1, 2]
        assert take_next(agent) == somebody.case_id
        page = gone.get(f"/video/{somebody.case_id}")
        assert page.status_code == 409
        assert "Mustermann" not in page.text
        # And the one who came back is free for the next person.
        assert take_next(gone) == later.case_id
        found = rows(own_server, "SELECT action FROM audit_event WHERE subject = ?", somebody.case_id)
        assert "video.call_lapsed" in {row["action"] for row in found}


@pytest.mark.req("W-05")
def test_an_agent_who_comes_back_before_anybody_else_goes_on(own_server: Running) -> None:
    with waiting(own_server.account(**EVERYTHING)) as somebody:
        agent = taken(staff(own_server, "agent"), somebody.case_id)
        own_server.advance(300)
        assert agent.get(f"/video/{somebody.case_id}").status_code == 200
        other = staff(own_server, "agent")
        other.get("/video")
        assert other.post(f"/video/{somebody.case_id}/take").status_code == 409


@pytest.mark.req("W-05")
def test_a_call_lasts_while_the_agents_page_is_connected(own_server: Running) -> None:
    with waiting(own_server.account(**EVERYTHING)) as somebody, at_portal(somebody) as person:
        agent = taken(staff(own_server, "agent"), somebody.case_id)
        with at_desk(agent, somebody.case_id) as desk:
            assert told(desk, "peer")["present"] is True
            assert told(person, "peer")["present"] is True
            own_server.advance(3600)
            other = staff(own_server, "agent")
            other.get("/video")
            assert other.post(f"/video/{somebody.case_id}/take").status_code == 409
            desk.send('{"type":"offer","sdp":"v=0"}')
            assert told(person, "offer")["sdp"] == "v=0"


@pytest.mark.req("W-05")
def test_a_connected_agents_page_renews_the_call(own_server: Running) -> None:
    with waiting(own_server.account(**EVERYTHING)) as somebody:
        agent = taken(staff(own_server, "agent"), somebody.case_id)
        before = _heard_of(own_server, somebody.case_id)
        with at_desk(agent, somebody.case_id) as desk:
            own_server.advance(30)
            told(desk, "welcome")
            until(lambda: _heard_of(own_server, somebody.case_id) >= before + 30_000_000)


def _heard_of(server: Running, case_id: str) -> int:
    (claim,) = rows(server, "SELECT seen_us FROM desk_claim WHERE case_id = ?", case_id)
    found: int = claim["seen_us"]
    return found
