"""Documents of UPDATE over HTTP, on every deployment: content, names, limits, repetition."""

import base64
import hashlib
import json
import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from fallwerk.apis.kex_update.examples import DOCUMENT, DOCUMENT_CUT_OFF, STORED
from tests.api.conftest import Running
from tests.support.kex import JSON, MISSING, NOT_A_STRING, NOT_BASE64, Kex, kex, nothing_stored, problem
from tests.support.scr import rows

LIMIT = 10 * 2**20
RACERS = 8


@pytest.fixture
def client(server: Running) -> Kex:
    return kex(server)


def sent_raw(client: Kex, case: str, body: bytes, **options):
    options["headers"] = {**JSON, **options.get("headers", {})}
    return client.post(f"/kreditsmart/kex/vorgang/{case}/dokument", content=body, **options)


def content_of(client: Kex, case: str, sha256: str):
    return client.server.admin("GET", f"/vorgaenge/{case}/documents/{sha256}")


@pytest.mark.req("U-10", "U-11")
@pytest.mark.parametrize("size", [1, 2, 3, 70_000, 3_000_001])
def test_a_document_is_stored_byte_for_byte_and_listed(client, size):
    case, content = client.case(), random.Random(size).randbytes(size)
    digest = hashlib.sha256(content).hexdigest()
    response = client.upload(case, "Test.pdf", content)
    assert response.status_code == 201, response.text
    assert response.json() == {"filename": "Test.pdf", "size": size, "sha256": digest}
    (listed,) = client.record(case)["documents"]
    assert listed == {"filename": "Test.pdf", "size": size, "sha256": digest, "at": listed["at"]}
    answer = content_of(client, case, digest)
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert content_of(client, case, digest.upper()).content == content


@pytest.mark.req("U-11")
def test_a_content_is_read_by_its_own_vorgang_only(server, client):
    case, other = client.case(), client.case()
    digest = client.upload(case, "a", b"the content").json()["sha256"]
    for number, wanted in (
        (other, digest),
        (case, "0" * 64),
        (case, "nonsense"),
        (case, digest[:-1]),
        ("ABCDEF", digest),
    ):
        answer = content_of(client, number, wanted)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    client.delete(case)
    assert content_of(client, case, digest).content == b"the content"


@pytest.mark.req("U-10")
def test_line_breaks_and_missing_padding_are_accepted(client):
    content = bytes(range(256))
    digest = hashlib.sha256(content).hexdigest()
    plain = base64.b64encode(content).decode()
    lines = base64.encodebytes(content).decode()
    for written in (plain, plain.rstrip("="), lines, lines.replace("\n", "\r\n")):
        case = client.case()
        assert client.upload(case, "x", written).json()["sha256"] == digest
    body = json.dumps({"filename": "x", "base64Content": plain}).replace("/", "\\/").encode()
    assert sent_raw(client, client.case(), body).json()["sha256"] == digest


@pytest.mark.req("U-10")
@pytest.mark.parametrize(
    "wrong", ["QUJ-", "QUJ_", "QU JD", "QUJD=", "QUJDR", "=", "QQ===", "Q=UJ", "ä", "QUJD\u0000", DOCUMENT_CUT_OFF]
)
def test_anything_but_base64_of_the_standard_alphabet_is_refused(client, wrong):
    case = client.case()
    with nothing_stored(client, case):
        problem(client.upload(case, "x", wrong), 400, ("/base64Content", NOT_BASE64))


@pytest.mark.req("U-10")
def test_the_documents_own_example_works_once_its_cut_off_content_is_whole(client):
    case = client.case()
    response = client.post(f"/kreditsmart/kex/vorgang/{case}/dokument", json=DOCUMENT)
    assert (response.status_code, response.json()) == (201, STORED)
    assert DOCUMENT["base64Content"].startswith(DOCUMENT_CUT_OFF)


