"""Each method in Chromium, from the case's address to the result that its client decrypts, on a phone and on a desk."""

import base64
import io
import json
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from PIL import Image
from playwright.sync_api import expect

from tests.api.conftest import EVERYTHING, Running, deploy
from tests.api.test_encryption_api import decrypted, der_of, headers_for
from tests.support.browser import DESKTOP, PHONE, Complaints
from tests.support.databases import Databases
from tests.support.pictures import photograph
from tests.support.portal import FULL


@pytest.fixture(scope="module")
def server(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with deploy(databases, tmp_path_factory, "sqlite") as made:
        yield made


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 3072)


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desk"])
def page(request, chromium_with_camera):
    context = chromium_with_camera.new_context(viewport=request.param, permissions=["camera"])
    made = context.new_page()
    complaints = Complaints(made)
    yield made
    assert complaints.found == []
    context.close()


@pytest.fixture
def account(server):
    return server.account(**EVERYTHING, identClass="GwG", displayName="Musterbank")


def press(page, selector):
    with page.expect_navigation():
        page.locator(selector).first.click()


def up_to_the_choice(page, account, order=None):
    """Follow the address as a person does: begin, agree, enter what is missing."""
    answer = account.start(order)
    page.goto(answer.json()["webStart"]["caseURL"])
    press(page, ".actions .button")
    page.check("#agreed")
    press(page, "form button[type=submit]")
    if page.locator("#first_name").count():
        for name, value in (
            ("first_name", "Erika"),
            ("last_name", "Mustermann"),
            ("email", "erika@example.org"),
            ("mobile_phone", "+49 171 1234567"),
        ):
            page.fill(f"#{name}", value)
        press(page, "form button[type=submit]")
    return answer.json()["caseId"]


def result_of(account, case_id, key):
    """Fetch the result as its client does, encrypted, and decrypt it."""
    headers = headers_for(der_of(key), account.data_password)
    answer = account.get(f"/cases/{case_id}/full?includeBinaryData=true", headers=headers)
    assert answer.status_code == 200, answer.text
    return json.loads(decrypted(answer.content, key))


def simulate(server, case_id, method, status, **more):
    step = {"method": method, "status": status, **more}
    answer = server.sandbox("POST", f"/cases/{case_id}/simulate", json=step)
    assert answer.status_code == 200, answer.text


def by_camera(page):
    """Take a picture with the device's camera."""
    button = page.locator("form.shot button[type=button]")
    button.click()
    expect(button).to_have_text("Bild aufnehmen")
    button.click()
    expect(button).to_have_text("Noch einmal aufnehmen")
    press(page, "form.shot button[type=submit]")


@pytest.mark.req("S-41", "W-02", "R-05")
def test_photo_by_camera_and_file_to_the_decrypted_result(page, account, server, key):
    case_id = up_to_the_choice(page, account)
    press(page, "button[value=photo]")
    press(page, ".actions .button")
    by_camera(page)
    press(page, ".actions .button")
    content = {"name": "back.png", "mimeType": "image/png", "buffer": photograph("PNG", (1400, 900))}
    page.set_input_files("#picture", content)
    press(page, "form.shot button[type=submit]")
    press(page, ".actions .button")
    by_camera(page)
    press(page, "main form button[type=submit]")
    assert page.locator("h2").first.text_content() == "Wir prüfen Ihre Angaben"
    simulate(server, case_id, "photo", "success")
    page.reload()
    assert page.locator("h2").first.text_content() == "Sie sind identifiziert"
    result = result_of(account, case_id, key)
    assert result["contactData"]["lastName"]["value"] == "Mustermann"
    (identification,) = result["identifications"]
    assert identification["identificationStatus"]["status"] == "success"
    kept = {record["type"]: base64.b64decode(record["documentData"]) for record in identification["records"]}
    assert Image.open(io.BytesIO(kept["idbackside"])).size == (1400, 900)
    assert Image.open(io.BytesIO(kept["idfrontside"])).format == "JPEG"
    assert "userface" in kept


def test_without_a_camera_the_file_is_the_way(chromium, account):
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    up_to_the_choice(page, account, FULL)
    press(page, "button[value=photo]")
    press(page, ".actions .button")
    assert page.locator("form.shot button[type=button]").count() == 0
    assert page.locator("#picture").is_visible()
    context.close()


def test_a_camera_that_is_refused_leads_to_the_file(chromium, account):
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    up_to_the_choice(page, account, FULL)
    press(page, "button[value=photo]")
    press(page, ".actions .button")
    page.locator("form.shot button[type=button]").click()
    expect(page.locator("[data-said]")).to_have_text("Die Kamera ist nicht verfügbar. Bitte wählen Sie ein Bild aus.")
    context.close()


def test_basic_with_the_coupon_to_the_decrypted_result(page, account, server, key):
    case_id = up_to_the_choice(page, account, FULL)
    press(page, "button[value=basic]")
    press(page, ".actions .button")
    for name, value in (("day", "12"), ("month", "8"), ("year", "1964")):
        page.fill(f"#{name}", value)
    press(page, "form button[type=submit]")
    page.goto(f"{server.url}/identportal/{case_id}/filiale")
    press(page, "form button[type=submit]")
    with page.expect_download() as download:
        page.get_by_text("Coupon herunterladen (PDF)").click()
    assert download.value.path().read_bytes().startswith(b"%PDF")
    simulate(server, case_id, "basic", "success")
    (identification,) = result_of(account, case_id, key)["identifications"]
    assert identification["identificationMethod"] == "basic"
    assert identification["additionalDataBasic"]


def test_the_card_to_the_decrypted_result(page, account, key):
    case_id = up_to_the_choice(page, account, FULL)
    press(page, "button[value=eid]")
    press(page, "form button[type=submit]")
    page.fill("#last_name", "MÜSTERMANN")
    press(page, "form button[type=submit]")
    assert page.locator("h2").first.text_content() == "Sie sind identifiziert"
    (identification,) = result_of(account, case_id, key)["identifications"]
    assert identification["identificationDocument"]["lastName"]["value"] == "MÜSTERMANN"


def test_the_waiting_room_renews_the_place_by_itself(page, account):
    up_to_the_choice(page, account, FULL)
    press(page, "button[value=video]")
    page.check("#agreed")
    press(page, "form button[type=submit]")
    page.route("**/video-platz", lambda route: route.fulfill(json={"position": 4}))
    expect(page.locator("[data-place-text]")).to_have_text("Vor Ihnen wird noch gewartet: Platz 4", timeout=20_000)


@pytest.mark.parametrize("scripts", [True, False])
def test_everything_but_the_camera_works_without_scripts(chromium, account, server, scripts):
    context = chromium.new_context(viewport=PHONE, java_script_enabled=scripts)
    page = context.new_page()
    case_id = up_to_the_choice(page, account)
    press(page, "button[value=photo]")
    for name in ("foto-vorderseite", "foto-rueckseite", "foto-selfie"):
        page.goto(f"{server.url}/identportal/{case_id}/{name}")
        content = photograph(size=(1000 + len(name), 800))
        page.set_input_files("#picture", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": content})
        press(page, "form.shot button[type=submit]")
    press(page, "main form button[type=submit]")
    assert page.locator("h2").first.text_content() == "Wir prüfen Ihre Angaben"
    context.close()


def test_going_back_and_sending_again_is_harmless(page, account):
    up_to_the_choice(page, account)
    page.go_back()
    page.reload()
    assert page.locator("h1").text_content() == "Wie möchten Sie sich ausweisen?"
