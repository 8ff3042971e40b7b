"""The token server over HTTP, on every deployment (U-01, U-03, C-10)."""

import base64
import json

import httpx
import pytest
from jwcrypto import jwk, jws

from tests.api.conftest import basic
from tests.support.oauth import APPLY, GRANT, READ, REFUSED, SCOPES, WRITE, log_after, oauth_account, refused

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON_FIELDS = ["access_token", "token_type", "expires_in", "scope"]


def verified(server, token: str) -> dict:
    """Verify a token as somebody else would: by another library, with the keys that are published."""
    keys = jwk.JWKSet.from_json(server.http.get("/.well-known/jwks.json").text)
    checked = jws.JWS()
    checked.deserialize(token)
    checked.verify(keys.get_key(checked.jose_header["kid"]), alg="ES256")
    claims = json.loads(checked.payload)
    assert (claims["iss"], claims["aud"]) == (server.url, server.url)
    return claims


@pytest.mark.req("U-01")
@pytest.mark.parametrize("way", ["header", "form", "both, with the id repeated"])
def test_a_client_gets_a_token_for_an_hour_by_header_or_form(server, way):
    client = oauth_account(server)
    form = {} if way == "header" else {"client_id": client.client_id}
    if way == "form":
        form["client_secret"] = client.secret
    response = client.ask(form, auth=None if way == "form" else client.auth)
    assert response.status_code == 200, response.text
    body = response.json()
    assert list(body) == JSON_FIELDS
    assert (body["token_type"], body["expires_in"], body["scope"]) == ("Bearer", 3600, " ".join(SCOPES))
    assert response.headers["content-type"] == "application/json"
    assert (response.headers["cache-control"], response.headers["pragma"]) == ("no-store", "no-cache")


@pytest.mark.req("U-01")
def test_another_library_verifies_a_token_with_the_published_keys(server):
    client = oauth_account(server, scopes=[READ])
    tokens = {client.token() for _ in range(4)}
    assert len(tokens) == 4, "each has an id of its own"
    for token in tokens:
        claims = verified(server, token)
        assert (claims["sub"], claims["client_id"], claims["scope"]) == (client.client_id, client.client_id, READ)
        assert claims["exp"] - claims["iat"] == 3600
        header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
        assert (header["alg"], header["typ"]) == ("ES256", "at+jwt")


@pytest.mark.req("U-01")
def test_the_published_keys_hold_no_private_part(server):
    oauth_account(server).token()
    response = server.http.get("/.well-known/jwks.json")
    assert response.headers["content-type"] == "application/jwk-set+json"
    keys = response.json()["keys"]
    assert keys
    for key in keys:
        assert set(key) == {"kid", "kty", "crv", "x", "y", "use", "alg"}
        assert (key["kty"], key["crv"], key["use"], key["alg"]) == ("EC", "P-256", "sig", "ES256")


@pytest.mark.req("U-01")
def test_the_token_server_describes_itself(server):
    found = server.http.get("/.well-known/oauth-authorization-server").json()
    assert found == {
        "issuer": server.url,
        "token_endpoint": f"{server.url}/auth/token",
        "jwks_uri": f"{server.url}/.well-known/jwks.json",
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
    }


@pytest.mark.req("U-01")
def test_a_token_has_the_scopes_that_are_asked_for_and_no_others(server):
    client = oauth_account(server)
    for asked, given in ((READ, READ), (f"{READ} {WRITE}", f"{WRITE} {READ}"), (f" {APPLY}  {APPLY} ", APPLY)):
        response = client.ask({"scope": asked})
        assert response.json()["scope"] == given, response.text
        assert verified(server, response.json()["access_token"])["scope"] == given


@pytest.mark.req("U-01")
def test_a_scope_that_the_client_does_not_have_is_refused(server):
    client = oauth_account(server, scopes=[READ])
    for scope in (WRITE, f"{READ} {WRITE}", "nothing", " ", f"{READ}\t{WRITE}", "PRIVATKREDIT:VORGANG:LESEN"):
        refused(client.ask({"scope": scope}), 400, "invalid_scope", "Invalid, unknown or malformed scope")
    assert client.ask({"scope": ""}).json()["scope"] == READ


