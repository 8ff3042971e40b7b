"""Video agent and reviewer over HTTP: the queue, four eyes, pictures, new pictures (W-05, S-46)."""

import re

import pytest

from tests.support.console import DOCUMENT, play, seen, staff, text_of

CONTACT = {"firstName": "Erika", "lastName": "Mustermann"}
CHECKS = [
    "recording_accepted",
    "picture_good",
    "document_genuine",
    "document_tilted",
    "face_matches",
    "data_read",
    "acts_freely",
]


@pytest.fixture
def account(server):
    return server.account()


def waiting(account, method, *statuses):
    """A case that waits in a state of a method."""
    case_id = account.start({"contactDataProvided": CONTACT}).json()["caseId"]
    play(account.server, case_id, method, "started", *statuses)
    return case_id


def last(account, case_id):
    return account.get(f"/cases/{case_id}/full", params={"includeBinaryData": "true"}).json()["identifications"][-1]


def status(account, case_id):
    found = last(account, case_id)["identificationStatus"]
    reason = found.get("subStatusReason")
    return found["status"], reason["code"] if isinstance(reason, dict) else reason


def take(desk, case_id):
    desk.get("/video")
    return desk.post(f"/video/{case_id}/take")


def record(desk, case_id, step="success/", passed=CHECKS, **fields):
    desk.get(f"/video/{case_id}")
    return desk.post(f"/video/{case_id}", {"step": step, "seen": seen(desk), "passed": passed, **DOCUMENT, **fields})


def decide(desk, case_id, method, step="success/", **fields):
    desk.get(f"/review/{case_id}/{method}")
    return desk.post(f"/review/{case_id}/{method}", {"step": step, "seen": seen(desk), **fields})


@pytest.mark.req("W-05", "S-46")
def test_a_call_goes_from_the_queue_to_the_reviewer_and_to_the_client(account, server):
    case_id = waiting(account, "video")
    agent, reviewer = staff(server, "agent"), staff(server, "reviewer")
    assert case_id in agent.get("/video").text
    agent.follow(take(agent, case_id))
    assert "Erika Mustermann" in text_of(agent.page)
    agent.follow(record(agent, case_id))
    assert status(account, case_id)[0] == "review pending"
    page = reviewer.get(f"/review/{case_id}/video")
    assert "Vorläufiges Ergebnis: erfolgreich" in text_of(page)
    assert "L01X00T47" in page.text
    reviewer.follow(decide(reviewer, case_id, "video"))
    assert status(account, case_id)[0] == "success"
    found = last(account, case_id)
    assert found["identificationDocument"]["number"]["value"] == "L01X00T47"
    assert re.fullmatch(r"Agent \d+", found["additionalDataVideo"]["identificationAgentAlias"])


@pytest.mark.req("W-05")
def test_who_recorded_a_result_cannot_confirm_or_decline_it(account, server):
    case_id = waiting(account, "video")
    both, other = staff(server, "agent", "reviewer"), staff(server, "reviewer")
    both.follow(take(both, case_id))
    both.follow(record(both, case_id))
    page = both.get(f"/review/{case_id}/video")
    assert "Sie haben dieses Ergebnis erfasst" in page.text
    assert 'value="success/"' not in page.text
    for step, reason in (("success/", {}), ("declined/9010", {"reason_9010": "9109"})):
        answer = decide(both, case_id, "video", step, **reason)
        assert answer.status_code == 403
        assert "jemand anderes" in text_of(answer)
    assert status(account, case_id)[0] == "review pending"
    other.follow(decide(other, case_id, "video", "declined/9010", reason_9010="9108"))
    assert status(account, case_id) == ("declined", 9108)


@pytest.mark.req("W-05")
def test_a_call_belongs_to_whoever_takes_it_first(account, server):
    case_id = waiting(account, "video")
    first, second = staff(server, "agent"), staff(server, "agent")
    first.follow(take(first, case_id))
    answer = take(second, case_id)
    assert answer.status_code == 409
    assert "Erika Beispiel" in text_of(answer)
    page = second.get(f"/video/{case_id}")
    assert page.status_code == 409
    assert "Mustermann" not in page.text
    first.get(f"/video/{case_id}")
    first.follow(first.post(f"/video/{case_id}/leave"))
    second.follow(take(second, case_id))
    assert "Erika Mustermann" in text_of(second.page)


@pytest.mark.req("W-05")
@pytest.mark.parametrize("missing", CHECKS)
def test_an_agent_must_tick_every_check_for_a_success(account, server, missing):
    case_id = waiting(account, "video")
    agent = staff(server, "agent")
    agent.follow(take(agent, case_id))
    answer = record(agent, case_id, passed=[name for name in CHECKS if name != missing])
    assert answer.status_code == 422
    assert "alle Prüfschritte" in text_of(answer)
    assert answer.text.count(" checked") == len(CHECKS) - 1
    assert status(account, case_id)[0] == "started"


@pytest.mark.req("W-05")
@pytest.mark.parametrize("language", ["de", "en"])
def test_what_a_call_that_broke_off_recorded_is_taken_as_the_next_form_shows_it(account, server, language):
    case_id = waiting(account, "video")
    agent = staff(server, "agent")
    agent.http.headers["Accept-Language"] = language
    agent.follow(take(agent, case_id))
    agent.follow(record(agent, case_id, "incomplete/9030", [], reason_9030="9131"))
    agent.follow(take(agent, case_id))
    shown = dict(re.findall(r'<input id="(\w+)" name="\w+" value="([^"]*)"', agent.page.text))
    assert shown["birth_date"] == "12.08.1964"
    agent.follow(record(agent, case_id, **{name: value for name, value in shown.items() if name in DOCUMENT}))
    assert status(account, case_id)[0] == "review pending"


