"""Signing in, sessions, forged forms: the console's door, over HTTP."""

import re

import httpx
import pytest

from fallwerk.kit.clock import monotonic_s
from tests.support.console import CHOSEN, Desk, make_user, staff, text_of
from tests.support.scr import rows

WRONG = "Benutzername oder Passwort ist falsch."
HALF_AN_HOUR = 1800
HALF_A_DAY = 43200


@pytest.mark.req("W-04")
def test_the_demo_user_signs_in_and_sees_every_desk(server):
    desk = Desk(server, "admin", "demo-admin-password")
    page = desk.follow(desk.sign_in())
    assert page.status_code == 200
    assert "Demo Admin" in page.text
    for name in ("packaging", "courier", "counter", "video", "review", "loans", "customers"):
        assert f'href="/console/{name}"' in page.text


@pytest.mark.req("W-04")
def test_the_cookie_is_for_this_host_and_no_script(server):
    desk = Desk(server, "admin", "demo-admin-password")
    cookie = desk.sign_in().headers["set-cookie"]
    assert re.fullmatch(r"fallwerk=[\w-]{32}; HttpOnly; Path=/; SameSite=strict", cookie)


@pytest.mark.req("W-04")
def test_signing_in_gives_another_token_than_the_one_before(server):
    desk = Desk(server, "admin", "demo-admin-password")
    desk.get("/sign-in")
    before = desk.http.cookies["fallwerk"]
    desk.sign_in()
    assert desk.http.cookies["fallwerk"] != before
    planted = Desk(server)
    planted.http.cookies.set("fallwerk", before)
    assert "/console/sign-in" in str(planted.get("/").url)


@pytest.mark.req("C-10")
def test_an_unknown_user_and_a_wrong_password_look_the_same(server):
    known = make_user(server, ["counter"])["username"]
    answers = []
    for username in (known, "nobody-at-all", "Ä\0" + "x" * 300):
        desk = Desk(server, username, "wrong-password-of-somebody")
        answer = desk.sign_in()
        assert answer.status_code == 422
        assert WRONG in text_of(answer)
        shown = re.search(r'name="username" value="([^"]*)"', answer.text)
        answers.append(re.sub(r'value="[^"]*"', "", answer.text) if shown else "")
    assert len(set(answers)) == 1


@pytest.mark.req("C-10")
def test_guessing_is_slowed_per_account_and_the_right_password_is_not(server):
    made = make_user(server, ["counter"])
    desk = Desk(server, made["username"])
    for _ in range(20):
        desk.sign_in(password="wrong")
    began = monotonic_s()
    assert desk.sign_in(password="wrong").status_code == 422
    slow = monotonic_s() - began
    began = monotonic_s()
    assert desk.sign_in(password=made["password"]).status_code == 303
    quick = monotonic_s() - began
    assert slow > 0.4
    assert quick < slow


@pytest.mark.req("W-04")
def test_a_generated_password_opens_nothing_before_it_is_changed(server):
    made = make_user(server, ["counter"])
    desk = Desk(server, made["username"], made["password"])
    page = desk.follow(desk.sign_in())
    assert "Ihr Passwort wurde für Sie erzeugt" in page.text
    for path in ("/", "/counter", "/nothing"):
        assert str(desk.get(path).url).endswith("/console/password")


@pytest.mark.req("W-04")
@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"new": "kurz", "repeat": "kurz"}, "new", "mindestens 12 Zeichen"),
        ({"new": "x" * 257, "repeat": "x" * 257}, "new", "höchstens 256 Zeichen"),
        ({"repeat": "ein anderes langes Passwort"}, "repeat", "sind verschieden"),
        ({"present": "falsch"}, "present", "Das jetzige Passwort ist falsch"),
        ({"new": None, "repeat": None}, "new", "Bitte wählen Sie ein anderes"),
    ],
)
def test_a_password_that_cannot_be_is_refused_at_its_field(server, fields, field, reason):
    made = make_user(server, ["counter"])
    desk = Desk(server, made["username"], made["password"])
    desk.follow(desk.sign_in())
    chosen = {name: made["password"] if value is None else value for name, value in fields.items()}
    answer = desk.post("/password", {"present": made["password"], "new": CHOSEN, "repeat": CHOSEN, **chosen})
    assert answer.status_code == 422
    assert reason in text_of(answer)
    assert f'href="#{field}"' in answer.text
    assert f'id="{field}-fault"' in answer.text
    assert Desk(server, made["username"], CHOSEN).sign_in().status_code == 422