@pytest.mark.req("U-01", "C-10")
def test_every_way_to_fail_the_authentication_looks_the_same(server):
    client = oauth_account(server)
    idle = oauth_account(server)
    server.admin("PATCH", f"/oauth-clients/{idle.client_id}", json={"active": False})
    credentials = [
        (client.client_id, "wrong"),
        ("nobody", client.secret),
        (client.client_id, ""),
        (client.client_id.upper(), client.secret),
        ("\0", "x"),
        ("x" * 5000, "x"),
        idle.auth,
    ]
    answers = [client.ask(auth=auth) for auth in credentials]
    answers += [client.ask({"client_id": name, "client_secret": secret}, auth=None) for name, secret in credentials]
    answers += [client.ask(auth=None, headers={"Authorization": value}) for value in ("Basic", "Basic !", "Bearer x")]
    answers.append(client.ask(auth=None, headers={"Authorization": "Basic " + base64.b64encode(b"\xff:x").decode()}))
    answers.append(client.ask(auth=None))
    for answer in answers:
        refused(answer, 401, "invalid_client", REFUSED)
        assert answer.headers["www-authenticate"] == 'Basic realm="Fallwerk", charset="UTF-8"'
    assert client.ask().status_code == 200


@pytest.mark.req("U-01")
def test_the_grant_is_client_credentials_and_nothing_else(server):
    client = oauth_account(server)

    def ask(form: dict[str, str]) -> httpx.Response:
        return server.http.post("/auth/token", data=form, auth=client.auth)

    for form in ({}, {"grant_type": ""}, {"scope": READ}):
        refused(ask(form), 400, "invalid_request", 'Invalid request: Missing "grant_type" parameter')
    for grant in ("password", "Client_Credentials", "urn:ietf:params:oauth:grant-type:token-exchange"):
        refused(ask({"grant_type": grant}), 400, "unsupported_grant_type", "The only grant type is client_credentials.")
    for name in ("subject", "actor"):
        refused(
            ask({**GRANT, name: "ABC12"}),
            400,
            "unauthorized_client",
            "The client is not authorized to act for another subject or actor.",
        )


@pytest.mark.req("U-01")
def test_two_ways_of_authentication_at_once_are_refused(server):
    client, other = oauth_account(server), oauth_account(server)
    twice = "Invalid request: The client authenticates in more than one way"
    both = {"client_id": client.client_id, "client_secret": client.secret}
    refused(client.ask(both), 400, "invalid_request", twice)
    refused(client.ask({"client_secret": client.secret}), 400, "invalid_request", twice)
    refused(client.ask({"client_id": other.client_id}), 400, "invalid_request", twice)
    headers = [("Authorization", basic(*client.auth)), ("Authorization", basic(*other.auth))]
    refused(client.ask(auth=None, headers=headers), 400, "invalid_request", twice)


@pytest.mark.req("U-01")
@pytest.mark.parametrize(
    ("content", "headers", "status", "description"),
    [
        (b"grant_type=client_credentials", {}, 400, "The content type must be application/x-www-form-urlencoded"),
        (
            b"{}",
            {"Content-Type": "application/json"},
            400,
            "The content type must be application/x-www-form-urlencoded",
        ),
        (b"grant_type=x", {"Content-Type": FORM["Content-Type"] + "; charset=utf-7"}, 400, "The charset must be UTF-8"),
        (b"grant_type=%ff", FORM, 400, "The form is not UTF-8"),
        (b"grant_type=\xff", FORM, 400, "The form is not UTF-8"),
        (b"grant_type=a&grant_type=a", FORM, 400, "A parameter is given more than once"),
        (b"&".join(b"p%d=x" % n for n in range(101)), FORM, 400, "Too many parameters"),
        (b"grant_type=" + b"x" * 16384, FORM, 413, "The body is too large"),
    ],
)
def test_a_form_that_is_none_is_refused(server, content, headers, status, description):
    client = oauth_account(server)
    response = server.http.post("/auth/token", content=content, headers=headers, auth=client.auth)
    refused(response, status, "invalid_request", f"Invalid request: {description}")