@pytest.mark.req("U-10", "U-05")
@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [("/filename", MISSING), ("/base64Content", MISSING)]),
        ({"filename": "", "base64Content": ""}, [("/filename", MISSING), ("/base64Content", MISSING)]),
        ({"filename": "x", "base64Content": "\n"}, [("/base64Content", MISSING)]),
        ({"filename": "x", "base64Content": None}, [("/base64Content", NOT_A_STRING)]),
        ({"filename": 5, "base64Content": "QUJD"}, [("/filename", NOT_A_STRING)]),
        (
            {"filename": None, "base64Content": ["QUJD"]},
            [("/filename", NOT_A_STRING), ("/base64Content", NOT_A_STRING)],
        ),
        ({"fileName": "x", "base64Content": "QQ-"}, [("/filename", MISSING), ("/base64Content", NOT_BASE64)]),
        (
            {"filename": "x" * 256, "base64Content": "QQ"},
            [("/filename", "The value is too long (max. 255 characters).")],
        ),
        ([], [("", "The body must be an object.")]),
        ("x", [("", "The body must be an object.")]),
        (None, [("", "The body must be an object.")]),
    ],
)
def test_both_fields_must_be_filled_and_all_faults_come_together(client, body, faults):
    case = client.case()
    with nothing_stored(client, case):
        problem(sent_raw(client, case, json.dumps(body).encode()), 400, *faults)


@pytest.mark.req("U-10", "U-05")
@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"filename":"x","base64Content":"QUJD"', "The body is not valid JSON."),
        (b'{"filename":"x","base64Content":"QUJD', "The body is not valid JSON."),
        (b'{"filename":"x","base64Content":"QUJD"}}', "The body is not valid JSON."),
        (b"", "The body is not valid JSON."),
        (
            b'{"filename":"x","base64Content":"QUJD","base64Content":"QUJD"}',
            'The attribute "base64Content" occurs more than once in one object.',
        ),
        (
            b'{"filename":"x","filename":"y","base64Content":"QUJD"}',
            'The attribute "filename" occurs more than once in one object.',
        ),
        (b'{"x":' + b"[" * 70 + b"]" * 70 + b"}", "The body is nested too deeply (max. 64 levels)."),
    ],
)
def test_a_body_that_is_unusable_as_a_whole_says_so(client, body, detail):
    case = client.case()
    with nothing_stored(client, case):
        problem(sent_raw(client, case, body), 400, ("", detail))


@pytest.mark.req("U-11")
@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "C:\\Windows\\win.ini",
        "/",
        "..",
        "a\0b.pdf",
        "line\nbreak\x1b[31m.pdf",
        "\u202egnp.exe",
        "ü" * 255,
        '"quoted"; filename=x',
        "con",
        " ",
        "📄.pdf",
    ],
)
def test_a_file_name_is_shown_as_it_was_sent_and_never_used_as_a_path(client, name, request):
    case = client.case()
    response = client.upload(case, name, name.encode())
    assert (response.status_code, response.json()["filename"]) == (201, name)
    assert client.record(case)["documents"][0]["filename"] == name
    assert content_of(client, case, response.json()["sha256"]).content == name.encode()
    objects = {row["object_name"] for row in rows(client.server, "SELECT object_name FROM blob")}
    assert all(part.isalnum() for one in objects for part in one.split("/"))


@pytest.mark.req("U-12")
def test_the_limit_is_ten_mebibytes_decoded(client):
    case = client.case()
    content = random.Random(1).randbytes(LIMIT)
    response = client.upload(case, "x", content, timeout=60)
    assert (response.status_code, response.json()["size"]) == (201, LIMIT)
    assert content_of(client, case, response.json()["sha256"]).content == content
    with nothing_stored(client, case):
        detail = f"The document is larger than {LIMIT} bytes."
        problem(client.upload(case, "x", content + b"x", timeout=60), 413, detail)
        problem(client.upload("ABCDEF", "x", content + b"x", timeout=60), 413, detail)


