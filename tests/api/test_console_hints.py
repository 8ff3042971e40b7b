"""Hints as a check-list: ticked off and taken back, by whom and when, whatever other tabs and people do meanwhile."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.console import Desk, staff, text_of
from tests.support.kex import kex
from tests.support.scr import rows

HINTS = ["Gehaltsnachweis Oktober", "Kopie des Ausweises"]
FORM = re.compile(r'<form method="post" action="/console(/loans/\w+/hints)">(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'name="(\w+)" value="([^"]*)"')


@pytest.fixture
def client(server):
    return kex(server)


@pytest.fixture
def case(client):
    number = client.case()
    application = client.application(number, "P-4711")
    client.status({"antragsnummer": application, "produktanbieterstatus": "ZURUECKGESTELLT", "hinweise": HINTS})
    return number


def clerk_of(server, client, name="Karla Kann", role="clerk") -> Desk:
    home = {} if role == "admin" else {"home": {"partner": client.partner_id}}
    return staff(server, role, name=name, **home)


def forms(desk: Desk, case: str) -> list[dict[str, str]]:
    """The check-list's forms of a fresh page, in its order."""
    return [dict(FIELD.findall(found[2])) for found in FORM.finditer(desk.get(f"/loans/{case}").text)]


def tick(desk: Desk, case: str, form: dict[str, str]):
    sent = {name: value for name, value in form.items() if name != "form_token"}
    return desk.post(f"/loans/{case}/hints", sent, token=form["form_token"])


def ticks(server, case):
    return rows(server, "SELECT * FROM loan_hint_tick WHERE application_number LIKE ?", f"{case}/%")


def events(server, case):
    found = rows(server, "SELECT action FROM audit_event WHERE subject LIKE ?", f"{case}/%")
    return sorted(row["action"] for row in found if row["action"].startswith("hint."))


@pytest.mark.req("U-11", "A-05")
def test_a_tick_says_who_and_when_and_is_taken_back(server, client, case):
    clerk, colleague = clerk_of(server, client), clerk_of(server, client, "Otto Ohne")
    first, second = forms(clerk, case)
    assert (first["wanted"], second["wanted"]) == ("done", "done")
    page = clerk.follow(tick(clerk, case, second))
    assert page.text.count('aria-pressed="true"') == 1
    assert re.search(r"erledigt: Kopie des Ausweises erledigt · Karla Kann · heute \d\d:\d\d", text_of(page))
    assert "erledigt · Karla Kann" in text_of(colleague.get(f"/loans/{case}"))
    (row,) = ticks(server, case)
    assert (row["change_id"], row["hint_number"]) == (1, 2)
    assert re.fullmatch(r"staff:\d+", row["actor"])
    taken = forms(colleague, case)[1]
    assert taken["wanted"] == "open"
    page = colleague.follow(tick(colleague, case, taken))
    assert 'aria-pressed="true"' not in page.text
    assert ticks(server, case) == []
    assert events(server, case) == ["hint.ticked", "hint.unticked"]


@pytest.mark.req("A-05")
def test_the_same_tick_from_two_tabs_stays_the_first_ones(server, client, case):
    clerk, colleague = clerk_of(server, client), clerk_of(server, client, "Otto Ohne")
    mine, theirs = forms(clerk, case)[0], forms(colleague, case)[0]
    clerk.follow(tick(clerk, case, mine))
    before = ticks(server, case)
    page = colleague.follow(tick(colleague, case, theirs))
    assert "erledigt · Karla Kann" in text_of(page)
    # The back button and the same form once more.
    clerk.follow(tick(clerk, case, mine))
    assert ticks(server, case) == before
    assert events(server, case) == ["hint.ticked"]


