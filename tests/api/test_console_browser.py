"""
The console as people see it, in Chromium: each desk played through, axe on every page, keys, camera, phones.

With `CONSOLE_SHOTS=docs/console` in the environment the pages are photographed on the way.
"""

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.api.conftest import EVERYTHING, TO_DELIVERY, Account, Running
from tests.support.browser import DESKTOP, PHONE, Complaints, assert_accessible, assert_fits, launched
from tests.support.calls import waiting
from tests.support.console import CHOSEN, DOCUMENT, play, staff
from tests.support.kex import Kex, kex
from tests.support.policenwerk import new_broker

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

SHOTS: Final = os.environ.get("CONSOLE_SHOTS")
LONG: Final = "Maximiliane-Josephine von Wolkenstein"[:35]
VIEWS: Final = {"390": PHONE, "1280": DESKTOP}
CONTACT: Final = {
    "firstName": LONG,
    "lastName": LONG[::-1],
    "mobilePhone": "+49 171 123456789",
    "email": "maximiliane.josephine.von.wolkenstein@sehr-langer-name.example.org",
    "address": {"streetAddress": "Straße des 17. Juni " + "x" * 35, "postalCode": "10623", "city": "B" * 55},
}


@pytest.fixture
def server(deployed: Callable[[str], Running]) -> Running:
    """One deployment: what the browser sees does not depend on the database."""
    return deployed("sqlite")


@pytest.fixture
def account(server: Running) -> Account:
    made = server.account(
        **EVERYTHING, couponActive=True, displayName="Musterbank mit einem langen Namen AG & Co. KGaA"
    )
    server.admin("PATCH", f"/scr-clients/{made.client_id}", json={"accountingNumber": f"87{made.client_id}"})
    return made


