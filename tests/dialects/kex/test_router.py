"""The order of checks and the errors of the KEX dialect, over the router alone."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest
from starlette.responses import Response

from fallwerk.dialects.kex.bearer import Caller, Unauthenticated
from fallwerk.dialects.kex.router import Call, KexApi, Operation
from fallwerk.dialects.problem import Wire
from fallwerk.domain.errors import DomainError, StoreUnavailable
from fallwerk.domain.partner.model import ClientSettings, OAuthClient

SCOPE = "privatkredit:vorgang:schreiben"
CLIENT = OAuthClient(7, "ABC12", "a-client", ClientSettings((SCOPE,)), 0, ())
JSON = {"Content-Type": "application/json"}
GOOD = {"Authorization": "Bearer good"}


class Gone(DomainError):
    """A fact of the test's own domain."""


class Callers:
    """Knows three tokens."""

    async def authenticate(self, headers: Any, address: str) -> Caller:
        assert address == "192.0.2.7"
        token = dict(headers).get(b"authorization", b"").removeprefix(b"Bearer ")
        if token == b"away":
            raise StoreUnavailable
        if token not in {b"good", b"narrow"}:
            raise Unauthenticated(presented=bool(token))
        return Caller(CLIENT, frozenset({SCOPE} if token == b"good" else ()), frozenset({7}))


async def take(call: Call) -> Response:
    return Response(orjson.dumps([await call.body.json(), dict(call.parameters)]), media_type="application/json")


async def stream(call: Call) -> Response:
    return Response(b"".join([part async for part in call.body.parts()]), media_type="text/plain")


async def gone(_call: Call) -> Response:
    raise Gone


async def fail(_call: Call) -> Response:
    raise RuntimeError("must not show")


OPERATIONS = (
    Operation("take", "POST", "kex/vorgang/{nr}/kommentare", take, SCOPE, max_body_bytes=1000),
    Operation("stream", "POST", "kex/vorgang/{nr}/dokument", stream, SCOPE, max_body_bytes=1000),
    Operation("show", "GET", "kex/vorgang/{nr}", stream, SCOPE, takes_body=False),
    Operation("gone", "POST", "kex/gone", gone, SCOPE, errors={Gone: Wire(410, "It is gone.")}),
    Operation("strange", "POST", "kex/strange", gone, SCOPE),
    Operation("fail", "POST", "kex/fail", fail, SCOPE),
)
Ask = Callable[..., httpx.Response]


def ask(method: str, path: str, **options: Any) -> httpx.Response:
    async def call() -> httpx.Response:
        transport = httpx.ASGITransport(KexApi(OPERATIONS, Callers()), client=("192.0.2.7", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://kex.test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(call())


def post(path: str, content: Any = b"[]", **headers: str) -> httpx.Response:
    return ask("POST", path, content=content, headers={**GOOD, **JSON, **headers})


def problem(response: httpx.Response, status: int, detail: str) -> dict[str, Any]:
    assert response.headers["content-type"] == "application/problem+json", response.text
    body = response.json()
    assert (response.status_code, body["status"], body["detail"]) == (status, status, detail)
    return body


TOO_LARGE = b"x" * 1001


@pytest.mark.req("U-02")
def test_the_checks_come_in_their_order():
    path = "/kex/vorgang/1/kommentare"
    text = {"Content-Type": "text/plain"}
    steps = [
        ("/kex/nothing", {}, 404, "There is no such resource."),
        (path, text, 401, "A bearer token is needed."),
        (
            path,
            {**text, "Authorization": "Bearer bad"},
            401,
            "The bearer token is malformed, expired, revoked or not ours.",
        ),
        (path, {**text, "Authorization": "Bearer narrow"}, 403, f"The token lacks the scope {SCOPE}."),
        (path, {**text, **GOOD}, 415, "The content type must be application/json."),
        (path, {**JSON, **GOOD}, 413, "The request body is too large."),
    ]
    for target, headers, status, detail in steps:
        problem(ask("POST", target, content=TOO_LARGE, headers=headers), status, detail)
    problem(post(path, b"{"), 400, "The request has faults.")


@pytest.mark.req("U-02")
def test_challenges_say_what_a_client_needs_to_know():
    path = "/kex/vorgang/1/kommentare"
    assert ask("POST", path).headers["www-authenticate"] == 'Bearer realm="KEX"'
    bad = ask("POST", path, headers={"Authorization": "Bearer bad"}).headers["www-authenticate"]
    assert bad.startswith('Bearer realm="KEX", error="invalid_token", error_description="')
    narrow = ask("POST", path, headers={"Authorization": "Bearer narrow"}).headers["www-authenticate"]
    assert 'error="insufficient_scope"' in narrow
    assert narrow.endswith(f'scope="{SCOPE}"')


@pytest.mark.req("U-04")
@pytest.mark.parametrize(
    "charset",
    [
        "utf-8",
        "UTF-8",
        "iso-8859-1",
        "ISO-8859-1",
        "latin1",
        "UTF-16",
        "utf-16le",
        "utf-16be",
        "utf-32",
        "windows-1252",
    ],
)
def test_a_charset_that_is_named_is_honoured_at_once_and_in_parts(charset):
    text = json.dumps(["Bärbel für 1½ §"], ensure_ascii=False)
    headers = {"Content-Type": f"application/json; charset={charset}"}
    assert post("/kex/vorgang/1/kommentare", text.encode(charset), **headers).json()[0] == ["Bärbel für 1½ §"]

    async def parts() -> Any:
        raw = text.encode(charset)
        for start in range(0, len(raw), 3):
            yield raw[start : start + 3]

    assert post("/kex/vorgang/1/dokument", parts(), **headers).text == text


@pytest.mark.req("U-04")
def test_utf_16_without_a_byte_order_mark_is_read_by_its_zero_bytes():
    headers = {"Content-Type": 'application/json; charset="UTF-16"'}
    for codec in ("utf-16-le", "utf-16-be"):
        assert post("/kex/vorgang/1/kommentare", '["ü"]'.encode(codec), **headers).json()[0] == ["ü"]


@pytest.mark.req("U-04")
@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/json",
        "application/json-patch",
        "application/x-www-form-urlencoded",
        *(
            f"application/json; charset={name}"
            for name in ("utf-7", "idna", "punycode", "rot13", "zlib", "bz2", "hex", "base64", "unicode_escape")
        ),
        "application/json; charset=undefined",
        "application/json; charset=",
        "application/json; charset=../../x",
        "application/json; charset=" + "x" * 1000,
        "application/json; charset=utf-8; charset=utf-16",
    ],
)
def test_another_type_and_an_unknown_charset_are_refused(content_type):
    headers = {**GOOD, "Content-Type": content_type} if content_type else GOOD
    response = ask("POST", "/kex/vorgang/1/kommentare", content=b"[]", headers=headers)
    assert response.status_code == 415
    assert response.headers["accept"] == "application/json"


