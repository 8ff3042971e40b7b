"""What becomes of tokens when time passes, keys change and clients are revoked; over HTTP, in every process (U-02)."""

from collections.abc import Iterator

import httpx
import pytest
from jwcrypto import jwk, jws

from tests.api.conftest import Running
from tests.support.kex import Kex, kex, problem
from tests.support.oauth import GRANT, READ, WRITE, OAuthAccount, log_after

DAY_S = 24 * 3600
BAD = "The bearer token is malformed, expired, revoked or not ours."
PROCESSES = 3


@pytest.fixture
def everywhere(server: Running) -> Iterator[list[httpx.Client]]:
    """Connections, several for each process that may answer."""
    connections = [httpx.Client(base_url=server.url, timeout=30) for _ in range(3 * PROCESSES)]
    yield connections
    for connection in connections:
        connection.close()


def statuses(connections: list[httpx.Client], client: Kex, case: str, **headers: str) -> set[int]:
    """How the processes answer a call with the client's token."""
    path = f"/kreditsmart/kex/vorgang/{case}/kommentare"
    sent = {**client.headers, **headers}
    return {connection.post(path, json=[], headers=sent).status_code for connection in connections}


def key_ids(server: Running) -> list[str]:
    return [key["kid"] for key in server.http.get("/.well-known/jwks.json").json()["keys"]]


def key_id_of(client: Kex) -> str:
    token = jws.JWS()
    token.deserialize(client.headers["Authorization"].removeprefix("Bearer "))
    return str(token.jose_header["kid"])


@pytest.mark.req("U-02")
@pytest.mark.parametrize("end", ["deactivated", "rotated without overlap"])
def test_a_revoked_client_s_tokens_stop_at_once_in_every_process(server, everywhere, end):
    client = kex(server)
    case = client.case()
    assert statuses(everywhere, client, case) == {200}
    path = f"/oauth-clients/{client.account.client_id}"
    if end == "deactivated":
        assert server.admin("PATCH", path, json={"active": False}).status_code == 200
    else:
        assert server.admin("POST", f"{path}/rotate", json={}).status_code == 200
    assert statuses(everywhere, client, case) == {401}
    problem(client.comment(case, ["x"]), 401, BAD)
    assert client.texts(case) == []


@pytest.mark.req("U-02")
def test_a_client_that_is_let_in_again_does_not_bring_its_old_tokens_along(server, everywhere):
    client = kex(server)
    case, path = client.case(), f"/oauth-clients/{client.account.client_id}"
    for active in (False, True):
        assert server.admin("PATCH", path, json={"active": active}).status_code == 200
    assert statuses(everywhere, client, case) == {401}
    assert statuses(everywhere, Kex(client.account, client.account.bearer()), case) == {200}


@pytest.mark.req("U-02")
def test_a_rotation_with_overlap_leaves_the_tokens_alone(server, everywhere):
    client = kex(server)
    case = client.case()
    path = f"/oauth-clients/{client.account.client_id}/rotate"
    assert server.admin("POST", path, json={"overlapSeconds": 60}).status_code == 200
    assert statuses(everywhere, client, case) == {200}


@pytest.mark.req("U-02")
def test_a_scope_that_is_taken_from_a_client_is_gone_from_its_tokens_in_every_process(server, everywhere):
    client = kex(server)
    case = client.case()
    assert statuses(everywhere, client, case) == {200}
    path = f"/oauth-clients/{client.account.client_id}"
    assert server.admin("PATCH", path, json={"scopes": [READ]}).status_code == 200
    assert statuses(everywhere, client, case) == {403}
    assert server.admin("PATCH", path, json={"scopes": [READ, WRITE]}).status_code == 200
    assert statuses(everywhere, client, case) == {200}


