"""
The calls that UPDATE and STATUS print, run as they stand there by a shell against the demo data (U-10, U-20, A-08).

Only the host, the token and the content that is cut off (decision 41) are changed. `tests/documented` keeps the calls,
because the documents lie beside the repository only where the project is planned; there the copy is compared.
"""

import hashlib
import os
import re
import subprocess
from pathlib import Path

import pytest

from fallwerk.apis.kex_status.examples import REQUESTS
from fallwerk.apis.kex_update.examples import DOCUMENT, DOCUMENT_CUT_OFF, STORED
from tests.api.conftest import Running

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {
    "update": ROOT.parent / "shared" / "spec" / "002_4ced71a861dbe803.txt",
    "status": ROOT.parent / "shared" / "spec" / "004_bb056f59872b97ed.txt",
}
HOST = "https://www.europace2.de"
# A call goes on while its lines end in a backslash or its quotes are open; a body begins and ends at the margin.
CALL = re.compile(r"^curl (?:[^'\\\n\"]|\\\n|'[^']*'|\"[^\"]*\")*", re.MULTILINE)
BODY = re.compile(r"^\{\n  \".*?^\}", re.MULTILINE | re.DOTALL)


def shown(text: str) -> list[str]:
    """Every call and every body of a document, in its order."""
    found = [(one.start(), one[0]) for pattern in (CALL, BODY) for one in pattern.finditer(text)]
    return [part for _, part in sorted(found)]


def kept(name: str) -> list[str]:
    return shown((ROOT / "tests" / "documented" / f"{name}.txt").read_text())


@pytest.mark.req("A-08", "U-10", "U-20")
@pytest.mark.parametrize("name", SOURCES)
def test_the_calls_that_are_run_are_those_of_the_document(name):
    source = SOURCES[name]
    printed = shown(source.read_text()) if source.exists() else kept(name)
    assert kept(name) == printed
    assert len(printed) == {"update": 2, "status": 7}[name]


def run(server: Running, folder: Path, command: str, **environment: str) -> tuple[int, str]:
    """Run one call; a file of settings makes curl add the status, so that the call itself stays as printed."""
    (folder / ".curlrc").write_text('write-out = "\\n%{http_code}"\nsilent\n')
    done = subprocess.run(
        ["bash", "-c", command.replace(HOST, server.url)],
        env={**os.environ, "CURL_HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def token(server: Running) -> str:
    form = {"grant_type": "client_credentials"}
    return str(server.http.post("/auth/token", data=form, auth=("demo-kex", "demo-kex-secret")).json()["access_token"])


@pytest.mark.req("U-10", "U-11", "U-20", "U-21")
def test_the_calls_of_update_work_against_the_demo_data(own_server, tmp_path):
    document, comments = (part.replace("xxxxxxx", token(own_server)) for part in kept("update"))
    assert DOCUMENT_CUT_OFF in document
    whole = document.replace(f'"{DOCUMENT_CUT_OFF}"', f'"{DOCUMENT["base64Content"]}"')
    status, body = run(own_server, tmp_path, whole)
    assert status == 201
    assert STORED["sha256"] in body
    assert run(own_server, tmp_path, comments) == (200, "{}")
    record = own_server.admin("GET", "/vorgaenge/123456").json()
    assert [one["filename"] for one in record["documents"]] == ["Test.pdf"]
    assert [(one["text"], one["by"]) for one in record["comments"]] == [("Testkommentar", "demo-kex")]
    content = own_server.admin("GET", f"/vorgaenge/123456/documents/{record['documents'][0]['sha256']}").content
    assert hashlib.sha256(content).hexdigest() == STORED["sha256"]


@pytest.mark.req("A-01", "A-08", "A-09")
def test_the_calls_of_status_work_against_the_demo_data(own_server, tmp_path):
    call, *bodies = kept("status")
    for body in bodies:
        answered = run(own_server, tmp_path, call, TOKEN=token(own_server), REQUEST_BODY=body)
        assert answered == (200, "{}"), body
    record = own_server.admin("GET", "/vorgaenge/985132").json()
    (application,) = record["antraege"]
    assert (application["produktanbieterstatus"], application["antragstellerstatus"]) == ("UNTERSCHRIEBEN",) * 2
    changes = [
        (one["produktanbieterstatus"], one["antragstellerstatus"], bool(one["kommentar"]), one["hinweise"])
        for one in application["history"]
    ]
    assert changes == [
        ("UNTERSCHRIEBEN", None, False, []),
        ("ZURUECKGESTELLT", None, True, []),
        (None, None, True, ["Personalausweis", "Geburtsurkunde"]),
        (None, "UNTERSCHRIEBEN", False, []),
        ("UNTERSCHRIEBEN", None, False, []),
    ]
    notes = [one["value"]["kommentar"] for one in REQUESTS.values() if "kommentar" in one["value"]]
    assert [one["text"] for one in record["comments"]] == notes


@pytest.mark.req("U-05")
def test_the_demo_vorgang_that_is_deleted_is_gone_and_still_shown(own_server):
    headers = {"Authorization": f"Bearer {token(own_server)}"}
    assert (
        own_server.http.post("/kreditsmart/kex/vorgang/GONE01/kommentare", json=["x"], headers=headers).status_code
        == 410
    )
    shown_by_admin = {"vorgangsnummer": "GONE01", "status": "deleted", "comments": [], "documents": [], "antraege": []}
    assert own_server.admin("GET", "/vorgaenge/GONE01").json() == shown_by_admin


@pytest.mark.req("U-02")
def test_the_narrow_demo_client_may_not_write(own_server):
    form = {"grant_type": "client_credentials"}
    answer = own_server.http.post("/auth/token", data=form, auth=("demo-kex-narrow", "demo-kex-narrow-secret"))
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    assert (
        own_server.http.post("/kreditsmart/kex/vorgang/123456/kommentare", json=["x"], headers=headers).status_code
        == 403
    )
    body = {"antragsnummer": "985132/1/1", "produktanbieterstatus": "UNTERSCHRIEBEN"}
    assert own_server.http.post("/kreditsmart/kex/antraege/status", json=body, headers=headers).status_code == 403


def test_a_reset_brings_the_demo_vorgaenge_back(own_server):
    before = own_server.admin("GET", "/vorgaenge/985132").json()
    headers = {"Authorization": f"Bearer {token(own_server)}"}
    body = {"antragsnummer": "985132/1/1", "produktanbieterstatus": "ABGELEHNT", "kommentar": "x"}
    assert own_server.http.post("/kreditsmart/kex/antraege/status", json=body, headers=headers).status_code == 200
    assert own_server.admin("DELETE", "/vorgaenge/123456").status_code == 204
    assert own_server.sandbox("POST", "/reset").status_code == 200
    assert own_server.admin("GET", "/vorgaenge/985132").json() == before
    assert own_server.admin("GET", "/vorgaenge/123456").json()["status"] == "active"
