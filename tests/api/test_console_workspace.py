"""The workspace: loan cases as UPDATE and STATUS call "displayed", customers of brokers."""

import re

import pytest

from tests.support.console import Desk, staff, text_of
from tests.support.kex import kex
from tests.support.policenwerk import new_broker

EVIL = "<svg onload=1>"


@pytest.fixture
def client(server):
    return kex(server)


def clerk_of(server, client) -> Desk:
    return staff(server, "clerk", home={"partner": client.partner_id})


@pytest.mark.req("U-11")
@pytest.mark.parametrize(
    "name", ["Gehalt Oktober.pdf", "../../etc/passwd", 'a"b;c\\.pdf', "Überweisung – März.pdf", EVIL]
)
def test_a_document_is_listed_under_its_name_and_downloaded_byte_for_byte(server, client, name):
    case, content = client.case(), bytes(range(256)) * 300
    sha256 = client.upload(case, name, content).json()["sha256"]
    clerk = clerk_of(server, client)
    page = clerk.get(f"/loans/{case}")
    assert name in text_of(page)
    assert "<svg onload" not in page.text
    assert "75,0 KiB" in text_of(page)
    answer = clerk.http.get(f"/console/loans/{case}/documents/{sha256}")
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]
    disposition = answer.headers["content-disposition"]
    assert re.fullmatch(r"attachment; filename\*=UTF-8''[A-Za-z0-9%._~-]+", disposition)


@pytest.mark.req("U-11")
def test_a_download_is_an_audit_event_and_what_is_not_there_is_not_found(server, client):
    case, other = client.case(), client.case()
    sha256 = client.upload(case, "a.pdf", b"content").json()["sha256"]
    clerk = clerk_of(server, client)
    for number, wanted in ((other, sha256), (case, "0" * 64), (case, "x"), ("ZZZZZ9", sha256), ("nonsense", sha256)):
        assert clerk.http.get(f"/console/loans/{number}/documents/{wanted}").status_code == 404
    assert clerk.http.get(f"/console/loans/{case}/documents/{sha256}").status_code == 200


@pytest.mark.req("U-21")
def test_comments_are_shown_with_time_and_origin_newest_on_top(server, client):
    case = client.case()
    client.comment(case, ["Der erste", EVIL])
    clerk = clerk_of(server, client)
    page = clerk.get(f"/loans/{case}")
    text = text_of(page)
    assert text.index(EVIL) < text.index("Der erste")
    assert "<svg onload" not in page.text
    assert f"Schnittstelle {client.account.client_id}" in text
    assert re.search(r'<time datetime="20[^"]+" title="[^"]+">heute \d\d:\d\d</time> · Schnittstelle', page.text)


@pytest.mark.req("U-21")
def test_a_comment_by_hand_carries_its_writers_name_and_is_seen_by_the_api(server, client):
    case = client.case()
    clerk = staff(server, "clerk", name="Karla Kommentar", home={"partner": client.partner_id})
    clerk.get(f"/loans/{case}")
    page = clerk.follow(clerk.post(f"/loans/{case}/comments", {"comment": "  Bitte\r\nanrufen "}))
    assert "Der Kommentar ist gespeichert." in page.text
    assert "· Karla Kommentar Bitte anrufen" in text_of(clerk_of(server, client).get(f"/loans/{case}"))
    assert client.texts(case) == ["Bitte\nanrufen"]
    (comment,) = client.record(case)["comments"]
    assert re.fullmatch(r"staff:\d+", comment["by"])


@pytest.mark.req("U-21")
@pytest.mark.parametrize(
    ("text", "words"), [(" \n ", "schreiben Sie einen Kommentar"), ("x" * 10_001, "10.000 Zeichen")]
)
def test_a_comment_that_cannot_be_is_refused_and_kept_in_the_form(server, client, text, words):
    case = client.case()
    clerk = clerk_of(server, client)
    clerk.get(f"/loans/{case}")
    answer = clerk.post(f"/loans/{case}/comments", {"comment": text})
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert client.texts(case) == []


@pytest.mark.req("A-05", "A-09")
def test_both_statuses_their_history_comment_and_hints_are_shown(server, client):
    case = client.case()
    number = client.application(case, "P-4711")
    hints = ["Gehaltsnachweis Oktober", EVIL]
    client.status(
        {"antragsnummer": number, "produktanbieterstatus": "ZURUECKGESTELLT", "kommentar": "Fehlt", "hinweise": hints}
    )
    client.status({"antragsnummer": number, "antragstellerstatus": "UNTERSCHRIEBEN"})
    page = clerk_of(server, client).get(f"/loans/{case}")
    text = text_of(page)
    assert number in text
    assert "P-4711" in text
    assert re.search(r"Produktanbieter zurückgestellt Antragsteller unterschrieben", text)
    history = text[text.index("Verlauf") :]
    assert history.index("Antragsteller: unterschrieben") < history.index("Produktanbieter: zurückgestellt")
    assert "Fehlt" in history
    checklist = re.search(r'<ul class="checklist">(.*?)</ul>', page.text, re.DOTALL)[1]
    assert checklist.count("<li>") == 2
    assert checklist.count('aria-pressed="false"') == 2
    assert "&lt;svg onload=1&gt;" in checklist
    assert f"Schnittstelle {client.account.client_id}" in history


