"""Partners and OAuth clients in the admin API, and what their changes mean for tokens (C-01, U-01; decision 43)."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.api.conftest import Running
from tests.support.oauth import APPLY, READ, REFUSED, SCOPES, WRITE, OAuthAccount, oauth_account, refused
from tests.support.scr import rows


def problem(response: httpx.Response, status: int, detail: str, **faults: str) -> None:
    """Assert a problem and its faults by the pointer's name."""
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert (response.status_code, body["status"], body["detail"]) == (status, status, detail)
    found = {fault["pointer"].removeprefix("/"): fault["detail"] for fault in body.get("errors", [])}
    assert found == faults


def partner(server: Running, **body: object) -> str:
    response = server.admin("POST", "/partners", json=body)
    assert response.status_code == 201, response.text
    return str(response.json()["partnerId"])


def clients(server: Running) -> int:
    return int(rows(server, "SELECT count(*) AS amount FROM oauth_client")[0]["amount"])


def events(server: Running, partner_id: str) -> list[str]:
    response = server.admin("GET", f"/partners/{partner_id}/audit")
    assert response.status_code == 200, response.text
    return [event["action"] for event in reversed(response.json())]


def is_let_in(client: OAuthAccount) -> bool:
    return client.ask().status_code == 200


@pytest.mark.req("C-01")
def test_a_client_needs_nothing_but_scopes(server):
    response = server.admin("POST", "/oauth-clients", json={"scopes": [READ]})
    assert response.status_code == 201, response.text
    made = response.json()
    assert list(made) == ["clientId", "clientSecret", "partnerId", "scopes", "edition", "active"]
    assert (made["partnerId"], made["scopes"], made["edition"], made["active"]) == ("ABC12", [READ], "2020", True)
    assert len(made["clientSecret"]) == 32
    assert is_let_in(OAuthAccount(server, made["clientId"], made["clientSecret"], "ABC12"))
    shown = server.admin("GET", f"/oauth-clients/{made['clientId']}").json()
    del made["clientSecret"]
    assert shown == made
    assert made in server.admin("GET", "/oauth-clients").json()


@pytest.mark.req("C-01")
def test_the_secret_is_shown_once_and_kept_as_a_hash(server):
    client = oauth_account(server)
    seen = [
        server.admin("GET", f"/oauth-clients/{client.client_id}").text,
        server.admin("GET", "/oauth-clients").text,
        server.admin("GET", f"/partners/{client.partner_id}/audit").text,
        server.process.log(),
        str(rows(server, "SELECT * FROM oauth_client WHERE client_id = ?", client.client_id)),
        str(rows(server, "SELECT * FROM credential WHERE username = ?", client.client_id)),
    ]
    assert all(client.secret not in text for text in seen)


@pytest.mark.req("C-01")
def test_the_demo_clients_of_the_sandbox_are_there(own_server):
    for client_id, secret, scope in (
        ("demo-kex", "demo-kex-secret", " ".join(SCOPES)),
        ("demo-kex-narrow", "demo-kex-narrow-secret", READ),
    ):
        response = OAuthAccount(own_server, client_id, secret, "ABC12").ask()
        assert response.json()["scope"] == scope
    known = {one["partnerId"]: one["parentId"] for one in own_server.admin("GET", "/partners").json()}
    assert known == {"ABC12": None, "ABC34": "ABC12", "XYZ99": None}


@pytest.mark.req("C-01")
@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"scopes": "A client needs at least one scope."}),
        ({"scopes": []}, {"scopes": "A client needs at least one scope."}),
        ({"scopes": ["x"]}, {"scopes": f"The scopes are: {', '.join(SCOPES)}."}),
        ({"scopes": [READ, READ]}, {"scopes": "A scope is named more than once."}),
        ({"scopes": READ}, {"scopes": "The value must be an array."}),
        ({"scopes": [READ], "edition": "2021"}, {"edition": "The value must be one of: '2020' or '2025'."}),
        ({"scopes": [READ], "partnerId": "abc12"}, {"partnerId": "A partner id has five characters 0-9A-Z."}),
        ({"scopes": [READ], "partnerId": "ABC\0D"}, {"partnerId": "A partner id has five characters 0-9A-Z."}),
        (
            {"scopes": [READ], "clientId": "a:b"},
            {"clientId": "A client id has 1 to 64 letters, digits, dots, hyphens and underscores."},
        ),
        ({"scopes": [READ], "secret": "mine"}, {"secret": "There is no such member."}),
    ],
)
def test_a_client_that_cannot_be_is_refused_and_nothing_is_stored(server, body, faults):
    before = clients(server)
    problem(server.admin("POST", "/oauth-clients", json=body), 400, "The request has faults.", **faults)
    assert clients(server) == before


