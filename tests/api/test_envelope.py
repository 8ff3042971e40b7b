"""Every answer of the SCR interfaces is JSON of their dialect, errors of the framework included (S-36)."""

import socket

import pytest

from tests.api.conftest import basic
from tests.support.scr import UNAUTHORIZED, bad, nothing_stored, refused, started

ALLOWED = {
    "/cases": "GET, HEAD, POST",
    "/alive": "GET, HEAD",
    "/cases/delivery": "GET, HEAD",
    "/cases/delivery/ABCDEFGHIJKL": "GET, HEAD",
    "/cases/archive": "PATCH",
    "/cases/delivery/archive": "PATCH",
}
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
NOT_FOUND = {"key": "not found", "message": "Resource not found."}


@pytest.mark.req("S-36")
def test_a_method_that_a_resource_lacks_is_405_with_those_it_has(account):
    with nothing_stored(account):
        for path, allowed in ALLOWED.items():
            for method in METHODS:
                if method in allowed.split(", "):
                    continue
                for auth in (account.auth, None):
                    response = account.request(method, path, auth=auth)
                    assert (response.status_code, response.headers["allow"]) == (405, allowed)
                    if method == "HEAD":
                        assert response.content == b""
                        continue
                    (entry,) = refused(response, 405)
                    assert entry == {
                        "reason": "method not allowed",
                        "key": "method",
                        "message": "Method not allowed.",
                    }


@pytest.mark.req("S-36", "S-02")
def test_unknown_paths_are_404_in_this_dialect_before_authentication(account):
    case_id = started(account)
    for path in (
        f"{account.base}",
        f"{account.base}/",
        f"{account.base}/nothing",
        f"{account.base}/Cases",
        f"{account.base}/cases//",
        f"{account.base}/cases/{case_id}/x/y",
        f"{account.base}//cases",
        "/api/scr/v1//cases",
        "/api/scr/v1",
        "/api/scr/",
        "/api/scr/v1/x/y/z/a/b/c",
        f"{account.base}/cases%00",
        f"{account.base}/%ff%fe",
        f"{account.base}/../cases",
    ):
        for auth in (None, account.auth):
            # Built by hand, so that nobody tidies the path up on its way.
            response = account.server.http.request("POST", account.server.url + path, auth=auth, json={})
            (entry,) = refused(response, 404)
            assert entry == NOT_FOUND


@pytest.mark.req("S-36", "S-01")
def test_a_slash_at_the_end_changes_nothing_and_redirects_nobody(account):
    case_id = account.order()
    for path in ("/alive", "/cases/delivery", f"/cases/delivery/{case_id}"):
        plain, slashed = account.get(path), account.get(path + "/")
        assert (plain.status_code, plain.content) == (slashed.status_code, slashed.content) == (200, plain.content)
    for path in ("/cases/archive/", "/cases/delivery/archive/"):
        response = account.request("PATCH", path, json=[])
        assert (response.status_code, response.content) == (200, b"[]")


@pytest.mark.req("S-36")
def test_head_answers_as_get_does_without_a_body(account):
    case_id = account.order()
    for path in ("/alive", "/cases/delivery?new=true&inProgress=true", f"/cases/delivery/{case_id}"):
        head, got = account.request("HEAD", path), account.get(path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "content-length"):
            assert head.headers[name] == got.headers[name]
    unknown = account.request("HEAD", "/cases/delivery/ABCDEFGHIJKL")
    assert (unknown.status_code, unknown.content) == (404, b"")
    assert unknown.headers["content-type"] == "application/json"


@pytest.mark.req("S-36", "S-05")
def test_a_body_that_is_too_large_is_refused_by_its_announced_length_and_while_it_is_read(account):
    with nothing_stored(account):
        for content in (b" " * (2**20 + 1), iter([b" " * 2**19] * 3)):
            headers = {"Content-Type": "application/json"}
            for method, path in (("POST", "/cases"), ("PATCH", "/cases/archive")):
                body = content if isinstance(content, bytes) else iter([b" " * 2**19] * 3)
                bad(
                    account.request(method, path, content=body, headers=headers),
                    ("body", "The request body is too large."),
                )


@pytest.mark.req("S-36")
def test_a_refusal_does_not_wait_for_a_body_that_was_only_announced(account):
    host, port = account.server.url.removeprefix("http://").split(":")
    head = (
        f"POST {account.base}/cases HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(*account.auth)}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {2**40}\r\n\r\n"
    )
    with nothing_stored(account), socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(head.encode())
        assert wire.recv(65536).startswith(b"HTTP/1.1 413 ")


@pytest.mark.req("S-36")
def test_ordered_faults_of_any_status_speak_this_dialect(own_server):
    account = own_server.account()
    for status in (400, 401, 403, 404, 409, 410, 413, 429, 500, 502, 503):
        match = {"method": "POST", "pathPrefix": f"{account.base}/cases"}
        assert own_server.sandbox("POST", "/faults", json={"match": match, "status": status}).status_code == 201
        response = account.start({})
        refused(response, status)
        if status == 401:
            assert response.content == UNAUTHORIZED
            assert response.headers["www-authenticate"].startswith("Basic ")
    started(account)


@pytest.mark.req("S-36", "S-34")
def test_a_400_of_a_parameter_has_the_envelope_of_one_of_a_body(account):
    bad(account.get("/cases/delivery?closed=maybe"), ("closed", "The value must be true or false."))


@pytest.mark.req("S-36")
def test_no_answer_is_html_whatever_is_accepted(account):
    for path in ("/cases", "/nothing", "/cases/delivery/x"):
        for method in ("GET", "POST", "PATCH"):
            response = account.request(method, path, headers={"Accept": "text/html"}, content=b"{")
            assert response.headers["content-type"] == "application/json"
            assert b"<" not in response.content


@pytest.mark.req("C-10", "S-36")
def test_every_answer_carries_security_headers(account):
    for response in (account.start({}), account.get("/alive"), account.get("/x"), account.get("/alive", auth=None)):
        assert response.headers["x-content-type-options"] == "nosniff"
        assert response.headers["cache-control"] == "no-store"
        assert "server" not in response.headers