class Eyes:
    """Somebody signed in at a browser, on a phone or a wide screen."""

    def __init__(self, page: "Page", server: Running, view: str) -> None:
        self.page, self.server, self.view = page, server, view
        self.complaints = Complaints(page)

    def open(self, path: str) -> "Eyes":
        self.page.goto(f"{self.server.url}/console{path}")
        return self

    def look(self, name: str) -> None:
        """Judge the page as it stands."""
        assert_accessible(self.page)
        assert_fits(self.page)
        assert self.complaints.found == []
        if SHOTS:
            folder = Path(SHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{name}-{self.view}.png", full_page=True)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).first.click()
        self.page.wait_for_load_state()

    def fill(self, fields: dict[str, str]) -> None:
        for name, value in fields.items():
            if name == "type":
                self.page.select_option("#type", value)
            else:
                self.page.fill(f"#{name}", value)


@pytest.fixture(params=VIEWS)
def eyes(request: pytest.FixtureRequest, chromium: "Browser", server: Running) -> Iterator[Callable[..., Eyes]]:
    """Sign a user with some roles in."""
    contexts = []

    def sign_in(*roles: str, language: str = "de-DE", **more: Any) -> Eyes:
        desk = staff(server, *roles, **more)
        context = chromium.new_context(viewport=VIEWS[request.param], locale=language)
        contexts.append(context)
        made = Eyes(context.new_page(), server, request.param).open("/sign-in")
        made.fill({"username": desk.username, "password": CHOSEN})
        made.page.click("main button")
        made.page.wait_for_url("**/console/")
        return made

    yield sign_in
    for context in contexts:
        context.close()


@pytest.mark.req("W-04")
def test_signing_in_settings_and_everything_that_can_go_wrong(eyes, server, chromium):
    seen = eyes("admin", "packaging", "courier", "counter", "agent", "reviewer", "clerk")
    seen.look("overview")
    for path, name in (("/settings", "settings"), ("/password", "password"), ("/nothing", "not-found")):
        seen.open(path).look(name)
    seen.open("/password")
    seen.fill({"present": "falsch", "new": "genau zwölf Zeichen", "repeat": "andere zwölf Zeichen"})
    seen.press("Passwort ändern")
    seen.look("password-faults")
    seen.open("/settings")
    seen.page.select_option("#theme", "dark")
    seen.press("Speichern")
    seen.look("settings-dark")
    seen.press("Abmelden")
    seen.look("sign-in")
    seen.fill({"username": "niemand", "password": "falsch"})
    seen.page.click("main button")
    seen.look("sign-in-failed")


@pytest.mark.req("W-05")
def test_packaging_and_courier(eyes, server, account):
    address = {"streetAddress": "x" * 50, "postalCode": "51147", "city": "K" * 35, "country": "DEU"}
    person = {"firstName": LONG, "lastName": LONG[::-1], "birthDate": "1964-08-12", "address": address}
    ids = [account.order(recipient=person, jobId="JOB-2026-11-24/" + "x" * 20, position=n) for n in range(1, 4)]
    account.walk(ids[0], "dmc provided")
    account.walk(ids[1], "dmc provided", "packaging announced")
    account.walk(ids[2], *TO_DELIVERY)
    assert account.simulate(ids[1], "incomplete", subStatus=23, subStatusReason=321).status_code == 200
    home = {"scrClient": account.client_id}
    packer, courier = eyes("packaging", home=home), eyes("courier", home=home)
    packer.open("/packaging").look("packaging")
    packer.open(f"/packaging/{ids[1]}").look("packaging-case")
    packer.press("Versand ankündigen")
    packer.look("packaging-done")
    packer.open(f"/packaging/{ids[2]}").look("elsewhere")
    courier.open("/courier").look("courier")
    courier.open(f"/courier/{ids[2]}").look("courier-case")
    courier.press("Identifiziert und übergeben")
    assert "Bitte vergleichen Sie alles" in courier.page.inner_text("main")
    courier.look("courier-faults")
    for box in courier.page.get_by_role("checkbox").all():
        box.check()
    courier.press("Identifiziert und übergeben")
    assert account.get(f"/cases/delivery/{ids[2]}").json()["caseStatus"]["status"] == "closed"
    packer.open("/packaging?find=gibt-es-nicht").look("packaging-nothing-found")


@pytest.mark.req("W-05", "S-47")
def test_the_counter(eyes, server, account):
    known = account.start({"contactDataProvided": CONTACT, "identificationDocumentProvided": {"number": "L01X00T47"}})
    case_id = known.json()["caseId"]
    letter = account.order()
    account.walk(letter, *TO_DELIVERY, "rerouted to postoffice")
    clerk = eyes("counter", home={"scrClient": account.client_id})
    clerk.open("/counter").look("counter")
    clerk.open("/counter?find=Vertrag-7").look("counter-faults")
    clerk.open("/counter")
    clerk.page.fill("#find", case_id)
    clerk.press("Vorgang öffnen")
    clerk.look("counter-case")
    clerk.press("Identität bestätigen")
    clerk.look("counter-case-faults")
    clerk.fill(DOCUMENT)
    for box in clerk.page.get_by_role("checkbox").all():
        box.check()
    clerk.press("Identität bestätigen")
    assert account.get(f"/cases/{case_id}").json()["caseStatus"]["status"] == "closed"
    clerk.open(f"/counter/{case_id}").look("counter-closed")
    clerk.open(f"/counter?find=Neu-{clerk.view}&accounting=87{account.client_id}").look("counter-new")
    clerk.open(f"/counter/letter/{letter}").look("counter-letter")


@pytest.mark.req("W-05", "R-04")
def test_the_licence_at_the_counter(eyes, server):
    account = server.account(couponActive=True, identClass="Mobility", displayName="Mietwagen GmbH")
    known = [{"className": "B", "dateIssued": "1.1.2012", "dateOfExpiry": "31.12.2030", "restrictions": "x" * 35}]
    licence = {"number": "B072RRE2I55", "lastName": LONG, "authority": "x" * 100, "drivingLicenceClasses": known * 3}
    case_id = account.start({"drivingLicenceProvided": licence}).json()["caseId"]
    clerk = eyes("counter")
    clerk.open(f"/counter/{case_id}").look("counter-licence")
    clerk.page.locator("details summary").click()
    clerk.fill({**DOCUMENT, "l_birth_date": "1.1.1970", "l_c4_date_issued": "1.1.2012"})
    clerk.press("Identität bestätigen")
    clerk.look("counter-licence-faults")


@pytest.mark.req("W-05")
def test_agent_and_reviewer(eyes, server, account):
    made = [account.start({"contactDataProvided": CONTACT}).json()["caseId"] for _ in range(2)]
    play(server, made[0], "video", "started")
    play(server, made[1], "photo", "started", "review pending")
    home = {"scrClient": account.client_id}
    agent, reviewer = eyes("agent", home=home), eyes("reviewer", home=home)
    with waiting(account, {"contactDataProvided": CONTACT}) as somebody:
        agent.open("/video").look("video")
        agent.press("Nächste Person aufrufen")
        assert agent.page.url.endswith(somebody.case_id)
        agent.press("Zurück in die Warteschlange")
        somebody.open("video")
        somebody.send("video", leave="yes")
    agent.press("Nächste Person aufrufen")
    agent.look("video-nobody")
    agent.page.click(f"form[action$='{made[0]}/take'] button")
    agent.look("video-call")
    agent.fill(DOCUMENT)
    agent.press("Erfasst – zur Prüfung geben")
    assert "alle Prüfschritte" in agent.page.inner_text("main")
    agent.look("video-call-faults")
    for box in agent.page.get_by_role("checkbox").all():
        box.check()
    agent.press("Erfasst – zur Prüfung geben")
    agent.look("video-empty")
    reviewer.open("/review").look("review")
    reviewer.open(f"/review/{made[0]}/video").look("review-video")
    reviewer.press("Identität bestätigen")
    assert account.get(f"/cases/{made[0]}").json()["caseStatus"]["status"] == "closed"
    reviewer.open(f"/review/{made[1]}/photo")
    assert reviewer.page.locator("img").evaluate_all("all => all.every(one => one.complete && one.naturalWidth > 0)")
    reviewer.look("review-photo")
    reviewer.page.select_option("[name^=judge_] >> nth=0", "too blurry")
    reviewer.page.select_option("#reason_9040", "9141")
    reviewer.press("Neue Bilder anfordern")
    found = account.get(f"/cases/{made[1]}").json()["identifications"][0]["identificationStatus"]
    assert found["status"] == "incomplete"
    reviewer.open("/review").look("review-empty")


def loan(client: Kex) -> str:
    case = client.case()
    number = client.application(case, "P" * 100)
    client.comment(case, ["Bitte Gehaltsnachweise nachreichen.\nDanke!", "x" * 300])
    client.upload(case, "Ein sehr langer Dateiname mit Umlauten äöü und " + "x" * 150 + ".pdf", b"%PDF" * 1000)
    hints = ["Gehaltsnachweis Oktober", "Kopie des Ausweises, Vorder- und Rückseite", "y" * 200]
    client.status({"antragsnummer": number, "produktanbieterstatus": "ZURUECKGESTELLT", "hinweise": hints})
    client.status({"antragsnummer": number, "antragstellerstatus": "UNTERSCHRIEBEN", "kommentar": "Unterlagen da"})
    return case


@pytest.mark.req("U-11", "U-21", "A-05", "A-09", "P-11")
def test_the_workspace(eyes, server):
    client, broker = kex(server), new_broker(server, obligations="example")
    case = loan(client)
    customer = broker.created(
        firma="F" * 100, nachname="N" * 100, strasse="S" * 150, email="e@" + "x" * 50 + ".example"
    )
    clerk = eyes("clerk", home={"partner": client.partner_id})
    clerk.open("/loans").look("loans")
    clerk.open(f"/loans/{case}")
    clerk.page.locator("button.tickbox").nth(1).click()
    clerk.page.wait_for_selector("button.tickbox[aria-pressed=true]")
    clerk.look("loan")
    clerk.page.fill("#comment", "Rückruf vereinbart.")
    clerk.press("Kommentar hinzufügen")
    assert "Rückruf vereinbart." in clerk.page.inner_text("main")
    with clerk.page.expect_download() as download:
        clerk.page.locator(".documents a").first.click()
    assert Path(download.value.path()).read_bytes() == b"%PDF" * 1000
    clerk.open("/loans?find=ZZZZZ9").look("loans-nothing-found")
    seller = eyes("clerk", home={"broker": broker.user_id})
    seller.open("/customers").look("customers")
    seller.open(f"/customers/{broker.user_id}/{customer}").look("customer")


@pytest.mark.req("W-04")
def test_users_are_made_and_reset(eyes, server):
    admin = eyes("admin")
    admin.open("/users/new").look("user-new")
    admin.press("Benutzer anlegen")
    username = f"neu-{admin.view}-{os.getpid()}"
    admin.fill({"username": username, "name": "Neu Hier"})
    admin.press("Benutzer anlegen")
    assert "Wählen Sie Rollen" in admin.page.inner_text("main")
    admin.look("user-faults")
    admin.page.get_by_label("Prüfung").check()
    admin.press("Benutzer anlegen")
    password = admin.page.inner_text(".secret")
    assert re.fullmatch(r"[\w-]{32}", password)
    admin.look("user-password")
    admin.open(f"/users/of/{username}").look("user")
    admin.press("Neues Passwort erzeugen")
    assert admin.page.inner_text(".secret") != password
    admin.open("/users").look("users")


@pytest.mark.req("W-05")
def test_english_and_the_keyboard(eyes, server, account):
    ids = [account.order() for _ in range(3)]
    for case_id in ids:
        account.walk(case_id, "dmc provided")
    packer = eyes("packaging", language="en-GB", home={"scrClient": account.client_id})
    packer.open("/packaging")
    assert "Letters that are not on their way yet" in packer.page.inner_text("main")
    packer.look("packaging-en")
    page = packer.page
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.getAttribute('href')") == f"/console/packaging/{ids[1]}"
    page.keyboard.press("k")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.press("j")
    assert page.input_value("#find") == "j"
    page.locator("h1").click()
    page.keyboard.press("?")
    assert page.locator("#help").is_visible()
    packer.look("help")
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/packaging/{ids[0]}")


@pytest.mark.req("W-05", "S-62")
def test_the_camera_reads_a_coupon(server: Running, account: Account, driver: "Playwright", tmp_path: Path) -> None:
    import zxingcpp  # noqa: PLC0415

    case_id = account.start({}).json()["caseId"]
    text = f"PI1:{case_id}:{case_id}:87{account.client_id}"
    film = tmp_path / "coupon.y4m"
    film.write_bytes(film_of(zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix)))
    desk = staff(server, "counter")
    with launched(driver, fake_media=True, arguments=[f"--use-file-for-fake-video-capture={film}"]) as browser:
        clerk = Eyes(browser.new_page(viewport=DESKTOP, locale="de-DE"), server, "1280").open("/sign-in")
        clerk.fill({"username": desk.username, "password": CHOSEN})
        clerk.page.click("main button")
        clerk.open("/counter")
        clerk.press("Mit der Kamera scannen")
        clerk.page.wait_for_url(f"**/counter/{case_id}", timeout=20_000)
        assert clerk.complaints.found == []