@pytest.mark.req("C-01")
def test_a_client_id_is_given_once_also_to_racing_requests(server):
    partner_id = partner(server)
    name = f"race-{partner_id}"
    body = {"clientId": name, "partnerId": partner_id, "scopes": [READ]}

    def create(_: int) -> int:
        with httpx.Client(base_url=server.url, timeout=30) as http:
            headers = {"Authorization": "Bearer demo-admin-token"}
            return http.post("/admin/v1/oauth-clients", json=body, headers=headers).status_code

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(create, range(6))) == [201] + [409] * 5
    problem(server.admin("POST", "/oauth-clients", json=body), 409, "Another OAuth client has this id.")
    # Which process was first is open, and event ids come from a block per process.
    assert sorted(events(server, partner_id)) == ["oauth client.created", "partner.created"]


@pytest.mark.req("C-01", "U-01")
def test_a_deactivated_client_gets_no_token_until_it_is_activated_again(server):
    client = oauth_account(server)
    assert is_let_in(client)
    path = f"/oauth-clients/{client.client_id}"
    assert server.admin("PATCH", path, json={"active": False}).json()["active"] is False
    for _ in range(4):
        refused(client.ask(), 401, "invalid_client", REFUSED)
    assert server.admin("PATCH", path, json={"active": True}).json()["active"] is True
    assert is_let_in(client)
    expected = ["partner.created", "oauth client.created", "oauth client.changed", "oauth client.changed"]
    assert events(server, client.partner_id) == expected


@pytest.mark.req("C-01", "U-01")
def test_scopes_and_edition_are_changed_at_once(server):
    client = oauth_account(server, scopes=[READ])
    changed = server.admin("PATCH", f"/oauth-clients/{client.client_id}", json={"scopes": [WRITE], "edition": "2025"})
    assert (changed.json()["scopes"], changed.json()["edition"]) == ([WRITE], "2025")
    assert client.ask().json()["scope"] == WRITE
    refused(client.ask({"scope": READ}), 400, "invalid_scope", "Invalid, unknown or malformed scope")
    same = server.admin("PATCH", f"/oauth-clients/{client.client_id}", json={"scopes": [WRITE]})
    assert same.json() == changed.json()
    assert events(server, client.partner_id)[-1:] == ["oauth client.changed"]
    assert len(events(server, client.partner_id)) == 3


@pytest.mark.req("C-01")
def test_a_client_can_be_given_to_another_partner_with_its_secret(server):
    client, other = oauth_account(server), partner(server)
    moved = server.admin("PATCH", f"/oauth-clients/{client.client_id}", json={"partnerId": other})
    assert moved.json()["partnerId"] == other
    assert is_let_in(client)
    assert events(server, other) == ["partner.created", "oauth client.changed"]
    assert events(server, client.partner_id)[-1] == "oauth client.changed"


@pytest.mark.req("C-01")
def test_a_rotated_secret_ends_at_once_or_after_its_overlap(own_server):
    client = oauth_account(own_server)
    path = f"/oauth-clients/{client.client_id}/rotate"

    def rotated(**body: int) -> OAuthAccount:
        response = own_server.admin("POST", path, json=body)
        assert response.status_code == 200, response.text
        return OAuthAccount(own_server, client.client_id, response.json()["clientSecret"], client.partner_id)

    second = rotated(overlapSeconds=3600)
    assert (is_let_in(client), is_let_in(second)) == (True, True)
    own_server.advance(3601)
    assert (is_let_in(client), is_let_in(second)) == (False, True)
    third = rotated()
    assert (is_let_in(second), is_let_in(third)) == (False, True)
    assert events(own_server, client.partner_id)[-2:] == ["oauth client.rotated"] * 2


@pytest.mark.req("C-01")
def test_racing_rotations_leave_one_secret_that_counts_everywhere(server):
    client = oauth_account(server)

    def rotate(_: int) -> str:
        with httpx.Client(base_url=server.url, timeout=30) as http:
            path = f"/admin/v1/oauth-clients/{client.client_id}/rotate"
            response = http.post(path, json={}, headers={"Authorization": "Bearer demo-admin-token"})
            assert response.status_code == 200, response.text
            return str(response.json()["clientSecret"])

    with ThreadPoolExecutor(5) as pool:
        secrets = list(pool.map(rotate, range(5)))
    assert len(set(secrets)) == 5
    accounts = [OAuthAccount(server, client.client_id, secret, client.partner_id) for secret in secrets]
    for _ in range(3):
        with httpx.Client(base_url=server.url) as other:
            statuses = [
                other.post("/auth/token", data={"grant_type": "client_credentials"}, auth=one.auth) for one in accounts
            ]
        assert sorted(one.status_code for one in statuses)[:2] in ([200, 401], [200, 429])