@pytest.mark.req("C-03")
def test_a_partners_people_see_what_their_partner_reaches_and_nothing_else(server, client):
    below = server.admin("POST", "/partners", json={"parentId": client.partner_id}).json()["partnerId"]
    child, stranger = kex(server, partnerId=below), kex(server)
    own, lower, foreign = client.case(), child.case(), stranger.case()
    sha256 = stranger.upload(foreign, "geheim.pdf", b"content").json()["sha256"]
    clerk = clerk_of(server, client)
    listed = clerk.get("/loans").text
    assert own in listed
    assert lower in listed
    assert foreign not in listed
    assert clerk.get(f"/loans/{lower}").status_code == 200
    missing, unknown = clerk.get(f"/loans/{foreign}"), clerk.get("/loans/ZZZZZ9")
    assert (missing.status_code, unknown.status_code) == (404, 404)
    assert text_of(missing) == text_of(unknown)
    assert clerk.get("/loans", params={"find": foreign}).url.path == "/console/loans"
    assert clerk.http.get(f"/console/loans/{foreign}/documents/{sha256}").status_code == 404
    clerk.get(f"/loans/{own}")
    assert clerk.post(f"/loans/{foreign}/comments", {"comment": "Hallo"}).status_code == 404
    assert stranger.texts(foreign) == []
    assert own not in clerk_of(server, child).get("/loans").text
    assert clerk.get("/customers").status_code == 403


@pytest.mark.req("U-21")
def test_an_operators_clerk_finds_every_case_by_its_number_and_a_deleted_one_takes_no_comment(server, client):
    case = client.case()
    number = client.application(case)
    clerk = staff(server, "clerk")
    for find in (case, f" {case.lower()} ", number):
        assert clerk.get("/loans", params={"find": find}).url.path == f"/console/loans/{case}"
    client.delete(case)
    page = clerk.get(f"/loans/{case}")
    assert "Dieser Vorgang ist gelöscht" in page.text
    assert "<textarea" not in page.text
    assert clerk.post(f"/loans/{case}/comments", {"comment": "Noch etwas"}).status_code == 409
    assert client.texts(case) == []


@pytest.mark.req("U-21")
def test_an_administrator_reads_and_does_not_comment(server, client):
    case = client.case()
    admin = staff(server, "admin")
    assert "<textarea" not in admin.get(f"/loans/{case}").text
    assert admin.post(f"/loans/{case}/comments", {"comment": "Hallo"}).status_code == 403


def broker(server):
    return new_broker(server, obligations="example")


@pytest.mark.req("P-11")
def test_a_brokers_customers_are_listed_found_and_shown(server):
    own = broker(server)
    first = own.created(email="max@example.org", nachname="Mustermann")
    second = own.created(email="eva@example.org", nachname="Beispiel-Straße", firma=None)
    clerk = staff(server, "clerk", home={"broker": own.user_id})
    listed = clerk.get("/customers").text
    assert "max@example.org" in listed
    assert "eva@example.org" in listed
    for find in ("eva@example.org", "EVA@example.org", "beispiel-strasse", second):
        found = clerk.get("/customers", params={"find": find}).text
        assert "eva@example.org" in found, find
        assert "max@example.org" not in found, find
    assert "Dazu ist nichts zu finden" in clerk.get("/customers", params={"find": "Niemand"}).text
    page = text_of(clerk.get(f"/customers/{own.user_id}/{first}"))
    for words in ("Max Mustermann", "21.05.1980", "Max-Muster-Weg", "Deutschland", "DE02701500000000594937"):
        assert words in page


@pytest.mark.req("P-11", "C-03")
def test_a_brokers_people_see_their_own_customers_only(server):
    own, other = broker(server), broker(server)
    own.created(email="eigen@example.org")
    foreign = other.created(email="fremd@example.org")
    clerk = staff(server, "clerk", home={"broker": own.user_id})
    assert "fremd@example.org" not in clerk.get("/customers").text
    assert f'value="{other.user_id}"' not in clerk.get("/customers").text
    assert "fremd" not in clerk.get("/customers", params={"find": "fremd@example.org"}).text.replace(
        '"fremd@example.org"', ""
    )
    for path in (
        f"/customers/{other.user_id}/{foreign}",
        f"/customers/{own.user_id}/{foreign}",
        f"/customers?broker={other.user_id}",
        f"/customers/{own.user_id}/nonsense",
        "/customers/nonsense/1",
        "/customers/999999999999999999999999/1",
    ):
        assert clerk.get(path).status_code == 404, path
    assert clerk.get("/loans").status_code == 403


@pytest.mark.req("P-11")
def test_an_operators_clerk_chooses_a_broker_first(server):
    own = broker(server)
    own.created(email="eigen@example.org")
    clerk = staff(server, "clerk")
    page = clerk.get("/customers")
    assert "Wählen Sie einen Makler" in page.text
    assert "eigen@example.org" not in page.text
    assert "eigen@example.org" in clerk.get(f"/customers?broker={own.user_id}").text


@pytest.mark.req("P-11")
def test_script_in_a_customers_data_is_shown_as_text(server):
    own = broker(server)
    fields = {"vorname": EVIL, "nachname": EVIL, "strasse": EVIL, "hausnr": "<b>", "ort": EVIL, "firma": EVIL}
    customer = own.created(email="e@example.org", **fields)
    clerk = staff(server, "clerk", home={"broker": own.user_id})
    for page in (clerk.get("/customers"), clerk.get(f"/customers/{own.user_id}/{customer}")):
        assert "<svg onload" not in page.text
        assert "&lt;svg onload=1&gt;" in page.text


def test_a_long_list_says_that_there_is_more(server):
    own = broker(server)
    for number in range(51):
        own.created(email=f"k{number}@example.org")
    page = staff(server, "clerk", home={"broker": own.user_id}).get("/customers")
    assert page.text.count('class="row"') == 50
    assert "Es gibt mehr, als hier steht" in text_of(page)
