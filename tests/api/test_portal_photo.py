"""The method photo at the portal: every kind of picture, sent off once, asked for again; on every deployment."""

import base64
import io

import pytest
from PIL import Image

from tests.api.conftest import EVERYTHING, Running
from tests.support.pictures import blurred, bomb, photograph, polyglot, with_place
from tests.support.portal import FULL, Person
from tests.support.scr import rows, started

SHOTS = ("foto-vorderseite", "foto-rueckseite", "foto-selfie")


def pictures(name):
    """Different for each page, since equal contents are kept once."""
    return photograph(size=(1200 + 20 * SHOTS.index(name), 800))


@pytest.fixture
def person(account):
    with Person(account, started(account, FULL)) as somebody:
        somebody.choose("photo")
        yield somebody


def records(person):
    return rows(
        person.account.server,
        "SELECT type, submitted, mime_type FROM ident_record WHERE case_id = ? ORDER BY record_id",
        person.case_id,
    )


def status_of(person):
    found = rows(person.account.server, "SELECT status FROM identification WHERE case_id = ?", person.case_id)
    return [row["status"] for row in found]


def send_all(person):
    for name in SHOTS:
        page = person.upload(name, pictures(name))
        assert page.url.path.endswith("/foto"), page.text
    person.open("foto")
    return person.send("foto")


def test_three_pictures_are_sent_off_together_and_wait_for_review(person):
    page = send_all(person)
    assert "<h2>Wir prüfen Ihre Angaben</h2>" in page.text
    assert status_of(person) == ["review pending"]
    assert [(row["type"], bool(row["submitted"])) for row in records(person)] == [
        ("idfrontside", True),
        ("idbackside", True),
        ("userface", True),
    ]


def test_the_list_leads_from_picture_to_picture(person):
    assert "Vorderseite aufnehmen" in person.open("foto").text
    assert "Rückseite aufnehmen" in person.upload(SHOTS[0], pictures(SHOTS[0])).text
    assert "Gesicht aufnehmen" in person.upload(SHOTS[1], pictures(SHOTS[1])).text
    assert "Bilder absenden" in person.upload(SHOTS[2], pictures(SHOTS[2])).text


def test_what_is_missing_is_named_and_nothing_is_sent(person):
    person.upload(SHOTS[0], pictures(SHOTS[0]))
    person.upload(SHOTS[2], pictures(SHOTS[2]))
    person.open("foto")
    page = person.send("foto")
    assert page.status_code == 422
    assert 'href="#shot-rueckseite"' in page.text
    assert status_of(person) == ["started"]
    assert not any(row["submitted"] for row in records(person))
    assert "Wir prüfen Ihre Angaben" in person.send("foto", **{"pass": "yes"}).text


def test_the_form_sent_again_and_from_a_second_tab_changes_nothing(person):
    send_all(person)
    for name in ("foto", *SHOTS):
        assert "<h2>Wir prüfen Ihre Angaben</h2>" in person.open(name).text
    token = person.csrf() if 'name="csrf"' in person.last.text else ""
    page = person.send("foto", token=token)
    assert page.status_code in {200, 403}
    assert status_of(person) == ["review pending"]
    assert len(records(person)) == 3


def test_a_second_picture_of_a_kind_replaces_the_first(person):
    person.upload(SHOTS[0], pictures(SHOTS[0]))
    person.upload(SHOTS[0], photograph(size=(1500, 900)))
    assert [row["type"] for row in records(person)] == ["idfrontside"]


BAD = [
    (b"", "Bitte wählen Sie ein Bild aus"),
    (b"<svg onload=alert(1)>", "kein Bild, das wir lesen können"),
    (bomb(10_000, 10_000), "mehr als 40 Megapixel"),
    (photograph("GIF"), "kein Bild, das wir lesen können"),
    (photograph(size=(300, 300)), "Das Bild ist zu klein"),
]


@pytest.mark.parametrize(("content", "message"), BAD)
def test_a_bad_picture_is_refused_at_its_field_and_leaves_nothing(person, content, message):
    page = person.upload(SHOTS[0], content)
    assert page.status_code == 422
    assert message in page.text
    assert 'aria-describedby="picture-hint picture-fault" aria-invalid="true"' in page.text
    assert records(person) == []
    held = "SELECT * FROM blob WHERE tenant_id = (SELECT tenant_id FROM case_directory WHERE case_id = ?)"
    assert rows(person.account.server, held, person.case_id) == []


def test_a_picture_beyond_the_limit_is_not_even_read(person):
    page = person.upload(SHOTS[0], b"\xff\xd8" + b"x" * 13_000_000)
    assert page.status_code == 413
    assert records(person) == []


def test_a_blurred_picture_is_taken_with_a_hint(person):
    page = person.upload(SHOTS[0], blurred())
    assert "vielleicht unscharf" in page.text
    assert [row["type"] for row in records(person)] == ["idfrontside"]
    assert "unscharf" not in person.open("foto", hinweis="else-vorderseite").text
    assert "<script" not in person.open("foto", hinweis="blurred-<script>").text