def film_of(symbol: Any) -> bytes:
    """A film of 640 × 480 in which somebody holds a coupon still."""
    import zxingcpp  # noqa: PLC0415

    picture = memoryview(zxingcpp.write_barcode_to_image(symbol, scale=6))
    height, width = picture.shape
    luma = bytearray(b"\xeb" * (640 * 480))
    content = bytes(picture)
    for row in range(height):
        start = (120 + row) * 640 + 200
        luma[start : start + width] = content[row * width : (row + 1) * width]
    frame = b"FRAME\n" + bytes(luma) + b"\x80" * (640 * 480 // 2)
    return b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n" + frame * 3


def test_nothing_needs_a_script(chromium: "Browser", server: Running, account: Account) -> None:
    case_id = account.order()
    account.walk(case_id, "dmc provided")
    desk = staff(server, "packaging")
    context = chromium.new_context(viewport=DESKTOP, java_script_enabled=False, locale="de-DE")
    page = context.new_page()
    page.goto(f"{server.url}/console/packaging/{case_id}")
    page.fill("#username", desk.username)
    page.fill("#password", CHOSEN)
    page.click("main button")
    assert page.url.endswith(f"/console/packaging/{case_id}")
    page.get_by_role("button", name="Versand ankündigen").click()
    assert "Gespeichert" in page.inner_text("main")
    context.close()
