"""Places where the documents, read to the letter, asked for something else than what first came to mind."""

import socket
from urllib.parse import quote

import pytest

from tests.api.conftest import basic
from tests.support.scr import bad, ids_of, nothing_stored, refused, started, stored_order, too_long

TWICE = "The attribute is already given in another spelling."
URL = "https://example.org/hook"


@pytest.mark.req("S-14")
def test_every_spelling_of_a_webhook_url_is_read(account):
    for ending in ("", "Partner"):
        for spelling in (f"webHookUrl{ending}", f"webHookURL{ending}", f"webhookURL{ending}"):
            order = stored_order(account, started(account, {"processData": {spelling: URL}}))
            assert (order.webhook_url_partner if ending else order.webhook_url) == URL
            with nothing_stored(account):
                response = account.start({"processData": {spelling: URL + "x" * 500}})
                bad(response, (f"processData.{spelling}", too_long(500)))


@pytest.mark.req("S-14")
def test_two_or_three_spellings_of_a_webhook_url_at_once_are_refused_under_the_last(account):
    spellings = ("webHookUrl", "webHookURL", "webhookURL")
    with nothing_stored(account):
        for ending in ("", "Partner"):
            names = [name + ending for name in spellings]
            for chosen in (names[:2], names[1:], names[::2], names[::-1], names):
                response = account.start({"processData": dict.fromkeys(chosen, URL)})
                bad(response, (f"processData.{chosen[-1]}", TWICE))
    started(account, {"processData": {"webHookUrl": None, "webHookURL": "", "webhookURL": URL}})


@pytest.mark.req("S-05")
def test_a_body_up_to_eight_times_too_large_is_a_fault_of_the_body(account):
    with nothing_stored(account):
        for size in (2**20 + 1, 2**21, 2**23):
            for method, path in (("POST", "/cases"), ("PATCH", "/cases/archive")):
                content = b'["' + b"x" * (size - 4) + b'"]'
                response = account.request(method, path, content=content, headers={"Content-Type": "application/json"})
                bad(response, ("body", "The request body is too large."))


@pytest.mark.req("S-36")
def test_a_body_announced_as_more_than_eight_times_too_large_is_413(account):
    response = account.start(content=b" " * (2**23 + 1), headers={"Content-Type": "application/json"})
    (entry,) = refused(response, 413)
    assert entry == {
        "reason": "request entity too large",
        "key": "body",
        "message": "The request body is too large.",
    }


def ask(account, target: str) -> tuple[int, bytes]:
    """GET a target exactly as written and return status and body."""
    host, port = account.server.url.removeprefix("http://").split(":")
    head = f"GET {target} HTTP/1.1\r\nHost: x\r\nAuthorization: {basic(*account.auth)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as wire:
        wire.sendall(head.encode())
        answer = b""
        while part := wire.recv(65536):
            answer += part
    return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]


@pytest.mark.req("D-25")
def test_a_target_encoded_with_its_own_first_slash_works(account):
    case_id = account.order()
    account.simulate(case_id, "declined", subStatus=20, subStatusReason=329)
    modified = account.get(f"/cases/delivery/{case_id}").json()["caseStatus"]["modified"]
    query = f"?closedFrom={modified}&closedUntil={modified}&inProgress=true"
    target = f"{account.base}/cases/delivery{query}"
    for encoded in (
        quote(target, safe=""),
        quote(target[1:], safe=""),
        quote(f"https://postident.deutschepost.de{target}", safe=""),
    ):
        status, body = ask(account, "/" + encoded)
        assert (status, case_id.encode() in body) == (200, True), (encoded, body)
    elsewhere = quote(f"{account.base}/cases/delivery?closedUntil=2020-01-01", safe="")
    assert ask(account, "/" + elsewhere) == (200, b"[]")
    assert ids_of(account.get("/cases/delivery").json()) == [case_id]