@pytest.mark.req("U-04", "U-05")
@pytest.mark.parametrize("path", ["kommentare", "dokument"])
def test_a_body_that_is_not_in_its_charset_is_bad(path):
    headers = {"Content-Type": "application/json; charset=utf-16-le"}
    if path == "kommentare":
        wrong = post("/kex/vorgang/1/kommentare", b"[\xff]")
        assert "not valid UTF-8" in wrong.json()["errors"][0]["detail"]
    body = problem(post(f"/kex/vorgang/1/{path}", b"[\0\x00\xd8\x00\xd8]\0", **headers), 400, "The request has faults.")
    assert body["errors"] == [{"pointer": "", "detail": "The body is not valid UTF-16-LE."}]


@pytest.mark.req("U-05")
@pytest.mark.parametrize(
    "content",
    [b"", b"[", b'{"a":1,"a":2}', b"[" * 65 + b"]" * 65, b"[" * 400 + b"]" * 400, b"[NaN]", b"[1" + b"0" * 900 + b"]x"],
)
def test_a_body_that_is_no_json_is_bad(content):
    body = problem(post("/kex/vorgang/1/kommentare", content), 400, "The request has faults.")
    assert body["errors"][0]["pointer"] == ""


def test_a_body_that_is_too_large_is_refused_while_it_is_read():
    sent = []

    async def endless() -> Any:
        for _ in range(100):
            sent.append(1)
            yield b"x" * 100

    for path in ("/kex/vorgang/1/kommentare", "/kex/vorgang/1/dokument"):
        sent.clear()
        problem(post(path, endless()), 413, "The request body is too large.")


def test_parameters_are_decoded_once_and_per_segment():
    assert post("/kex/vorgang/a%2Fb/kommentare").json()[1] == {"nr": "a/b"}
    assert post("/kex/vorgang/a%252F/kommentare/").json()[1] == {"nr": "a%2F"}
    assert post("/kex/vorgang/a%00/kommentare").json()[1] == {"nr": "a\ufffd"}
    assert post("/kex/vorgang//kommentare").status_code == 404


@pytest.mark.req("U-05")
def test_framework_errors_and_failures_are_problems():
    response = post("/kex/vorgang/1")
    problem(response, 405, "The resource has no such method.")
    assert response.headers["allow"] == "GET, HEAD"
    assert ask("HEAD", "/kex/vorgang/1", headers=GOOD).status_code == 200
    problem(post("/kex/gone"), 410, "It is gone.")
    for path in ("/kex/strange", "/kex/fail"):
        problem(post(path), 500, "The request failed unexpectedly.")
    away = post("/kex/gone", Authorization="Bearer away")
    problem(away, 503, "The store is not available right now; nothing was changed.")
    assert away.headers["retry-after"] == "1"