@pytest.mark.req("W-05")
def test_a_call_that_breaks_off_waits_again(account, server):
    case_id = waiting(account, "video")
    agent = staff(server, "agent")
    agent.follow(take(agent, case_id))
    empty = dict.fromkeys(DOCUMENT, "")
    agent.follow(record(agent, case_id, "incomplete/9030", passed=[], reason_9030="9131", **empty))
    assert status(account, case_id) == ("incomplete", 9131)
    assert case_id in agent.get("/video").text
    assert agent.get(f"/video/{case_id}").status_code == 409


@pytest.mark.req("W-05")
def test_a_reviewer_judges_pictures_and_asks_for_new_ones(account, server):
    case_id = waiting(account, "photo", "review pending")
    reviewer = staff(server, "reviewer")
    page = reviewer.get(f"/review/{case_id}/photo")
    records = re.findall(r'name="judge_(\d+)"', page.text)
    assert len(records) == 3
    picture = reviewer.http.get(f"/console/review/{case_id}/picture/{records[0]}")
    assert picture.status_code == 200
    assert picture.headers["content-type"].startswith("image/")
    assert picture.headers["cache-control"] == "no-store"
    judged = {f"judge_{records[0]}": "too blurry", f"remark_{records[0]}": "Hologramm nicht zu sehen"}
    judged |= {f"judge_{records[1]}": "valid"}
    reviewer.follow(decide(reviewer, case_id, "photo", "incomplete/9040", reason_9040="9141", **judged))
    assert status(account, case_id) == ("incomplete", 9141)
    assert reviewer.get(f"/review/{case_id}/photo").status_code == 409
    assert reviewer.http.get(f"/console/review/{case_id}/picture/{records[0]}").status_code == 404


@pytest.mark.req("W-05")
def test_a_photo_is_confirmed_with_what_the_reviewer_read_from_it(account, server):
    case_id = waiting(account, "photo", "review pending")
    reviewer = staff(server, "reviewer")
    answer = decide(reviewer, case_id, "photo", **{**DOCUMENT, "number": ""})
    assert answer.status_code == 422
    assert 'href="#number"' in answer.text
    reviewer.follow(decide(reviewer, case_id, "photo", **{**DOCUMENT, "number": "C01X00T48"}))
    assert status(account, case_id)[0] == "success"
    assert last(account, case_id)["identificationDocument"]["number"]["value"] == "C01X00T48"


@pytest.mark.req("W-05")
@pytest.mark.parametrize(
    ("step", "fields", "expected"),
    [
        ("declined/9010", {}, 422),
        ("incomplete/9040", {"reason_9040": "9109"}, 409),
        ("review pending/", {}, 409),
        ("nonsense/", {}, 422),
        ("success/", {"judge_1": "valid", **DOCUMENT}, 422),
    ],
)
def test_a_decision_that_is_none_of_a_reviewers_changes_nothing(account, server, step, fields, expected):
    case_id = waiting(account, "photo", "review pending")
    reviewer = staff(server, "reviewer")
    assert decide(reviewer, case_id, "photo", step, **fields).status_code == expected
    assert status(account, case_id)[0] == "review pending"


@pytest.mark.req("W-05")
def test_two_reviewers_at_once_decide_once(account, server):
    case_id = waiting(account, "photo", "review pending")
    first, second = staff(server, "reviewer"), staff(server, "reviewer")
    second.get(f"/review/{case_id}/photo")
    late = {"step": "success/", "seen": seen(second), **DOCUMENT}
    first.follow(decide(first, case_id, "photo", "declined/9010", reason_9010="9106"))
    assert second.post(f"/review/{case_id}/photo", late).status_code == 409
    assert status(account, case_id) == ("declined", 9106)


@pytest.mark.req("C-03")
def test_a_clients_own_people_see_their_own_queue_and_pictures_only(account, server):
    other = server.account()
    mine, foreign = waiting(account, "photo", "review pending"), waiting(other, "photo", "review pending")
    reviewer = staff(server, "reviewer", home={"scrClient": account.client_id})
    listed = reviewer.get("/review").text
    assert mine in listed
    assert foreign not in listed
    assert reviewer.get(f"/review/{foreign}/photo").status_code == 404
    page = staff(server, "reviewer").get(f"/review/{foreign}/photo")
    record_id = re.search(r'name="judge_(\d+)"', page.text)[1]
    for case_id in (foreign, mine):
        assert reviewer.http.get(f"/console/review/{case_id}/picture/{record_id}").status_code == 404
    call = waiting(other, "video")
    agent = staff(server, "agent", home={"scrClient": account.client_id})
    assert call not in agent.get("/video").text
    agent.get("/video")
    assert agent.post(f"/video/{call}/take", token=None).status_code in {403, 404}


@pytest.mark.req("C-10")
def test_script_in_a_persons_data_is_shown_as_text(account, server):
    evil = "<svg onload=1>"
    contact = {"firstName": evil, "lastName": evil}
    case_id = account.start({"contactDataProvided": contact}).json()["caseId"]
    play(server, case_id, "video", "started")
    agent, reviewer = staff(server, "agent"), staff(server, "reviewer")
    listed = agent.get("/video").text
    agent.follow(take(agent, case_id))
    call = agent.page.text
    agent.follow(record(agent, case_id, authority=evil, birth_place=evil))
    review = reviewer.get(f"/review/{case_id}/video").text
    for page in (listed, call, review):
        assert "<svg onload" not in page
        assert "&lt;svg onload=1&gt;" in page
