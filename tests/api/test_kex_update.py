"""UPDATE over HTTP, on every deployment: comments, and who may add what to which Vorgang."""

import json
import re

import pytest

from tests.api.conftest import Running
from tests.support.kex import (
    FOREIGN,
    GONE,
    JSON,
    NOT_A_STRING,
    UNKNOWN,
    Kex,
    kex,
    nothing_stored,
    problem,
)
from tests.support.oauth import APPLY, READ, WRITE

CALLS = ("kommentare", "dokument")
BODIES = {"kommentare": ["a comment"], "dokument": {"filename": "a.pdf", "base64Content": "QUJD"}}


@pytest.fixture
def client(server: Running) -> Kex:
    return kex(server)


def call(client: Kex, number: str, what: str, **options):
    options = options if {"content", "json"} & options.keys() else {"json": BODIES[what], **options}
    return client.post(f"/kreditsmart/kex/vorgang/{number}/{what}", **options)


# Comments.


@pytest.mark.req("U-20", "U-21")
def test_each_element_becomes_a_comment_in_order_with_time_and_origin(client):
    case = client.case()
    response = client.comment(case, ["first", "zweiter – ü \U0001f4c4", " ", "first"])
    assert (response.status_code, response.content) == (200, b"{}")
    assert response.headers["content-type"] == "application/json"
    assert client.comment(case, ["last"]).status_code == 200
    comments = client.record(case)["comments"]
    assert [entry["text"] for entry in comments] == ["first", "zweiter – ü \U0001f4c4", " ", "first", "last"]
    assert {entry["by"] for entry in comments} == {client.account.client_id}
    times = [entry["at"] for entry in comments]
    assert times == sorted(times)
    assert times[0] < times[-1]
    assert all(at.endswith("Z") for at in times)


@pytest.mark.req("U-20")
def test_empty_strings_are_ignored_and_no_comment_at_all_is_fine(client):
    case = client.case()
    for texts in ([], [""], ["", "", ""]):
        response = client.comment(case, texts)
        assert (response.status_code, response.content) == (200, b"{}")
    assert client.comment(case, ["", "x", ""]).status_code == 200
    assert client.texts(case) == ["x"]


@pytest.mark.req("U-20")
@pytest.mark.parametrize("wrong", [5, None, True, {}, ["x"], 1.5])
def test_an_element_that_is_no_string_is_refused_and_none_is_added(client, wrong):
    case = client.case()
    with nothing_stored(client, case):
        problem(client.comment(case, ["good", wrong, "good"]), 400, ("/1", NOT_A_STRING))


@pytest.mark.req("U-20", "U-05")
@pytest.mark.parametrize("body", [{}, "text", 5, None, {"kommentare": ["x"]}])
def test_a_body_that_is_no_array_is_refused(client, body):
    case = client.case()
    with nothing_stored(client, case):
        problem(
            client.post(f"/kreditsmart/kex/vorgang/{case}/kommentare", content=json.dumps(body), headers=JSON),
            400,
            ("", "The body must be an array."),
        )


@pytest.mark.req("U-20")
def test_a_thousand_texts_of_ten_thousand_characters_are_taken_and_no_more(client):
    case = client.case()
    longest = "ü" * 10_000
    assert client.comment(case, [longest] * 1_000, timeout=120).status_code == 200
    assert client.texts(case) == [longest] * 1_000
    other = client.case()
    with nothing_stored(client, other):
        problem(client.comment(other, ["x"] * 1_001), 400, ("", "There are too many values (max. 1000)."))
        problem(client.comment(other, ["x"] * 100_000), 400, ("", "There are too many values (max. 1000)."))
        too_long = ("/1", "The value is too long (max. 10000 characters).")
        problem(client.comment(other, ["x", longest + "x"]), 400, too_long)


@pytest.mark.req("U-20", "U-05")
def test_a_text_that_is_no_unicode_is_refused_and_control_characters_are_kept(client):
    case = client.case()
    raw = {"content": b'["\\ud800"]', "headers": JSON}
    with nothing_stored(client, case):
        response = call(client, case, "kommentare", **raw)
        problem(response, 400, ("/0", "The value is no Unicode text: it holds half of a surrogate pair."))
    assert client.comment(case, ["a\0b\x1b\n\t\u202e"]).status_code == 200
    assert client.texts(case) == ["a\0b\x1b\n\t\u202e"]