@pytest.mark.req("C-11")
def test_a_repeated_creation_with_one_key_makes_one_client(server):
    partner_id = partner(server)
    body = {"partnerId": partner_id, "scopes": [APPLY]}
    key = {"Idempotency-Key": f"k-{partner_id}"}
    first = server.admin("POST", "/oauth-clients", json=body, headers=key)
    again = server.admin("POST", "/oauth-clients", json=body, headers=key)
    assert (first.status_code, again.content) == (201, first.content)
    other = server.admin("POST", "/oauth-clients", json={**body, "edition": "2025"}, headers=key)
    problem(other, 422, "The idempotency key was used with another request.")
    assert events(server, partner_id) == ["partner.created", "oauth client.created"]


@pytest.mark.req("C-01")
def test_partners_stand_in_a_tree_and_can_be_moved_but_not_below_themselves(server):
    top = partner(server, name="Oben")
    middle = partner(server, name="Mitte", parentId=top)
    low = partner(server, parentId=middle)
    assert server.admin("GET", f"/partners/{middle}").json() == {"partnerId": middle, "name": "Mitte", "parentId": top}
    for parent in (top, middle, low):
        problem(
            server.admin("PATCH", f"/partners/{top}", json={"parentId": parent}),
            409,
            "A partner cannot stand below itself.",
        )
    renamed = server.admin("PATCH", f"/partners/{low}", json={"name": "Unten"}).json()
    assert renamed == {"partnerId": low, "name": "Unten", "parentId": middle}
    assert server.admin("PATCH", f"/partners/{low}", json={"parentId": None}).json()["parentId"] is None
    assert server.admin("PATCH", f"/partners/{top}", json={"parentId": low}).json()["parentId"] == low
    assert events(server, low) == ["partner.created", "partner.changed", "partner.changed"]


@pytest.mark.req("C-01")
def test_racing_moves_never_tie_a_ring(server):
    one, two = partner(server), partner(server)

    def move(pair: tuple[str, str]) -> int:
        with httpx.Client(base_url=server.url, timeout=30) as http:
            headers = {"Authorization": "Bearer demo-admin-token"}
            return http.patch(f"/admin/v1/partners/{pair[0]}", json={"parentId": pair[1]}, headers=headers).status_code

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(move, [(one, two), (two, one)])) == [200, 409]


@pytest.mark.req("C-01")
def test_a_partner_that_cannot_be_is_refused(server):
    known = partner(server)
    refusals = [
        ({"partnerId": "abcde"}, {"partnerId": "A partner id has five characters 0-9A-Z."}),
        ({"partnerId": "ABCDEF"}, {"partnerId": "A partner id has five characters 0-9A-Z."}),
        ({"name": "a\nb"}, {"name": "A name has up to 100 characters on one line."}),
        ({"name": "x" * 101}, {"name": "A name has up to 100 characters on one line."}),
        ({"parentId": "NOONE"}, {"parentId": "There is no partner with this id."}),
        ({"parentId": "\0"}, {"parentId": "There is no partner with this id."}),
    ]
    for body, faults in refusals:
        problem(server.admin("POST", "/partners", json=body), 400, "The request has faults.", **faults)
    problem(server.admin("POST", "/partners", json={"partnerId": known}), 409, "Another partner has this id.")
    for path in ("/partners/NOONE", "/partners/%00", "/partners/NOONE/audit"):
        problem(server.admin("GET", path), 404, "There is no partner with this id.")
    problem(server.admin("PATCH", "/partners/NOONE", json={}), 404, "There is no partner with this id.")
    for path in ("/oauth-clients/nobody", "/oauth-clients/%00"):
        problem(server.admin("GET", path), 404, "There is no OAuth client with this id.")
    problem(server.admin("POST", "/oauth-clients/nobody/rotate"), 404, "There is no OAuth client with this id.")


@pytest.mark.req("C-02")
def test_the_chains_of_partners_and_of_the_system_are_verified_too(own_server):
    client = oauth_account(own_server)
    client.token()
    report = own_server.admin("POST", "/audit/verify").json()
    assert report["sound"] is True
    named = {(chain["kind"], chain["name"]): chain for chain in report["chains"]}
    assert named["partner", client.partner_id]["events"] + named["partner", client.partner_id]["unsealed"] == 2
    assert ("system", None) in named
    assert ("scr", "1234ABCD") in named
    actions = [event["action"] for event in own_server.admin("GET", "/audit/system").json()]
    assert actions.count("signing key.created") == 1
