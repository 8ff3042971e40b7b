"""
Every page of the portal in Chromium, on a phone and on a desk, in both languages, with the longest values there may be.

With `--screenshots docs/portal` the same tour is photographed with usual values.
"""

from collections.abc import Iterator

import pytest

from tests.api.conftest import EVERYTHING, Account, Running, deploy
from tests.support.browser import Looks
from tests.support.databases import Databases
from tests.support.pictures import blurred, photograph
from tests.support.scr import merged, started

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
LONG_NAME = (LONG_WORD + " und Söhne GmbH & Co. KG auf Aktien")[:100]
LONG_URL = "https://musterbank.eu/" + "x" * (500 - 22)
LONG_PERSON = {
    "title": "Prof. Dr. Dr. h. c. mult. Dipl.-Inf",
    "firstName": "Maximiliane-Wilhelmine-Hildegardis",
    "lastName": "Leutheusser-Schnarrenberger-Müller",
    "email": "m" * 64 + "@" + ".".join(["e" * 60] * 4) + ".org",
    "mobilePhone": "+49  171 123456 7890",
    "address": {
        "streetAddress": "S" * 70,
        "appendix": "A" * 55,
        "postalCode": "P" * 11,
        "city": "C" * 55,
        "country": "DEU",
    },
}
USUAL_PERSON = {
    "firstName": "Erika",
    "lastName": "Mustermann",
    "email": "erika@example.org",
    "mobilePhone": "+49 171 1234567",
    "address": {"streetAddress": "Heidestr. 17", "postalCode": "51147", "city": "Köln", "country": "DEU"},
}
DOCUMENT = {"birthDate": "1964-08-12", "birthPlace": "B" * 55, "birthName": "G" * 35, "number": "N" * 20}
USUAL_DOCUMENT = {"birthDate": "1964-08-12", "birthPlace": "Berlin", "number": "T01012148", "nationality": "DEU"}