@pytest.mark.req("U-05")
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is not valid JSON (line 1, column 1)."),
        (b'["x"', "The body is not valid JSON (line 1, column 5)."),
        (b'["\xff"]', "The body is not valid UTF-8 (byte 3)."),
        (b"[" * 100_000, "The body is nested too deeply (max. 64 levels)."),
        (b"[NaN]", "The body is not valid JSON (NaN is not a JSON number)."),
    ],
)
def test_a_body_that_is_no_json_says_so(client, body, detail):
    case = client.case()
    with nothing_stored(client, case):
        problem(call(client, case, "kommentare", content=body, headers=JSON), 400, ("", detail))


# Charsets, media types.


@pytest.mark.req("U-04")
@pytest.mark.parametrize("charset", ["ISO-8859-1", "utf-16", "UTF-16LE", "windows-1252", '"utf-8"'])
def test_another_charset_is_honoured(client, charset):
    case = client.case()
    text = "Grüße, Bärbel"
    content = json.dumps([text], ensure_ascii=False).encode(charset.strip('"'))
    headers = {"Content-Type": f"application/json; charset={charset}"}
    assert call(client, case, "kommentare", content=content, headers=headers).status_code == 200
    body = json.dumps({"filename": f"{text}.pdf", "base64Content": "QUJD\nREVG"}, ensure_ascii=False)
    response = call(client, case, "dokument", content=body.encode(charset.strip('"')), headers=headers)
    assert response.status_code == 201, response.text
    record = client.record(case)
    assert [entry["text"] for entry in record["comments"]] == [text]
    assert [(entry["filename"], entry["size"]) for entry in record["documents"]] == [(f"{text}.pdf", 6)]


@pytest.mark.req("U-04")
@pytest.mark.parametrize("what", CALLS)
@pytest.mark.parametrize(
    "media_type",
    [None, "text/plain", "application/xml", "application/json;charset=klingon", "application/json; charset=zlib"],
)
def test_another_content_type_or_charset_is_refused(client, what, media_type):
    case = client.case()
    headers = {} if media_type is None else {"Content-Type": media_type}
    with nothing_stored(client, case):
        problem(call(client, case, what, content=json.dumps(BODIES[what]), headers=headers), 415)


# Who may.


@pytest.mark.req("U-02")
@pytest.mark.parametrize("what", CALLS)
def test_without_a_good_token_nothing_is_done(server, client, what):
    case = client.case()
    with nothing_stored(client, case):
        for token, error in ((None, ""), ("Bearer nonsense", 'error="invalid_token"'), ("Basic eDp5", "")):
            headers = {} if token is None else {"Authorization": token}
            url = f"/kreditsmart/kex/vorgang/{case}/{what}"
            response = server.http.post(url, json=BODIES[what], headers=headers)
            problem(response, 401)
            assert response.headers["www-authenticate"].startswith("Bearer ")
            assert error in response.headers["www-authenticate"]


@pytest.mark.req("U-02")
@pytest.mark.parametrize("what", CALLS)
def test_a_token_without_the_scope_is_refused(server, what):
    client = kex(server, scopes=[READ, APPLY])
    case = client.case()
    with nothing_stored(client, case):
        response = call(client, case, what)
        problem(response, 403, f"The token lacks the scope {WRITE}.")
        assert 'error="insufficient_scope"' in response.headers["www-authenticate"]


@pytest.mark.req("U-02", "U-05", "C-03")
@pytest.mark.parametrize("what", CALLS)
def test_unknown_deleted_and_foreign_vorgaenge_are_told_apart(server, client, what):
    foreign, gone = kex(server).case(), client.case()
    client.delete(gone)
    with nothing_stored(client, foreign, gone):
        problem(call(client, foreign, what), 403, FOREIGN)
        problem(call(client, gone, what), 410, GONE)
        for number in ("ABCDEF", "AB%2FDEF", "..%2F..", "%00", "abcdef", "ABCDEFG", "%F0%9F%92%A9"):
            problem(call(client, number, what), 404, UNKNOWN)
        problem(call(client, "..", what), 404)