@pytest.mark.req("U-01")
def test_credentials_in_the_address_count_for_nothing(server):
    client = oauth_account(server)
    query = {**GRANT, "client_id": client.client_id, "client_secret": client.secret}
    response = server.http.post("/auth/token", params=query)
    refused(response, 400, "invalid_request", 'Invalid request: Missing "grant_type" parameter')


@pytest.mark.req("U-01")
def test_other_methods_and_paths_are_refused_in_the_same_form(server):
    for method in ("GET", "PUT", "DELETE"):
        response = server.http.request(method, "/auth/token")
        refused(response, 405, "invalid_request", "Invalid request: The method is not allowed")
        assert response.headers["allow"] == "POST"
    response = server.http.post("/.well-known/jwks.json")
    refused(response, 405, "invalid_request", "Invalid request: The method is not allowed")
    assert response.headers["allow"] == "GET, HEAD"
    missing = server.http.post("/auth/token/more")
    refused(missing, 404, "invalid_request", "Invalid request: There is no such resource")
    assert server.http.head("/.well-known/jwks.json").status_code == 200
    assert oauth_account(server).ask().status_code == 200


@pytest.mark.req("U-03")
def test_the_trace_id_of_a_token_request_is_returned(server):
    client = oauth_account(server)
    assert client.ask(headers={"X-TraceId": "sys12345678"}).headers["x-traceid"] == "sys12345678"
    assert client.ask(auth=("x", "y"), headers={"X-TraceId": "sys1"}).headers["x-traceid"] == "sys1"
    for value in ("x" * 129, "with\ttab"):
        returned = client.ask(headers={"X-TraceId": value}).headers["x-traceid"]
        assert returned != value
        assert len(returned) == 32


@pytest.mark.req("U-01", "C-04")
def test_secrets_and_tokens_stay_out_of_journal_and_log(server):
    client = oauth_account(server)
    token = client.token()
    last = client.ask({"client_id": client.client_id, "client_secret": client.secret}, auth=None)
    entries = server.sandbox("GET", "/requests", params={"account": client.client_id}).text
    assert client.client_id in entries
    for text in (entries, log_after(server, last)):
        assert client.secret not in text
        assert token not in text


@pytest.mark.req("C-10")
def test_failures_are_limited_and_right_credentials_never(own_server):
    for client_id in (oauth_account(own_server).client_id, "nobody"):
        answers = [own_server.http.post("/auth/token", data=GRANT, auth=(client_id, "wrong")) for _ in range(22)]
        assert [answer.status_code for answer in answers] == [401] * 20 + [429] * 2
        last = answers[-1]
        refused(last, 429, "too_many_requests", "Too many failed requests; try again later.")
        assert 1 <= int(last.headers["retry-after"]) <= 60
    client = oauth_account(own_server)
    for _ in range(20):
        client.ask(auth=(client.client_id, "wrong"))
    assert client.ask(auth=(client.client_id, "wrong")).status_code == 429
    right = client.ask()
    assert right.status_code == 200
    assert right.elapsed.total_seconds() < 0.2


@pytest.mark.req("U-01")
def test_ordered_faults_answer_in_the_form_of_the_token_server(own_server):
    client = oauth_account(own_server)
    for status, error in ((503, "temporarily_unavailable"), (500, "server_error"), (401, "invalid_client")):
        own_server.sandbox("POST", "/faults", json={"match": {"pathPrefix": "/auth/token"}, "status": status})
        response = client.ask()
        assert (response.status_code, response.json()["error"]) == (status, error)
