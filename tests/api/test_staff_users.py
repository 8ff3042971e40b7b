"""Users of the console through the admin API."""

from uuid import uuid4

import pytest

from tests.support.console import Desk, make_user, staff

UNKNOWN = "There is no user with this name."


def stored(server, username):
    return [user for user in server.admin("GET", "/staff-users").json() if user["username"] == username]


@pytest.mark.req("W-04")
def test_a_new_user_gets_a_generated_password_once_and_no_hash_is_ever_shown(server):
    made = make_user(server, ["reviewer", "counter"], name="Jürgen Prüfer")
    assert len(made["password"]) == 32
    assert (made["name"], made["roles"], made["home"]) == ("Jürgen Prüfer", ["reviewer", "counter"], None)
    assert (made["active"], made["mustChangePassword"]) == (True, True)
    assert made["actions"] == ["counter.work", "review.work"]
    shown = server.admin("GET", f"/staff-users/{made['username']}")
    assert shown.status_code == 200
    assert shown.json() == {name: value for name, value in made.items() if name != "password"}
    assert "argon2" not in server.admin("GET", "/staff-users").text


@pytest.mark.req("W-04")
@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"username": "Mit Leerzeichen"}, "/username"),
        ({"username": ""}, "/username"),
        ({"username": "x" * 101}, "/username"),
        ({"name": " "}, "/name"),
        ({"name": "x" * 101}, "/name"),
        ({"name": "zwei\nZeilen"}, "/name"),
        ({"roles": []}, "/roles"),
        ({"roles": ["admin", "admin"]}, "/roles"),
        ({"roles": ["king"]}, "/roles/0"),
        ({"roles": "admin"}, "/roles"),
        ({"home": {}}, "/home"),
        ({"home": {"partner": "ABC12", "broker": 1}}, "/home"),
        ({"home": {"scrClient": "NOBODY"}}, "/home"),
        ({"home": {"partner": "\0"}}, "/home"),
        ({"home": {"broker": 999999999}}, "/home"),
        ({"extra": 1}, "/extra"),
    ],
)
def test_what_cannot_be_a_user_is_refused_and_nothing_is_stored(server, change, pointer):
    username = f"u-{uuid4().hex[:12]}"
    answer = server.admin(
        "POST", "/staff-users", json={"username": username, "name": "N", "roles": ["counter"], **change}
    )
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert stored(server, username) == []


@pytest.mark.req("W-04")
def test_a_username_is_taken_for_everybody_and_in_any_spelling(server):
    made = make_user(server, ["counter"])
    again = {"username": made["username"].upper(), "name": "Andere", "roles": ["courier"]}
    answer = server.admin("POST", "/staff-users", json=again)
    assert (answer.status_code, answer.json()["detail"]) == (409, "Another user has this name.")
    assert [user["name"] for user in stored(server, made["username"])] == ["Erika Beispiel"]


@pytest.mark.req("W-04")
@pytest.mark.parametrize("role", ["admin", "clerk"])
def test_a_clients_own_people_have_desks_only(server, role):
    account = server.account()
    body = {"username": f"u-{uuid4().hex[:12]}", "name": "N", "roles": [role], "home": {"scrClient": account.client_id}}
    answer = server.admin("POST", "/staff-users", json=body)
    assert [error["pointer"] for error in answer.json()["errors"]] == ["/roles"]
    made = make_user(server, ["reviewer"], home={"scrClient": account.client_id})
    assert made["home"] == {"scrClient": account.client_id}
    logged = server.admin("GET", f"/audit/{account.client_id}").json()
    (created,) = [event for event in logged if event["action"] == "staff.created"]
    assert created["subject"].startswith("staff:")
    assert made["username"] not in str(logged)


@pytest.mark.req("W-04")
def test_a_disabled_user_is_signed_out_and_kept_out_until_enabled(server):
    desk = staff(server, "counter")
    assert desk.get("/settings").status_code == 200
    path = f"/staff-users/{desk.username}"
    assert server.admin("PATCH", path, json={"active": False}).json()["active"] is False
    assert "/console/sign-in" in str(desk.get("/settings").url)
    assert desk.sign_in().status_code == 422
    assert server.admin("PATCH", path, json={"active": True}).status_code == 200
    assert desk.sign_in().status_code == 303


@pytest.mark.req("W-04")
def test_a_reset_ends_every_session_and_the_old_password(server):
    desk = staff(server, "counter")
    answer = server.admin("POST", f"/staff-users/{desk.username}/reset")
    assert (answer.status_code, answer.json()["mustChangePassword"]) == (200, True)
    assert "/console/sign-in" in str(desk.get("/settings").url)
    assert desk.sign_in().status_code == 422
    fresh = Desk(server, desk.username, answer.json()["password"])
    assert "/console/password" in str(fresh.follow(fresh.sign_in()).url)


@pytest.mark.req("W-04")
def test_changed_roles_count_with_the_next_page(server):
    desk = staff(server, "admin")
    assert server.admin("PATCH", f"/staff-users/{desk.username}", json={"roles": ["counter"]}).status_code == 200
    menu = desk.get("/").text
    assert 'href="/console/counter"' in menu
    assert 'href="/console/users"' not in menu


@pytest.mark.req("W-04")
@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("PATCH", ""), ("POST", "/reset")])
def test_an_unknown_user_is_not_found(server, method, path):
    answer = server.admin(method, f"/staff-users/nobody{path}", **({"json": {}} if method == "PATCH" else {}))
    assert (answer.status_code, answer.json()["detail"]) == (404, UNKNOWN)


@pytest.mark.req("C-11")
def test_the_same_idempotency_key_makes_one_user(server):
    body = {"username": f"u-{uuid4().hex[:12]}", "name": "N", "roles": ["counter"]}
    headers = {"Idempotency-Key": uuid4().hex}
    first = server.admin("POST", "/staff-users", json=body, headers=headers)
    again = server.admin("POST", "/staff-users", json=body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