@pytest.mark.req("U-12")
def test_the_limit_holds_while_the_body_is_read(server, client):
    """The answer comes although the body never ends; without a Content-Length nothing else tells its size."""
    import socket  # noqa: PLC0415

    case = client.case()
    host, port = server.url.removeprefix("http://").split(":")
    head = (
        f"POST /kreditsmart/kex/vorgang/{case}/dokument HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n"
        f"Content-Type: application/json\r\nAuthorization: {client.headers['Authorization']}\r\n\r\n"
    ).encode()
    chunk = b"A" * 65_536
    framed = b"%x\r\n%b\r\n" % (len(chunk), chunk)
    with nothing_stored(client, case), socket.create_connection((host, int(port)), timeout=30) as connection:
        start = b'{"filename":"x","base64Content":"'
        connection.sendall(head + b"%x\r\n%b\r\n" % (len(start), start))
        try:
            for _ in range(LIMIT * 4 // 3 // len(chunk) + 2):
                connection.sendall(framed)
        except OSError:
            pass
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413 "), answer[:200]


@pytest.mark.req("U-12", "U-10")
def test_what_stands_around_a_document_is_bounded_and_unknown_members_are_ignored(client):
    case = client.case()
    body = {"filename": "x", "base64Content": "QUJD", "tags": ["a", {"base64Content": "?"}], "kommentar": "y" * 1000}
    assert sent_raw(client, case, json.dumps(body).encode()).status_code == 201
    with nothing_stored(client, case):
        large = json.dumps({"kommentar": "y" * 300_000, "filename": "x", "base64Content": "QUJD"}).encode()
        problem(sent_raw(client, case, large), 413, "The request body is too large.")


@pytest.mark.req("U-11")
def test_the_same_content_is_stored_once_per_tenant_and_listed_with_each_time(server, client):
    content = random.Random().randbytes(1000)
    first, second, foreign = client.case(), client.case(), kex(server)
    answers = [client.upload(case, name, content) for case, name in ((first, "a"), (first, "b"), (second, "a"))]
    assert {answer.status_code for answer in answers} == {201}
    digest = answers[0].json()["sha256"]
    assert [(one["filename"], one["sha256"]) for one in client.record(first)["documents"]] == [
        ("a", digest),
        ("b", digest),
    ]
    times = [one["at"] for one in client.record(first)["documents"]]
    assert times[0] < times[1]
    assert foreign.upload(foreign.case(), "a", content).status_code == 201
    held = rows(server, "SELECT tenant_id, reference_count FROM blob WHERE size_bytes = 1000 ORDER BY reference_count")
    kept = rows(
        server,
        "SELECT blob.tenant_id, reference_count FROM blob JOIN loan_document USING (tenant_id, blob_key)"
        " WHERE case_number IN (?, ?)",
        first,
        second,
    )
    assert [row["reference_count"] for row in kept] == [3, 3, 3]
    assert len({row["tenant_id"] for row in held}) == len(held)


@pytest.mark.req("U-11")
def test_racing_uploads_of_one_content_are_all_listed_and_stored_once(client):
    case, content, barrier = client.case(), random.Random().randbytes(5000), Barrier(RACERS)

    def upload(number: int) -> int:
        barrier.wait()
        return client.upload(case, f"{number}", content).status_code

    with ThreadPoolExecutor(RACERS) as pool:
        assert list(pool.map(upload, range(RACERS))) == [201] * RACERS
    documents = client.record(case)["documents"]
    assert sorted(one["filename"] for one in documents) == [str(number) for number in range(RACERS)]
    assert content_of(client, case, documents[0]["sha256"]).content == content


@pytest.mark.req("C-11", "U-10")
def test_the_same_key_stores_a_document_once(client):
    case, headers = client.case(), {"Idempotency-Key": "upload-1"}
    first = client.upload(case, "x", b"content", headers=headers)
    with nothing_stored(client, case):
        again = client.upload(case, "x", b"content", headers=headers)
        assert (again.status_code, again.content) == (201, first.content)
        problem(client.upload(case, "x", b"other", headers=headers), 422)
        problem(client.upload(case, "y", b"content", headers=headers), 422)
        assert client.upload(case, "y", b"content", headers={"Idempotency-Key": "x" * 256}).status_code == 400
    assert client.upload(case, "y", b"content", headers={"Idempotency-Key": "upload-2"}).status_code == 201


@pytest.mark.req("C-04", "U-11")
def test_nothing_of_a_document_stands_in_the_database_in_clear(client):
    case = client.case()
    digest = client.upload(case, "Gehaltsabrechnung.pdf", b"Erika Mustermann").json()["sha256"]
    client.comment(case, ["Erika Mustermann ruft an"])
    (document,) = rows(client.server, "SELECT * FROM loan_document WHERE case_number = ?", case)
    (comment,) = rows(client.server, "SELECT * FROM loan_comment WHERE case_number = ?", case)
    for value in (*document.values(), *comment.values()):
        text = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        assert b"Gehalt" not in text
        assert b"Erika" not in text
        assert digest.encode() not in text
        assert bytes.fromhex(digest) not in text
