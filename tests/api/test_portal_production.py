"""A production server plays no card: not in the portal, not by the sandbox's control, whatever is sent to it."""

import httpx
import pytest

from tests.api.conftest import Account, Running, deploy
from tests.api.test_console_production import ADMIN_TOKEN, ENVIRONMENT
from tests.support.portal import FULL, Person
from tests.support.scr import rows, started

BEARER = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
CARD = {
    "outcome": "read",
    "first_name": "MAX",
    "last_name": "MUSTER",
    "birth_date": "1969-07-31",
    "birth_place": "BONN",
    "nationality": "DEU",
    "date_of_expiry": "2031-10-31",
}
NOBODY = "https://127.0.0.1:9"
"""An eID server that is set up and never answers."""


class Proxy(httpx.BaseTransport):
    """The proxy that speaks TLS with the browser: behind it cookies for https travel on."""

    def __init__(self) -> None:
        self._plain = httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["X-Forwarded-Proto"] = "https"
        answer = self._plain.handle_request(request)
        answer.headers = httpx.Headers(
            [(name, value.replace("; Secure", "")) for name, value in answer.headers.multi_items()]
        )
        return answer

    def close(self) -> None:
        self._plain.close()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def engine_name(request):
    return request.param


@pytest.fixture(scope="module", params=[None, NOBODY], ids=["without an eID server", "with an eID server"])
def production(request, engine_name, databases, tmp_path_factory):
    more = {} if request.param is None else {"FALLWERK_EID_SERVER_URL": request.param, "FALLWERK_EID_SERVER_TOKEN": "x"}
    with deploy(databases, tmp_path_factory, engine_name, {**ENVIRONMENT, **more}) as server:
        yield server, request.param is not None


def account_of(server: Running) -> Account:
    settings = {"identClass": "Standard", "methods": ["basic", "eid"], "declinedCloses": []}
    made = server.admin("POST", "/scr-clients", json=settings, headers=BEARER)
    assert made.status_code == 201, made.text
    names = ("clientId", "username", "password", "dataPassword", "aliveUsername", "alivePassword")
    return Account(server, *(made.json()[name] for name in names))


@pytest.fixture
def person(production):
    server, _ = production
    account = account_of(server)
    with Person(account, started(account, FULL)) as somebody:
        somebody.http.close()
        somebody.http = httpx.Client(base_url=server.url, timeout=30, transport=Proxy())
        yield somebody


def statuses(person: Person) -> list[str]:
    found = rows(person.account.server, "SELECT status FROM identification WHERE case_id = ?", person.case_id)
    return [row["status"] for row in found]


@pytest.mark.req("S-42", "W-01")
def test_the_portal_of_a_production_server_plays_no_card(production, person):
    _, has_server = production
    person.choose("eid")
    # Without an eID server the method is not offered, and choosing it all the same begins nothing.
    before = ["started"] if has_server else []
    assert statuses(person) == before
    page = person.open("online-ausweis")
    assert page.url.path.endswith("/online-ausweis" if has_server else "/verfahren")
    assert "Sandbox" not in page.text
    sent = person.send("online-ausweis")
    assert sent.status_code == (502 if has_server else 200)
    assert not sent.url.path.endswith("/karte")
    assert person.open("karte").status_code == 404
    person.open("online-ausweis")
    for fields in (CARD, {"outcome": "card expired"}, {"outcome": "pin wrong"}):
        answer = person.send("karte", **fields)
        assert answer.status_code in {404, 405}
        person.open("online-ausweis")
    for query in ("", "s=", "s=a.b"):
        person.http.get(f"/identportal/{person.case_id}/online-ausweis-zurueck?{query}", follow_redirects=True)
    assert statuses(person) == before
    assert person.account.get(f"/cases/{person.case_id}").json()["caseStatus"]["status"] != "closed"


@pytest.mark.req("S-42")
@pytest.mark.parametrize("token", [ADMIN_TOKEN, "demo-admin-token"])
def test_a_production_server_has_no_sandbox_that_could_play_one(production, person, token):
    server, has_server = production
    person.choose("eid")
    headers = {"Authorization": f"Bearer {token}"}
    for step in ({"method": "eid", "status": "success"}, {"method": "eid", "status": "started"}):
        answer = server.http.post(f"/sandbox/v1/cases/{person.case_id}/simulate", json=step, headers=headers)
        assert answer.status_code == 404
    for path in ("clock", "mails", "sms", "deliveries", "requests"):
        assert server.http.get(f"/sandbox/v1/{path}", headers=headers).status_code == 404
    assert statuses(person) == (["started"] if has_server else [])
