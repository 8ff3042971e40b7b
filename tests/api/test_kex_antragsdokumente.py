"""Documents on applications over HTTP, on every deployment (N-02)."""

import base64
import hashlib
import json
import random
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.api.conftest import Running
from tests.support.kex import JSON, MISSING, NOT_BASE64, Kex, kex, nothing_stored, problem
from tests.support.oauth import APPLY, READ, WRITE
from tests.support.scr import rows

PATH = "/kreditsmart/kex/antraege/dokumente"
LIMIT = 10 * 2**20
UNKNOWN = "There is no application with this number."
NO_NUMBER = ("/antragsnummer", "One of antragsnummer and produktanbieterantragsnummer is mandatory.")
RACERS = 6


@pytest.fixture
def client(server: Running) -> Kex:
    return kex(server)


@pytest.fixture
def case(client: Kex) -> str:
    return client.case()


@pytest.fixture
def number(client: Kex, case: str) -> str:
    return client.application(case)


def file(content: bytes = b"content", name: str = "Kreditvertrag.pdf"):
    return {"fileName": name, "fileContent": base64.b64encode(content).decode()}


def upload(client: Kex, number: str, content: bytes = b"content", *, name: str = "Kreditvertrag.pdf", **more):
    headers = more.pop("headers", {})
    body = {"antragsnummer": number, "antragsdokument": file(content, name), **more}
    return client.post(PATH, json=body, headers=headers, timeout=60)


def documents(client: Kex, case: str, index: int = 0):
    return client.record(case)["antraege"][index]["documents"]


@pytest.mark.req("N-02")
@pytest.mark.parametrize("size", [1, 100_000])
def test_a_document_is_added_to_the_application_byte_for_byte(client, case, number, size):
    content = random.Random(size).randbytes(size)
    digest = hashlib.sha256(content).hexdigest()
    response = upload(client, number, content, kommentar="Bitte unterschreiben", tags=["QES"], mehr={"a": 1})
    assert response.status_code == 201, response.text
    assert response.json() == {"filename": "Kreditvertrag.pdf", "size": size, "sha256": digest}
    (listed,) = documents(client, case)
    assert (listed["filename"], listed["size"], listed["sha256"]) == ("Kreditvertrag.pdf", size, digest)
    assert client.record(case)["documents"] == []
    answer = client.server.admin("GET", f"/vorgaenge/{case}/documents/{digest}")
    assert answer.content == content


@pytest.mark.req("N-02", "A-02")
def test_the_number_of_the_produktanbieter_is_enough_and_may_stand_behind_the_document(client, case):
    client.application(case, f"PA-{case}")
    body = {"antragsdokument": file(), "produktanbieterantragsnummer": f"PA-{case}", "antragsnummer": None}
    assert client.post(PATH, content=json.dumps(body), headers=JSON).status_code == 201
    assert len(documents(client, case)) == 1
    with nothing_stored(client, case):
        problem(client.post(PATH, json={**body, "produktanbieterantragsnummer": "nobody's"}), 404, UNKNOWN)
    other = client.application(client.case(), "another")
    with nothing_stored(client, case):
        wrong = ("/produktanbieterantragsnummer", "The two numbers name different applications.")
        problem(client.post(PATH, json={**body, "antragsnummer": other}), 400, wrong)


@pytest.mark.req("N-02")
def test_the_same_name_comment_and_content_is_not_added_twice(client, case, number):
    other = client.application(case)
    first = upload(client, number, kommentar="a")
    with nothing_stored(client, case):
        again = upload(client, number, kommentar="a", tags=["QES"])
        assert (again.status_code, again.content) == (201, first.content)
    assert upload(client, number, kommentar="b").status_code == 201
    assert upload(client, number).status_code == 201
    assert upload(client, number, name="other.pdf", kommentar="a").status_code == 201
    assert upload(client, number, b"other", kommentar="a").status_code == 201
    assert upload(client, other, kommentar="a").status_code == 201
    assert (len(documents(client, case)), len(documents(client, case, 1))) == (5, 1)
    with nothing_stored(client, case):
        assert upload(client, number, kommentar="").status_code == 201
    (kept,) = rows(
        client.server,
        "SELECT DISTINCT reference_count FROM blob JOIN loan_document USING (tenant_id, blob_key)"
        " WHERE case_number = ? AND blob.size_bytes = 7",
        case,
    )
    assert kept["reference_count"] == 5


@pytest.mark.req("N-02")
def test_of_racing_uploads_of_one_document_one_is_added(client, case, number):
    barrier = Barrier(RACERS)

    def race(_: int) -> int:
        barrier.wait()
        return upload(client, number).status_code

    with ThreadPoolExecutor(RACERS) as pool:
        assert list(pool.map(race, range(RACERS))) == [201] * RACERS
    assert len(documents(client, case)) == 1


