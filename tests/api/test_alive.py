"""The availability check (S-80 to S-83); a component's real absence is proven with the fault tests."""

import pytest

from tests.support.scr import UNAUTHORIZED, bad, refused

OK = b'{"status":"OK"}'
NOK = b'{"status":"NOK"}'


def order(server, component: str, available: bool) -> None:
    response = server.sandbox("POST", "/faults", json={"component": component, "available": available})
    assert response.status_code == 201, response.text


@pytest.mark.req("S-80", "S-81")
def test_alive_answers_ok_without_a_content_type_with_either_account_on_either_path(account):
    for auth in (account.auth, (account.alive_username, account.alive_password)):
        for path in ("/alive", "/alive/"):
            response = account.get(path, auth=auth)
            assert (response.status_code, response.content) == (200, OK)
            assert response.headers["content-type"] == "application/json"
    wrong = account.get("/alive", headers={"Content-Type": "text/plain"})
    bad(wrong, ("Content-Type", "The content type must be application/json."))
    head = account.request("HEAD", "/alive")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.req("S-80", "S-82")
@pytest.mark.parametrize("component", ["database", "blobstore", "worker"])
def test_each_missing_component_makes_it_nok_at_once_and_its_return_ok_at_once(own_server, component):
    account = own_server.account()
    assert account.get("/alive").content == OK
    order(own_server, component, available=False)
    response = account.get("/alive")
    assert (response.status_code, response.content) == (200, NOK)
    order(own_server, component, available=True)
    assert account.get("/alive").content == OK
    order(own_server, component, available=False)
    assert account.get("/alive").content == NOK
    assert own_server.sandbox("DELETE", "/faults").status_code == 204
    assert account.get("/alive").content == OK


@pytest.mark.req("S-82")
def test_within_thirty_seconds_the_last_answer_is_repeated_and_afterwards_looked_up_again(own_server):
    account, other = own_server.account(), own_server.account()
    blobs = own_server.process.data / "blobs"
    hidden = blobs.with_name("hidden")
    assert account.get("/alive").content == OK
    assert blobs.is_dir()
    # The store of documents really goes away; a file in its place keeps it from being made anew.
    blobs.rename(hidden)
    blobs.write_bytes(b"")
    try:
        assert account.get("/alive").content == OK
        assert other.get("/alive").content == NOK
        own_server.advance(20)
        assert account.get("/alive").content == OK
        own_server.advance(11)
        assert account.get("/alive").content == NOK
    finally:
        blobs.unlink()
        hidden.rename(blobs)
    assert account.get("/alive").content == NOK
    own_server.advance(31)
    assert account.get("/alive").content == OK
    assert other.get("/alive").content == OK


@pytest.mark.req("S-83")
def test_alive_refuses_strangers_as_everything_does(account):
    for auth in (None, ("x", "y"), (account.alive_username, account.password)):
        response = account.get("/alive", auth=auth)
        assert (response.status_code, response.content) == (401, UNAUTHORIZED)


@pytest.mark.req("S-83", "S-36")
def test_a_failing_check_answers_500_in_this_dialect_without_detail(own_server):
    account = own_server.account()
    match = {"method": "GET", "pathPrefix": f"{account.base}/alive"}
    assert own_server.sandbox("POST", "/faults", json={"match": match, "status": 500}).status_code == 201
    (entry,) = refused(account.get("/alive"), 500)
    assert entry == {"reason": "internal server error", "key": "system", "message": "Internal server error."}
    assert account.get("/alive").content == OK


@pytest.mark.req("S-80")
def test_other_methods_are_not_allowed(account):
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        response = account.request(method, "/alive")
        refused(response, 405)
        assert response.headers["allow"] == "GET, HEAD"