@pytest.fixture(scope="module")
def server(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of the module's own; the browser asks nothing of the engine."""
    with deploy(databases, tmp_path_factory, "sqlite") as made:
        yield made


class Tour:
    """A browser at the portal, and an account that sends people there."""

    def __init__(self, looks: Looks, server: Running, language: str, *, longest: bool) -> None:
        self.looks = looks
        self.page = looks.page
        self.server = server
        self.language = language
        self.longest = longest
        self.case_id = ""

    def account(self, **settings: object) -> Account:
        name = LONG_NAME if self.longest else "Musterbank"
        contact = {"helpEmail": "hilfe@musterbank.eu", "helpPhone": "+49 221 1234567"}
        return self.server.account(**{**EVERYTHING, "displayName": name, **contact, **settings})

    def case(self, account: Account, *, person: bool = True) -> str:
        url = dict.fromkeys(("webUrl", "iosUrl"), LONG_URL if self.longest else "https://musterbank.eu/zurueck")
        names = ("CouponRequested", "ReviewPending", "Incomplete", "Success", "Declined")
        order: dict[str, object] = {
            "processData": {
                "preferredLanguage": "EN_UK" if self.language == "en" else "DE_DE",
                **{f"callbackUrl{name}": url for name in names},
            }
        }
        if person:
            order = merged(
                order,
                {
                    "contactDataProvided": LONG_PERSON if self.longest else USUAL_PERSON,
                    "identificationDocumentProvided": DOCUMENT if self.longest else USUAL_DOCUMENT,
                },
            )
        self.case_id = started(account, order)
        return self.case_id

    def open(self, name: str = "") -> None:
        path = f"/identportal/{self.case_id}/{name}" if name else f"/identportal/?vorgangsnummer={self.case_id}"
        self.page.goto(self.server.url + path)

    def press(self, selector: str) -> None:
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def send(self) -> None:
        self.press("main form button[type=submit]")

    def agree(self) -> None:
        self.open("einwilligung")
        self.page.check("#agreed")
        self.send()

    def choose(self, method: str) -> None:
        self.open("verfahren")
        self.press(f"button[value={method}]")

    def upload(self, page: str, content: bytes) -> None:
        self.open(page)
        self.page.set_input_files("#picture", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": content})
        self.press("form.shot button[type=submit]")

    def simulate(self, method: str, status: str, **codes: int) -> None:
        step = {"method": method, "status": status, **codes}
        answer = self.server.sandbox("POST", f"/cases/{self.case_id}/simulate", json=step)
        assert answer.status_code == 200, answer.text

    def look(self, name: str) -> None:
        self.looks.look(name)


@pytest.fixture(params=["de", "en"])
def tour(request, chromium, server) -> Iterator[Tour]:
    folder = request.config.option.screenshots
    language = request.param
    context = chromium.new_context(locale="de-DE" if language == "de" else "en-GB", color_scheme="light")
    page = context.new_page()
    where = None if folder is None else folder if language == "de" else folder / "en"
    yield Tour(Looks(page, where), server, language, longest=folder is None)
    context.close()


def test_finding_a_case(tour):
    tour.page.goto(tour.server.url + "/identportal/")
    tour.look("finden")
    tour.page.fill("#vorgangsnummer", "W" * 40)
    tour.send()
    tour.look("nicht-gefunden")


def test_the_first_steps(tour):
    tour.case(tour.account(identClass="GwG"), person=False)
    tour.open()
    tour.look("neu")
    tour.press(".actions .button")
    tour.look("einwilligung")
    tour.send()
    tour.look("einwilligung-fehlt")
    tour.page.check("#agreed")
    tour.send()
    tour.look("angaben")
    for name in ("first_name", "last_name", "email", "mobile_phone"):
        tour.page.fill(f"#{name}", "W" * 400 if tour.longest else "x")
    tour.page.fill("#last_name", "")
    tour.send()
    tour.look("angaben-fehler")
    person = LONG_PERSON if tour.longest else USUAL_PERSON
    for name, value in (("first_name", "firstName"), ("last_name", "lastName"), ("email", "email")):
        tour.page.fill(f"#{name}", person[value])
    tour.page.fill("#mobile_phone", person["mobilePhone"])
    tour.send()
    tour.look("verfahren")


def test_pages_beside_the_way(tour):
    tour.case(tour.account(privacyNoticeDe="W" * 500) if tour.longest else tour.account())
    for name in ("hilfe", "datenschutz", "handy"):
        tour.open(name)
        tour.look(name)


def test_confirming_and_stored_data(tour):
    tour.case(tour.account())
    tour.open("bestaetigen")
    tour.look("bestaetigen")
    for _ in range(5):
        tour.open("bestaetigen")
        for name, value in (("day", "1"), ("month", "1"), ("year", "1970")):
            tour.page.fill(f"#{name}", value)
        tour.send()
        if tour.looks.seen[-1] == "bestaetigen":
            tour.look("bestaetigen-falsch")
    tour.send()
    tour.look("bestaetigen-gesperrt")
    tour.case(tour.account())
    tour.open("bestaetigen")
    for name, value in (("day", "12"), ("month", "8"), ("year", "1964")):
        tour.page.fill(f"#{name}", value)
    tour.send()
    tour.look("daten")


def test_the_coupon(tour):
    tour.case(tour.account(couponMax=1))
    tour.agree()
    tour.choose("basic")
    tour.look("filiale")
    tour.press("form button[type=submit]")
    tour.look("filiale-coupon")
    with tour.page.expect_download() as download:
        tour.page.locator(".actions .button").first.click()
    assert download.value.suggested_filename == f"{tour.case_id}_pi-coupon_printable.pdf"
    tour.open()
    tour.look("coupon-angefordert")
    tour.open("filiale")
    tour.press("form button[type=submit]")
    tour.look("filiale-grenze")
    tour.open("bestaetigen")
    for name, value in (("day", "12"), ("month", "8"), ("year", "1964")):
        tour.page.fill(f"#{name}", value)
    tour.send()
    tour.open("filiale")
    tour.press("form[action$=coupon-senden] button")
    tour.look("filiale-gesendet")
    for _ in range(5):
        tour.press("form[action$=coupon-senden] button")
    tour.look("filiale-genug-gesendet")
    tour.simulate("basic", "incomplete", subStatus=9020, subStatusReason=9121)
    tour.open()
    tour.look("unvollstaendig-filiale")
    tour.simulate("basic", "success")
    tour.open()
    tour.look("erfolg")


def test_the_photos(tour):
    tour.case(tour.account())
    tour.agree()
    tour.choose("photo")
    tour.look("foto")
    tour.open("foto-vorderseite")
    tour.look("foto-vorderseite")
    tour.upload("foto-vorderseite", b"no picture")
    tour.look("foto-fehler")
    tour.upload("foto-vorderseite", blurred())
    tour.look("foto-hinweis")
    tour.upload("foto-selfie", photograph(size=(900, 1200)))
    tour.look("foto-reisepass")
    tour.send()
    tour.look("foto-fehlt")
    tour.open()
    tour.look("begonnen")
    tour.upload("foto-rueckseite", photograph(size=(1300, 900)))
    tour.look("foto-bereit")
    tour.send()
    tour.look("in-pruefung")
    tour.simulate("photo", "incomplete", subStatus=9040, subStatusReason=9141)
    tour.open()
    tour.look("unvollstaendig-foto")
    tour.open("abbrechen")
    tour.look("abbrechen")
    tour.simulate("photo", "review pending")
    tour.simulate("photo", "declined", subStatus=9010, subStatusReason=9104)
    tour.open()
    tour.look("abgelehnt")


def test_the_card(tour):
    tour.case(tour.account(declinedCloses=[]))
    tour.agree()
    tour.choose("eid")
    tour.look("online-ausweis")
    tour.send()
    tour.look("karte")
    tour.page.fill("#last_name", "W" * 60)
    tour.page.fill("#birth_date", "12.8.1964")
    tour.send()
    tour.look("karte-fehler")
    tour.page.select_option("#outcome", "pin wrong")
    tour.press("form:last-of-type button")
    tour.look("unvollstaendig-online-ausweis")
    tour.open("karte")
    tour.page.select_option("#outcome", "card expired")
    tour.press("form:last-of-type button")
    tour.look("abgelehnt-offen")
    tour.choose("eid")
    tour.open("karte")
    tour.send()
    tour.look("erfolg-online-ausweis")


def test_the_waiting_room(tour):
    tour.case(tour.account())
    tour.agree()
    tour.choose("video")
    tour.look("video")
    tour.send()
    tour.look("video-ohne-einwilligung")
    tour.page.check("#agreed")
    tour.send()
    tour.look("video-warten")
    tour.open()
    tour.look("begonnen-video")


def test_after_the_end(tour):
    tour.case(tour.account(validityDays=1))
    tour.open("einwilligung")
    tour.page.context.clear_cookies()
    tour.page.check("#agreed")
    tour.send()
    tour.look("noch-einmal-absenden")
    tour.server.advance(24 * 3600 + 1)
    tour.open()
    tour.look("abgelaufen")
