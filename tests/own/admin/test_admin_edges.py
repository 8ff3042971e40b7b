"""Who is let in, and what is answered when a request is wrong as a whole."""

import pytest

from fallwerk.domain.errors import StoreUnavailable
from fallwerk.kit.slowdown import FREE_FAILURES
from fallwerk.own.api import OwnApi

WRONG = "The bearer token is missing or wrong."


@pytest.mark.req("C-10")
@pytest.mark.parametrize("token", [None, "", "wrong", "a-token-of-the-test", "a-token-of-the-testsX"])
def test_without_the_token_nobody_is_let_in(admin, token):
    response = admin.request("GET", "scr-clients", token=token)
    assert (response.status_code, response.json()["detail"]) == (401, WRONG)
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.headers["content-type"] == "application/problem+json"


def test_the_token_counts_as_bearer_only_and_only_once(admin):
    for headers in (
        [("Authorization", "Basic a-token-of-the-tests")],
        [("Authorization", "Bearer a-token-of-the-tests"), ("Authorization", "Bearer a-token-of-the-tests")],
    ):
        response = admin.raw("GET", "/admin/v1/scr-clients", headers)
        assert response.status_code == 401


def test_a_list_goes_on_before_an_entry_and_what_names_none_is_refused(admin):
    path = "audit/system"
    assert admin.request("GET", f"{path}?before={10**17}&limit=1").status_code == 200
    for query, pointer in (
        ("before=x", "before"),
        ("before=-1", "before"),
        (f"before={10**18}", "before"),
        ("limit=0", "limit"),
    ):
        response = admin.request("GET", f"{path}?{query}")
        assert (response.status_code, [fault["pointer"] for fault in response.json()["errors"]]) == (400, [pointer])


def test_an_empty_token_lets_nobody_in(admin):
    locked = OwnApi(admin.api.prefix, admin.api.operations, "", admin.api.slowdown, admin.api.errors)
    admin.api = locked
    assert admin.request("GET", "scr-clients", token="").status_code == 401
    assert admin.request("GET", "scr-clients", token=None).status_code == 401


@pytest.mark.req("C-10")
def test_failures_are_slowed_and_the_right_token_never_is(admin):
    for _ in range(FREE_FAILURES):
        admin.request("GET", "scr-clients", token="wrong")
    assert admin.delays == []
    for _ in range(3):
        admin.request("GET", "scr-clients", token="wrong")
    assert admin.delays == [0.05, 0.1, 0.2]
    assert admin.request("GET", "scr-clients").status_code == 200
    assert len(admin.delays) == 3


@pytest.mark.parametrize(
    "path", ["", "nothing", "scr-clients/A/B/C", "scr-clients//rotate", "scr-clients/A%2Frotate/x"]
)
def test_an_unknown_path_is_a_problem(admin, path):
    response = admin.request("GET", path)
    assert (response.status_code, response.json()["detail"]) == (404, "There is no such resource.")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "scr-clients", "GET, HEAD, POST"),
        ("PUT", "scr-clients/A", "GET, HEAD, PATCH"),
        ("GET", "delivery-orders", "POST"),
    ],
)
def test_a_wrong_method_is_a_problem_that_names_the_right_ones(admin, method, path, allowed):
    response = admin.request(method, path)
    assert (response.status_code, response.json()["detail"]) == (405, "The resource has no such method.")
    assert response.headers["allow"] == allowed


def test_a_slash_at_the_end_is_accepted_and_head_works(admin):
    assert admin.request("GET", "scr-clients/").status_code == 200
    assert admin.request("HEAD", "scr-clients").status_code == 200


@pytest.mark.parametrize(
    ("path", "content_type", "wanted"),
    [
        ("scr-clients", "text/plain", "application/json"),
        ("scr-clients", "application/json; charset=latin-1", "application/json"),
        ("delivery-orders", "application/json", "application/x-ndjson"),
    ],
)
def test_another_media_type_is_a_problem(admin, path, content_type, wanted):
    response = admin.request("POST", path, content=b"{}", headers={"Content-Type": content_type})
    assert (response.status_code, response.json()["detail"]) == (415, f"The content type must be {wanted} in UTF-8.")


def test_a_body_without_a_media_type_is_a_problem_and_no_body_needs_none(admin):
    assert admin.request("POST", "scr-clients", content=b"{}").status_code == 415
    assert admin.request("POST", "scr-clients").status_code == 201


@pytest.mark.parametrize(
    ("content", "detail"),
    [
        (b"{", "The body is not valid JSON (line 1, column 2)."),
        (b'{"couponMax":1,"couponMax":2}', 'The attribute "couponMax" occurs more than once in one object.'),
        (b'{"displayName":"\xff"}', "The body is not valid UTF-8 (byte 17)."),
        (b"[]", "The body must be an object."),
        (b"[" * 100 + b"]" * 100, "The body is nested too deeply (max. 64 levels)."),
    ],
)
def test_a_body_that_is_no_good_json_is_a_problem_and_stores_nothing(admin, content, detail):
    response = admin.request("POST", "scr-clients", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()["errors"] == [{"pointer": "", "detail": detail}]
    assert admin.request("GET", "scr-clients").json() == []


@pytest.mark.parametrize("name", ["displayName", "webhookUser", "iosScheme"])
def test_a_lone_surrogate_is_a_fault_of_its_setting(admin, name):
    content = b'{"' + name.encode() + b'":"\\ud800"}'
    response = admin.request("POST", "scr-clients", content=content, headers={"Content-Type": "application/json"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == f"/{name}"


def test_a_body_that_is_too_large_is_a_problem(admin):
    content = b'{"displayName":"' + b"x" * (1024 * 1024) + b'"}'
    response = admin.request("POST", "scr-clients", content=content, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["detail"]) == (413, "The request body is too large.")


def test_an_unexpected_failure_is_answered_without_detail(admin, monkeypatch):
    async def failing(_work):
        raise RuntimeError("the secret of the failure")

    monkeypatch.setattr(admin.store, "read", failing)
    response = admin.request("GET", "scr-clients")
    assert (response.status_code, response.json()["detail"]) == (500, "The request failed unexpectedly.")
    assert "secret" not in response.text


def test_a_store_that_is_away_is_told(admin, monkeypatch):
    async def away(_work):
        raise StoreUnavailable

    monkeypatch.setattr(admin.store, "read", away)
    response = admin.request("GET", "scr-clients")
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")


def test_a_parameter_given_twice_is_a_problem(admin):
    made = admin.account()
    response = admin.request("GET", f"audit/{made['clientId']}?limit=1&limit=2")
    assert response.json()["errors"] == [{"pointer": "limit", "detail": "The parameter is given more than once."}]