@pytest.mark.req("N-02")
def test_a_body_above_ten_megabytes_is_refused(client, case, number):
    around = len(json.dumps({"antragsnummer": number, "antragsdokument": {"fileName": "x", "fileContent": ""}}))
    text = "A" * ((LIMIT - around) // 4 * 4)
    body = {"antragsnummer": number, "antragsdokument": {"fileName": "x", "fileContent": text}}
    sent = json.dumps(body).encode()
    assert LIMIT - 4 < len(sent) <= LIMIT
    assert client.post(PATH, content=sent, headers=JSON, timeout=60).status_code == 201
    with nothing_stored(client, case):
        larger = sent + b" " * (LIMIT + 1 - len(sent))
        problem(client.post(PATH, content=larger, headers=JSON, timeout=60), 413, "The request body is too large.")
        chunks = (larger[begin : begin + 65_536] for begin in range(0, len(larger), 65_536))
        problem(client.post(PATH, content=chunks, headers=JSON, timeout=60), 413, "The request body is too large.")


@pytest.mark.req("N-02", "U-05")
@pytest.mark.parametrize(
    ("change", "faults"),
    [
        ({"antragsnummer": ""}, [NO_NUMBER]),
        ({"antragsnummer": 5}, [("/antragsnummer", "The value must be a string.")]),
        ({"antragsdokument": None}, [("/antragsdokument", "The value must be an object.")]),
        ({"antragsdokument": {}}, [(f"/antragsdokument/{name}", MISSING) for name in ("fileName", "fileContent")]),
        ({"antragsdokument": {"fileName": "x", "fileContent": ""}}, [("/antragsdokument/fileContent", MISSING)]),
        ({"antragsdokument": {"fileName": "x", "fileContent": "Q-"}}, [("/antragsdokument/fileContent", NOT_BASE64)]),
        (
            {"antragsdokument": {"fileName": "x" * 256, "fileContent": "QUJD"}},
            [("/antragsdokument/fileName", "The value is too long (max. 255 characters).")],
        ),
        ({"kommentar": "x" * 10_001}, [("/kommentar", "The value is too long (max. 10000 characters).")]),
        ({"kommentar": ["x"]}, [("/kommentar", "The value must be a string.")]),
        ({"tags": ["QES", "XYZ"]}, [("/tags/1", "The value must be one of: QES.")]),
        ({"tags": "QES"}, [("/tags", "The value must be an array.")]),
    ],
)
def test_a_body_with_faults_names_each_and_nothing_is_stored(client, case, number, change, faults):
    with nothing_stored(client, case):
        problem(client.post(PATH, json={"antragsnummer": number, "antragsdokument": file(), **change}), 400, *faults)


@pytest.mark.req("N-02", "U-02", "U-05", "C-03")
def test_unknown_deleted_and_foreign_applications_are_told_apart_after_all_else(server, client, case, number):
    stranger, gone = kex(server), client.case()
    foreign, late = stranger.application(stranger.case()), client.application(gone)
    client.delete(gone)
    narrow = kex(server, partnerId=client.partner_id, scopes=[READ, WRITE])
    text = {"content": b"{", "headers": {"Content-Type": "text/plain"}}
    with nothing_stored(client, case, gone):
        problem(server.http.post(PATH, json={}), 401)
        problem(narrow.post(PATH, **text), 403, f"The token lacks the scope {APPLY}.")
        problem(client.post(PATH, **text), 415)
        for missed in ("ABCDEF/1/1", f"{case}/2/1", "nonsense", "\0"):
            problem(upload(client, missed), 404, UNKNOWN)
        problem(upload(client, late), 410, "The Vorgang of the application is deleted.")
        problem(upload(client, foreign), 403, "The application belongs to a partner that yours does not reach.")
        problem(upload(client, foreign, b""), 400, ("/antragsdokument/fileContent", MISSING))


@pytest.mark.req("N-02", "C-11")
def test_the_same_key_adds_one_document(client, case, number):
    headers = {"Idempotency-Key": "document-1"}
    first = upload(client, number, headers=headers)
    assert first.status_code == 201
    with nothing_stored(client, case):
        assert upload(client, number, headers=headers).content == first.content
        problem(upload(client, number, b"other", headers=headers), 422)
        problem(upload(client, number, kommentar="x", headers=headers), 422)


@pytest.mark.req("N-02", "C-02", "C-04")
def test_the_audit_log_names_the_document_and_nothing_of_it_stands_in_clear(client, case, number):
    digest = upload(client, number, b"Erika", name="Erika.pdf", kommentar="Erika", tags=["QES"]).json()["sha256"]
    upload(client, number, b"Erika", name="Erika.pdf", kommentar="Erika")
    statement = "SELECT * FROM audit_event WHERE subject = ? AND action = 'application.document added'"
    (event,) = rows(client.server, statement, number)
    assert event["actor"] == f"oauth:{client.account.client_id}"
    assert json.loads(event["details"]) == {"sizeBytes": 5, "tags": "QES"}
    (row,) = rows(client.server, "SELECT * FROM loan_document WHERE case_number = ?", case)
    for value in row.values():
        text = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
        assert b"Erika" not in text
        assert digest.encode() not in text
        assert bytes.fromhex(digest) not in text