@pytest.mark.req("W-04")
def test_changing_the_password_ends_the_other_sessions(server):
    desk = staff(server, "counter")
    other = Desk(server, desk.username, CHOSEN)
    other.follow(other.sign_in())
    desk.get("/password")
    new = "ein ganz anderer langer Satz"
    page = desk.follow(desk.post("/password", {"present": CHOSEN, "new": new, "repeat": new}))
    assert "Ihr Passwort ist geändert." in page.text
    assert "/console/sign-in" in str(other.get("/").url)
    assert Desk(server, desk.username, CHOSEN).sign_in().status_code == 422


@pytest.mark.req("W-04")
def test_signing_out_ends_the_session_for_good(server):
    desk = staff(server, "counter")
    token = desk.http.cookies["fallwerk"]
    desk.get("/")
    page = desk.follow(desk.post("/sign-out"))
    assert "Sie sind abgemeldet." in page.text
    again = Desk(server)
    again.http.cookies.set("fallwerk", token)
    assert "/console/sign-in" in str(again.get("/").url)


@pytest.mark.req("W-04")
def test_a_session_ends_when_idle_and_goes_on_while_used_until_its_absolute_end(own_server):
    idle, used = staff(own_server, "counter"), staff(own_server, "counter")
    for _ in range(HALF_A_DAY // 1500):
        own_server.advance(1500)
        assert used.get("/settings").url.path == "/console/settings"
    assert "Ihre Sitzung ist abgelaufen" in idle.get("/settings").text
    own_server.advance(HALF_A_DAY % 1500)
    assert used.get("/settings").url.path == "/console/sign-in"


@pytest.mark.req("W-04")
@pytest.mark.parametrize("token", ["", "0" * 64, "ä"])
def test_a_form_without_its_browsers_token_does_nothing(server, token):
    desk = staff(server, "counter")
    desk.get("/")
    answer = desk.post("/sign-out", token=token)
    assert answer.status_code == 403
    assert "nichts wurde gespeichert" in answer.text
    assert desk.get("/settings").url.path == "/console/settings"


@pytest.mark.req("W-04")
def test_a_form_of_another_browser_or_another_site_does_nothing(server):
    desk, other = staff(server, "counter"), staff(server, "counter")
    other.get("/")
    desk.page = other.page
    assert desk.post("/sign-out").status_code == 403
    desk.get("/")
    assert desk.post("/sign-out", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert desk.get("/settings").url.path == "/console/settings"


@pytest.mark.req("W-04")
def test_nobody_can_be_signed_in_by_another_site(server):
    answer = httpx.post(f"{server.url}/console/sign-in", data={"username": "admin", "password": "demo-admin-password"})
    assert answer.status_code == 403


@pytest.mark.req("W-04")
def test_every_sign_in_is_in_the_audit_log_by_number_and_with_its_address(server):
    account = server.account()
    desk = staff(server, "reviewer", home={"scrClient": account.client_id})
    desk.get("/")
    desk.post("/sign-out")
    # Processes number their events from blocks of their own, so only the time orders them.
    logged = sorted(server.admin("GET", f"/audit/{account.client_id}").json(), key=lambda e: e["at"], reverse=True)
    assert [entry["action"] for entry in logged[:4]] == [
        "staff.signed_out",
        "staff.password_changed",
        "staff.signed_in",
        "staff.created",
    ]
    assert re.fullmatch(r"staff:\d+", logged[2]["actor"])
    assert logged[2]["actor"] == logged[2]["subject"]
    assert logged[2]["address"] == "127.0.0.1"


@pytest.mark.req("W-04", "C-02")
def test_a_failed_sign_in_is_in_the_audit_log_of_whose_name_was_given_and_what_was_typed_is_nowhere(own_server):
    account, typed = own_server.account(), "typed-by-mistake-4711"
    made = make_user(own_server, ["reviewer"], home={"scrClient": account.client_id})
    assert Desk(own_server, made["username"].upper(), typed).sign_in().status_code == 422
    assert Desk(own_server, f"nobody-{typed}", typed).sign_in().status_code == 422
    own_server.admin("PATCH", f"/staff-users/{made['username']}", json={"active": False})
    assert Desk(own_server, made["username"], made["password"]).sign_in().status_code == 422

    def failures(path: str) -> list[dict]:
        events = own_server.admin("GET", path).json()
        return [event for event in events if event["action"] == "staff.sign_in_failed"]

    known, system = failures(f"/audit/{account.client_id}"), failures("/audit/system")
    assert [(event["actor"], event["address"], event["details"]) for event in (*known, *system)] == [
        ("nobody", "127.0.0.1", {})
    ] * 3
    assert {event["subject"] for event in system} == {"staff:unknown"}
    assert len(known) == 2
    assert all(re.fullmatch(r"staff:\d+", event["subject"]) for event in known)
    kept = rows(own_server, "SELECT actor, subject, details FROM audit_event")
    assert typed not in str(kept).lower()
    assert made["username"] not in str(kept)


@pytest.mark.req("W-04", "C-02")
def test_guessing_without_end_leaves_an_end_of_events_and_the_next_one_tells_how_many_are_missing(own_server):
    made = make_user(own_server, ["counter"])
    count = "SELECT count(*) AS n FROM audit_event WHERE action = 'staff.sign_in_failed'"
    for _ in range(13):
        Desk(own_server, made["username"], "wrong").sign_in()
    assert rows(own_server, count) == [{"n": 10}]
    Desk(own_server, "another", "wrong").sign_in()
    assert rows(own_server, count) == [{"n": 11}]
    (latest, *_) = own_server.admin("GET", "/audit/system?subject=staff:unknown").json()
    assert latest["details"] == {"withheld": 3}


@pytest.mark.req("W-04", "C-02")
def test_a_wrong_present_password_is_in_the_audit_log_too(own_server):
    desk = staff(own_server, "counter")
    desk.get("/password")
    desk.post(
        "/password", {"present": "wrong", "new": "ein ganz anderes passwort", "repeat": "ein ganz anderes passwort"}
    )
    (event, *_) = [
        found
        for found in own_server.admin("GET", "/audit/system").json()
        if found["action"] == "staff.password_refused"
    ]
    assert (event["actor"], event["details"]) == (event["subject"], {})


@pytest.mark.req("W-04")
def test_after_signing_in_one_is_where_one_wanted_to_go_and_never_elsewhere(server):
    desk = Desk(server, "admin", "demo-admin-password")
    page = desk.get("/settings?x=1")
    fields = {"username": "admin", "password": "demo-admin-password", "to": "/console/settings?x=1"}
    assert 'name="to" value="/console/settings?x=1"' in page.text
    assert desk.post("/sign-in", fields).headers["location"] == "/console/settings?x=1"
    for path in (
        "https://example.org/",
        "//example.org",
        "/console/..//example.org",
        "/sandbox/v1/reset",
        "/console@x",
    ):
        desk.http.cookies.clear()
        desk.get("/sign-in")
        assert desk.post("/sign-in", {**fields, "to": path}).headers["location"] == "/console/"


@pytest.mark.req("C-10")
def test_every_page_has_the_strict_headers_and_no_inline_script(server):
    desk = staff(server, "admin")
    for path in ("/", "/settings", "/password", "/nothing"):
        page = desk.get(path)
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=\"/static/console/)", page.text)


@pytest.mark.req("C-04")
def test_no_password_and_no_page_of_a_desk_is_in_the_journal(server):
    desk = Desk(server, "admin", "demo-admin-password")
    desk.follow(desk.sign_in())
    seen = server.sandbox("GET", "/requests", params={"pathPrefix": "/console"}).json()
    assert seen == []


def test_the_language_and_the_appearance_are_chosen_and_kept(server):
    desk = staff(server, "counter")
    desk.get("/settings")
    page = desk.follow(desk.post("/settings", {"language": "en", "theme": "dark"}))
    assert "Settings" in page.text
    assert '<html lang="en" data-theme="dark">' in page.text
    desk.post("/settings", {"language": "xx", "theme": '"><script>'})
    assert '<html lang="en" data-theme="dark">' in desk.get("/settings").text


def test_a_body_that_is_no_form_or_too_large_is_refused(server):
    desk = staff(server, "counter")
    json = desk.http.post("/console/sign-out", json={})
    assert json.status_code == 415
    large = desk.post("/settings", {"x": "x" * 300_000})
    assert large.status_code == 413
    many = desk.post("/settings", {f"f{number}": "" for number in range(600)})
    assert many.status_code == 400


def test_a_page_that_is_not_there_says_so_in_the_frame(server):
    page = staff(server, "counter").get("/nothing/at/all")
    assert page.status_code == 404
    assert "Hier ist nichts" in page.text
    assert 'href="/console/counter"' in page.text


def test_an_ordered_fault_is_a_page_and_not_a_problem(server):
    fault = {"match": {"method": "GET", "pathPrefix": "/console/ordered-fault"}, "status": 503, "times": 1}
    assert server.sandbox("POST", "/faults", json=fault).status_code == 201
    # One of several processes may hear of it a moment later.
    answers = [server.http.get("/console/ordered-fault") for _ in range(20)]
    (failed,) = [answer for answer in answers if answer.status_code == 503]
    assert failed.headers["content-type"].startswith("text/html")
    assert "Zurzeit nicht erreichbar" in failed.text


@pytest.mark.req("C-10")
def test_script_in_a_users_name_is_shown_as_text(server):
    evil = "<svg onload=1>"
    desk = staff(server, "admin", name=evil)
    for path in ("/", "/settings", "/users", f"/users/of/{desk.username}"):
        page = desk.get(path)
        assert page.status_code == 200
        assert "<svg onload" not in page.text
        assert "&lt;svg onload=1&gt;" in page.text