def test_a_picture_without_the_visits_token_is_not_kept(person):
    person.open(SHOTS[0])
    files = {"picture": ("a.jpg", photograph(), "image/jpeg")}
    path = f"/identportal/{person.case_id}/{SHOTS[0]}"
    page = person.http.post(path, data={"csrf": "forged"}, files=files)
    assert page.status_code == 403
    assert "Ihr Bild müssen Sie bitte noch einmal auswählen." in page.text
    assert person.http.post(path, content=b"--x", headers={"content-type": "multipart/form-data"}).status_code == 400
    assert records(person) == []


def test_pictures_are_only_taken_after_the_method_was_chosen(account):
    with Person(account, started(account, FULL)) as somebody:
        assert somebody.open(SHOTS[0]).url.path.endswith("/einwilligung")
        somebody.agree()
        assert somebody.open(SHOTS[0]).url.path.endswith("/verfahren")


def test_the_class_mobility_also_wants_the_driving_licence(server):
    account = server.account(**EVERYTHING, identClass="Mobility")
    with Person(account, started(account, FULL)) as somebody:
        somebody.choose("photo")
        for name in SHOTS:
            somebody.upload(name, pictures(name))
        assert "Führerschein aufnehmen" in somebody.last.text
        somebody.upload("foto-fuehrerschein", photograph(size=(1700, 900)))
        somebody.upload("foto-fuehrerschein-rueckseite", photograph(size=(1720, 900)))
        somebody.open("foto")
        assert "Wir prüfen Ihre Angaben" in somebody.send("foto").text
    other = server.account(**EVERYTHING)
    with Person(other, started(other, FULL)) as somebody:
        somebody.choose("photo")
        assert somebody.open("foto-fuehrerschein").url.path.endswith("/foto")


def simulate(server, case_id, **step):
    return server.sandbox("POST", f"/cases/{case_id}/simulate", json={"method": "photo", **step})


@pytest.mark.req("S-46")
def test_the_person_is_asked_for_new_pictures_and_sends_them(person, server):
    send_all(person)
    answer = simulate(server, person.case_id, status="incomplete", subStatus=9040, subStatusReason=9141)
    assert answer.status_code == 200, answer.text
    page = person.open()
    assert "<h2>Es fehlt noch etwas</h2>" in page.text
    assert "Neue Bilder aufnehmen" in page.text
    page = person.open("foto")
    assert page.url.path.endswith("/foto")
    person.upload(SHOTS[0], photograph(size=(1900, 900)))
    person.open("foto")
    assert "Wir prüfen Ihre Angaben" in person.send("foto", **{"pass": "yes"}).text
    assert status_of(person) == ["review pending"]


def test_what_is_kept_is_sealed_upright_and_without_metadata(server):
    account = server.account(**EVERYTHING, identClass="GwG")
    with Person(account, started(account, FULL)) as person:
        person.choose("photo")
        person.upload(SHOTS[0], with_place())
        person.upload(SHOTS[1], polyglot())
        person.upload(SHOTS[2], pictures(SHOTS[2]))
        person.open("foto")
        person.send("foto")
    folder = server.process.data / "blobs"
    files = [file for file in folder.rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert not any(trace in file.read_bytes() for trace in (b"SECRET", b"POLYGLOT", b"JFIF"))
    assert simulate(server, person.case_id, status="success").status_code == 200
    result = account.get(f"/cases/{person.case_id}/full?includeBinaryData=true").json()
    kept = [record for identification in result["identifications"] for record in identification.get("records", [])]
    shown = {record["type"]: base64.b64decode(record["documentData"]) for record in kept}
    for name in ("idfrontside", "idbackside", "userface"):
        assert b"SECRET" not in shown[name]
        assert b"POLYGLOT" not in shown[name]
        assert Image.open(io.BytesIO(shown[name])).format == "JPEG"
    assert Image.open(io.BytesIO(shown["idfrontside"])).size == (800, 1200)


def test_while_the_blob_store_is_away_the_page_says_so_and_nothing_is_kept(own_server: Running) -> None:
    account = own_server.account(**EVERYTHING)
    with Person(account, started(account, FULL)) as somebody:
        somebody.choose("photo")
        folder = own_server.process.data / "blobs"
        folder.chmod(0o500)
        hidden = folder.rename(folder.with_name("hidden"))
        folder.write_bytes(b"a file stands in the way")
        try:
            page = somebody.upload(SHOTS[0], pictures(SHOTS[0]))
        finally:
            folder.unlink()
            hidden.rename(folder)
            folder.chmod(0o700)
        assert page.status_code == 503
        assert "Zurzeit nicht erreichbar" in page.text
        assert somebody.upload(SHOTS[0], pictures(SHOTS[0])).url.path.endswith("/foto")