@pytest.mark.req("A-05")
def test_nobody_takes_back_what_somebody_else_ticked_since(server, client, case):
    clerk, colleague = clerk_of(server, client), clerk_of(server, client, "Otto Ohne")
    clerk.follow(tick(clerk, case, forms(clerk, case)[0]))
    stale = forms(colleague, case)[0]
    clerk.follow(tick(clerk, case, forms(clerk, case)[0]))
    # Gone already: taking it back again is no fault.
    assert tick(colleague, case, stale).status_code == 303
    clerk.follow(tick(clerk, case, forms(clerk, case)[0]))
    kept = ticks(server, case)
    answer = tick(colleague, case, stale)
    assert answer.status_code == 409
    assert "hat sich inzwischen geändert" in text_of(answer)
    assert ticks(server, case) == kept
    assert events(server, case) == ["hint.ticked", "hint.ticked", "hint.unticked"]


@pytest.mark.req("A-05")
def test_racing_clicks_make_one_tick(server, client, case):
    clerk = clerk_of(server, client)
    form = forms(clerk, case)[0]
    sent = {name: value for name, value in form.items() if name != "form_token"}

    def click(_):
        return clerk.http.post(
            f"/console/loans/{case}/hints", data={**sent, "form_token": form["form_token"]}
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(click, range(16))) == {303}
    assert len(ticks(server, case)) == 1
    assert events(server, case) == ["hint.ticked"]


@pytest.mark.req("A-05", "C-03")
def test_what_is_no_hint_of_the_case_or_out_of_reach_is_not_found(server, client, case):
    other = client.case()
    application = client.application(other, "P-1")
    stranger = clerk_of(server, kex(server))
    stranger.get("/loans")
    clerk = clerk_of(server, client)
    form = forms(clerk, case)[0]
    wrong = (
        {"hint": "3"},
        {"hint": "0"},
        {"hint": "-1"},
        {"hint": "9" * 19},
        {"hint": "9" * 400},
        {"change": "2"},
        {"application": application},
        {"application": f"{case}/9/9"},
        {"application": "x" * 1000},
        {"application": ""},
    )
    for change in wrong:
        assert tick(clerk, case, {**form, **change}).status_code == 404, change
    assert tick(clerk, other, form).status_code == 404
    token = re.search(r'name="form_token" value="(\w+)"', stranger.get("/settings").text)[1]
    assert tick(stranger, case, {**form, "form_token": token}).status_code == 404
    assert tick(clerk, case, {**form, "form_token": "0" * 64}).status_code == 403
    assert ticks(server, case) == []
    assert events(server, case) == []
    server.admin("DELETE", f"/vorgaenge/{case}")
    assert tick(stranger, case, {**form, "form_token": token}).status_code == 404
    assert tick(clerk, case, form).status_code == 409


@pytest.mark.req("A-05", "W-04")
def test_whoever_only_reads_and_a_deleted_case_show_ticks_without_a_button(server, client, case):
    clerk, reader = clerk_of(server, client), clerk_of(server, client, role="admin")
    clerk.follow(tick(clerk, case, forms(clerk, case)[0]))
    assert forms(reader, case) == []
    assert "erledigt · Karla Kann" in text_of(reader.page)
    server.admin("DELETE", f"/vorgaenge/{case}")
    assert forms(clerk, case) == []
    assert "erledigt · Karla Kann" in text_of(clerk.page)


@pytest.mark.req("A-05")
def test_ticks_stay_with_their_hint_when_new_ones_come_and_after_a_restart(own_server):
    client = kex(own_server)
    case = client.case()
    application = client.application(case, "P-4711")
    client.status({"antragsnummer": application, "produktanbieterstatus": "ZURUECKGESTELLT", "hinweise": HINTS})
    clerk = clerk_of(own_server, client)
    clerk.follow(tick(clerk, case, forms(clerk, case)[0]))
    client.status(
        {
            "antragsnummer": application,
            "kommentar": "Noch etwas",
            "produktanbieterstatus": "NICHT_BEARBEITET",
            "hinweise": ["Neu", *HINTS],
        }
    )
    own_server.process.kill()
    own_server.process.start()
    pressed = re.findall(r'aria-pressed="(\w+)".*?class="text">([^<]*)<', clerk.get(f"/loans/{case}").text, re.DOTALL)
    # The newest change is on top.
    assert pressed == [
        ("false", "Neu"),
        ("false", HINTS[0]),
        ("false", HINTS[1]),
        ("true", HINTS[0]),
        ("false", HINTS[1]),
    ]
