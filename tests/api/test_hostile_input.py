"""Input that no honest client sends: refused in the dialect, on every engine, and never a server's failure."""

import socket

import pytest

from tests.support.scr import UNAUTHORIZED, nothing_stored, refused

NULS = ("%00", "A%00", "ABCDEFGHIJK%00", "%ff%00", "%ed%a0%80")


@pytest.mark.req("S-03", "S-36")
def test_a_client_id_that_no_database_takes_is_as_unknown_as_any_other(account):
    with nothing_stored(account):
        for part in NULS:
            response = account.server.http.get(f"/api/scr/v1/{part}/alive", auth=account.auth)
            assert (response.status_code, response.content) == (401, UNAUTHORIZED), part


@pytest.mark.req("D-20", "S-36")
def test_a_case_id_that_no_database_takes_is_as_unknown_as_any_other(account):
    for part in NULS:
        (entry,) = refused(account.get(f"/cases/delivery/{part}"), 404)
        assert entry == {"errorcode": "90011", "key": "not found", "message": "Case not found."}


def test_our_own_interfaces_take_no_nul_either(server):
    for part in NULS:
        for method, path in (
            ("GET", f"/scr-clients/{part}"),
            ("PATCH", f"/scr-clients/{part}"),
            ("POST", f"/scr-clients/{part}/rotate"),
            ("POST", f"/cases/{part}/release"),
        ):
            json = None if method == "GET" else {}
            response = server.admin(method, path, json=json)
            assert response.status_code == 404, (path, response.text)
    for part in NULS:
        assert server.http.get(f"/identportal/?vorgangsnummer={part}").status_code == 404


def raw(server, request: bytes) -> bytes:
    url = server.http.base_url
    with socket.create_connection((url.host, url.port), timeout=10) as connection:
        connection.sendall(request)
        found = b""
        while part := connection.recv(65536):
            found += part
        return found


SMUGGLED = b"GET /api/scr/v1/1234ABCD/alive HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.req("S-36")
@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 0\r\nTransfer-Encoding: chunked",
        b"Content-Length: 0\r\nContent-Length: 5",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        b"Transfer-Encoding : chunked",
        b"Content-Length: +5",
        b"Content-Length: 0x5",
    ],
)
def test_two_readings_of_where_a_request_ends_are_refused_with_the_connection(server, head):
    request = b"POST /api/scr/v1/1234ABCD/cases HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + head + b"\r\n\r\n"
    answer = raw(server, request + b"0\r\n\r\n" + SMUGGLED)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 400 ")


def test_a_head_without_end_is_cut_off(server):
    answer = raw(server, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X-Filler: x\r\n" * 8000)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert answer.count(b"HTTP/1.1 ") == 1
