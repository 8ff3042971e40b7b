"""Every page of the console against every role, and against the people of every tenant."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from fallwerk.domain.staff.model import Action, HomeKind, Role
from fallwerk.domain.staff.permissions import PERMISSIONS, ROLES_OF, allowed
from fallwerk.web.console.frame import NAVIGATION, Frame, Page
from fallwerk.web.console.routes import ConsoleDeps, all_pages
from tests.support.console import Desk, staff

PARTS = {"case_id": "AAAA1111BBBB", "method": "photo", "record": "1", "number": "ZZZZZ9", "sha256": "0" * 64}
PARTS |= {"broker": "4711", "customer": "1", "username": "nobody"}
FORBIDDEN = "Das ist Ihrem Zugang nicht erlaubt"


def every_page() -> tuple[Page, ...]:
    nothing: Any = SimpleNamespace(passwords=None)
    frame = Frame(nothing, nothing, sandbox=True)
    return all_pages(ConsoleDeps(*[nothing] * len(ConsoleDeps.__dataclass_fields__)), frame)


PAGES = [page for page in every_page() if page.action is not None]


def address(page: Page) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: PARTS[found[1]], page.path)


def call(desk: Desk, page: Page) -> int:
    if page.method == "GET":
        return desk.http.get("/console" + address(page)).status_code
    headers = {}
    if page.takes_picture:
        headers = {"Content-Type": "application/octet-stream", "X-Form-Token": token_of(desk)}
        return desk.http.post("/console" + address(page), content=b"", headers=headers).status_code
    return desk.post(address(page), token=token_of(desk)).status_code


def token_of(desk: Desk) -> str:
    found = re.search(r'name="form_token" value="(\w+)"', desk.http.get("/console/").text)
    assert found
    return found[1]


@pytest.mark.req("W-04")
@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_exactly_the_pages_that_the_table_gives_it(server, role):
    desk = staff(server, role.value)
    opened = {(page.name, page.action) for page in PAGES if call(desk, page) != 403}
    assert opened == {(page.name, page.action) for page in PAGES if page.action in PERMISSIONS[role]}


@pytest.mark.req("W-04")
@pytest.mark.parametrize("role", list(Role))
def test_the_menu_shows_what_a_role_may_and_nothing_else(server, role):
    menu = staff(server, role.value).get("/").text
    for name, action in NAVIGATION:
        assert (f'href="/console/{name}"' in menu) == (action in PERMISSIONS[role]), name


@pytest.mark.req("W-04")
def test_without_signing_in_every_page_leads_to_the_door(server):
    desk = Desk(server)
    for page in every_page():
        if page.is_open:
            continue
        answer = desk.http.request(page.method, "/console" + address(page), data={} if page.method == "POST" else None)
        assert answer.status_code == 303, page.name
        assert answer.headers["location"].startswith("/console/sign-in"), page.name


@pytest.mark.req("W-04")
def test_every_action_is_needed_by_a_page_and_given_by_a_role():
    assert {page.action for page in PAGES} == set(Action)
    assert {action for actions in PERMISSIONS.values() for action in actions} == set(Action)
    assert {action for _, action in NAVIGATION} <= set(Action)


@pytest.mark.req("W-04", "C-03")
@pytest.mark.parametrize(
    ("kind", "role", "actions"),
    [
        (HomeKind.PARTNER, Role.CLERK, {Action.READ_LOANS, Action.COMMENT_LOANS}),
        (HomeKind.BROKER, Role.CLERK, {Action.READ_CUSTOMERS}),
        (HomeKind.SCR, Role.REVIEWER, {Action.REVIEW}),
        (HomeKind.OPERATOR, Role.CLERK, {Action.READ_LOANS, Action.COMMENT_LOANS, Action.READ_CUSTOMERS}),
    ],
)
def test_a_home_takes_away_what_makes_no_sense_there(kind, role, actions):
    assert role in ROLES_OF[kind]
    assert allowed(kind, [role]) == actions


@pytest.mark.req("W-04")
def test_only_the_operator_has_people_who_manage_others():
    assert [kind for kind in HomeKind if Role.ADMIN in ROLES_OF[kind]] == [HomeKind.OPERATOR]