@pytest.mark.req("U-02")
def test_a_token_has_only_the_scopes_that_were_asked_for(server):
    client = kex(server)
    case = client.case()
    problem(
        Kex(client.account, client.account.bearer(READ)).comment(case, ["x"]),
        403,
        f"The token lacks the scope {WRITE}.",
    )
    assert Kex(client.account, client.account.bearer(WRITE)).comment(case, ["x"]).status_code == 200


@pytest.mark.req("U-02")
def test_a_moved_partner_is_reached_from_its_new_place_at_once_in_every_process(server, everywhere):
    upper, lower = kex(server), kex(server)
    case, path = lower.case(), f"/partners/{lower.partner_id}"
    assert statuses(everywhere, upper, case) == {403}
    assert server.admin("PATCH", path, json={"parentId": upper.partner_id}).status_code == 200
    assert statuses(everywhere, upper, case) == {200}
    assert server.admin("PATCH", path, json={"parentId": None}).status_code == 200
    assert statuses(everywhere, upper, case) == {403}


@pytest.mark.req("U-01", "U-02")
def test_every_process_takes_the_tokens_of_every_other(server, everywhere):
    client = kex(server)
    case = client.case()
    for connection in everywhere:
        answer = connection.post("/auth/token", data=GRANT, auth=client.account.auth).json()
        assert statuses(everywhere, client, case, Authorization=f"Bearer {answer['access_token']}") == {200}


@pytest.mark.req("U-02")
def test_a_token_ends_after_an_hour(own_server):
    client = kex(own_server)
    case = client.case()
    own_server.advance(3590)
    assert client.comment(case, []).status_code == 200
    own_server.advance(11)
    problem(client.comment(case, []), 401, BAD)
    assert Kex(client.account, client.account.bearer()).comment(case, []).status_code == 200


@pytest.mark.req("U-01", "U-02")
def test_the_signing_key_changes_by_age_and_no_token_ends_early_by_that(own_server):
    first = kex(own_server)
    case = first.case()
    assert key_ids(own_server) == [key_id_of(first)]
    own_server.advance(30 * DAY_S - 1800)
    last = Kex(first.account, first.account.bearer())
    assert key_id_of(last) == key_id_of(first)
    old, new = key_ids(own_server)
    own_server.advance(1805)
    next_one = Kex(first.account, first.account.bearer())
    assert (key_id_of(last), key_id_of(next_one)) == (old, new)
    for client in (last, next_one):
        assert client.comment(case, []).status_code == 200
        keys = jwk.JWKSet.from_json(own_server.http.get("/.well-known/jwks.json").text)
        token = jws.JWS()
        token.deserialize(client.headers["Authorization"].removeprefix("Bearer "))
        token.verify(keys.get_key(key_id_of(client)), alg="ES256")
    own_server.advance(3600)
    assert key_ids(own_server) == [new]
    problem(last.comment(case, []), 401, BAD)


@pytest.mark.req("U-02")
def test_tokens_survive_a_restart_and_a_reset_of_the_sandbox(own_server):
    demo = OAuthAccount(own_server, "demo-kex", "demo-kex-secret", "ABC12")
    client = Kex(demo, demo.bearer())
    own_server.process.stop()
    own_server.process.start()
    assert client.comment("123456", []).status_code == 200
    assert own_server.sandbox("POST", "/reset").status_code == 200
    assert client.comment("123456", []).status_code == 200


@pytest.mark.req("U-03")
def test_the_trace_id_of_a_call_is_logged(server):
    client = kex(server)
    case = client.case()
    trace_id = f"trace-{client.account.client_id}"
    assert client.comment(case, [], headers={"X-TraceId": trace_id}).headers["x-traceid"] == trace_id
    made = client.comment(case, [])
    log = log_after(server, made).splitlines()
    lines = [line for line in log if trace_id in line or made.headers["x-traceid"] in line]
    assert len(lines) == 2
    assert all(client.account.client_id in line for line in lines)
    longer = client.comment(case, [], headers={"X-TraceId": "x" * 129})
    assert longer.headers["x-traceid"] != "x" * 129
    assert "x" * 129 not in log_after(server, longer)