@pytest.mark.req("U-02")
def test_a_partner_reaches_the_vorgaenge_of_partners_below_it_and_not_of_those_above(server, client):
    made = server.admin("POST", "/partners", json={"parentId": client.partner_id})
    below = kex(server, partnerId=made.json()["partnerId"])
    case, upper = below.case(), client.case()
    # The reach of a client that has called before is looked up again within seconds.
    fresh = kex(server, partnerId=client.partner_id)
    assert fresh.comment(case, ["from above"]).status_code == 200
    assert fresh.upload(case, "a", b"x").status_code == 201
    assert below.texts(case) == ["from above"]
    problem(below.comment(upper, ["from below"]), 403, FOREIGN)


@pytest.mark.req("U-05")
def test_the_checks_come_in_their_order(server, client):
    foreign, gone = kex(server).case(), client.case()
    client.delete(gone)
    narrow = kex(server, scopes=[READ])
    wrong_type = {"content": b"{", "headers": {"Content-Type": "text/plain"}}
    wrong_form = {"content": b"{", "headers": JSON}
    for number in ("ABCDEF", gone, foreign):
        for what in CALLS:
            problem(call(narrow, number, what, **wrong_type), 403)
            problem(call(client, number, what, **wrong_type), 415)
            assert call(client, number, what, **wrong_form).status_code == 400
    too_large = {"content": b"[" + b" " * 70_000_000 + b"]", "headers": {"Content-Type": "text/plain"}}
    problem(call(client, "ABCDEF", "kommentare", **too_large), 415)
    problem(call(client, "ABCDEF", "kommentare", **{**too_large, "headers": JSON}), 413)


@pytest.mark.req("U-03", "U-05")
def test_the_trace_id_of_a_request_comes_back_in_header_and_problem(client):
    case = client.case()
    assert client.comment(case, ["x"], headers={"X-TraceId": "sys12345678"}).headers["x-traceid"] == "sys12345678"
    response = client.comment(case, {}, headers={"X-TraceId": "sys12345678"})
    problem(response, 400, ("", "The body must be an array."))
    assert response.json()["traceId"] == "sys12345678"
    for kept in ("a b", "~" * 128):
        assert client.comment(case, [], headers={"X-TraceId": kept}).headers["x-traceid"] == kept
    for replaced in ("~" * 129, "a\tb", "\u00e4".encode("latin-1")):
        found = client.comment(case, [], headers={"X-TraceId": replaced}).headers["x-traceid"]
        assert re.fullmatch("[0-9a-f]{32}", found)


@pytest.mark.req("U-05")
def test_a_path_may_end_in_a_slash_and_other_methods_are_refused(server, client):
    case = client.case()
    assert client.post(f"/kreditsmart/kex/vorgang/{case}/kommentare/", json=["x"]).status_code == 200
    response = server.http.get(f"/kreditsmart/kex/vorgang/{case}/kommentare", headers=client.headers)
    problem(response, 405)
    assert response.headers["allow"] == "POST"
    problem(client.post(f"/kreditsmart/kex/vorgang/{case}/unknown", json=[]), 404)


@pytest.mark.req("C-11", "U-20")
def test_the_same_key_adds_comments_once(client):
    case = client.case()
    headers = {"Idempotency-Key": "comments-1"}
    for _ in range(2):
        response = client.comment(case, ["once"], headers=headers)
        assert (response.status_code, response.content) == (200, b"{}")
    assert client.texts(case) == ["once"]
    with nothing_stored(client, case):
        problem(client.comment(case, ["twice"], headers=headers), 422)
        assert client.comment(case, ["x"], headers={"Idempotency-Key": ""}).status_code == 400


@pytest.mark.req("C-02")
def test_whoever_adds_something_stands_in_the_audit_log_and_no_text_does(server, client):
    from tests.support.scr import rows  # noqa: PLC0415

    case = client.case()
    client.comment(case, ["a secret text"])
    client.upload(case, "secret.pdf", b"secret content")
    client.delete(case)
    found = rows(server, "SELECT action, actor, details FROM audit_event WHERE subject = ? ORDER BY event_id", case)
    assert [row["action"] for row in found if row["actor"] == f"oauth:{client.account.client_id}"] == [
        "loan case.commented",
        "loan case.document added",
    ]
    assert {row["action"] for row in found} >= {"loan case.created", "loan case.deleted"}
    assert not any("secret" in row["details"] for row in found)
