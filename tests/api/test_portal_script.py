"""Script in every field that any page shows: it arrives as text, in both languages."""

from html.parser import HTMLParser

import pytest

from tests.api.conftest import EVERYTHING
from tests.support.portal import Person
from tests.support.scr import started

EVIL = "<script>alert(1)</script>"
QUOTE = "\"'><img src=x onerror=alert(1)>"
PAGES = (
    *("", "weiter", "einwilligung", "angaben", "verfahren", "hilfe", "datenschutz", "handy", "bestaetigen", "daten"),
    *("abbrechen", "filiale", "foto", "foto-vorderseite", "video", "online-ausweis", "karte"),
)


@pytest.fixture
def evil(server):
    texts = {
        f"{name}{language}": EVIL + QUOTE for name in ("privacyNotice", "consentText") for language in ("De", "En")
    }
    account = server.account(**EVERYTHING, displayName=EVIL + QUOTE, helpEmail="a'b@example.org", **texts)
    order = {
        "processData": {"callbackUrlSuccess": {"webUrl": "https://example.org/?a='b'&c=d"}},
        "contactDataProvided": {
            "title": EVIL,
            "firstName": EVIL,
            "lastName": QUOTE,
            "email": "a'b@example.org",
            "mobilePhone": "+49171123456",
            "address": {"streetAddress": EVIL + QUOTE, "appendix": EVIL, "postalCode": "<b>1</b>", "city": QUOTE},
        },
        "identificationDocumentProvided": {
            "birthDate": "1964-08-12",
            "birthName": EVIL,
            "birthPlace": QUOTE,
            "number": "<script>x</script>",
        },
    }
    with Person(account, started(account, order)) as somebody:
        yield somebody


class Elements(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, page):
        super().__init__()
        self.scripts, self.images, self.handlers, self.tags = [], [], [], set()
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        known = dict(attrs)
        self.tags.add(tag)
        self.handlers += [name for name in known if name.startswith("on")]
        if tag == "script":
            self.scripts.append(known.get("src"))
        if tag == "img":
            self.images.append(known.get("src"))


def harmless(page):
    found = Elements(page.text)
    assert all(source and source.startswith("/static/portal/") for source in found.scripts), page.url
    assert all(source.startswith("/identportal/") for source in found.images), page.url
    assert found.handlers == [], page.url
    assert not found.tags & {"b", "iframe", "style", "object"}, page.url


@pytest.mark.parametrize("language", ["de", "en"])
def test_script_in_what_clients_and_people_send_stays_text(evil, language):
    evil.open(lang=language)
    evil.confirm()
    evil.agree()
    for method in ("basic", "photo", "video", "eid"):
        evil.choose(method)
        for name in PAGES:
            harmless(evil.open(name))
    assert "&lt;script&gt;" in evil.open("daten").text
    evil.open("karte")
    fields = dict.fromkeys(("first_name", "last_name", "birth_date", "birth_place", "nationality"), EVIL + QUOTE)
    harmless(evil.send("karte", outcome="read", date_of_expiry=EVIL, **fields))
    evil.open("bestaetigen")
    harmless(evil.send("karte", token="forged", **{EVIL: QUOTE}))
    harmless(evil.open(f"foto?hinweis={EVIL}"))


def test_script_in_the_dialogue_and_in_the_number_stays_text(server):
    account = server.account(**EVERYTHING)
    with Person(account, started(account)) as somebody:
        somebody.agree()
        page = somebody.send("angaben", first_name=EVIL, last_name=QUOTE, email=EVIL)
        harmless(page)
        assert page.status_code == 422
        for query in ({"vorgangsnummer": EVIL}, {"vorgangsnummer": QUOTE, "lang": EVIL}):
            harmless(somebody.http.get("/identportal/", params=query))
        harmless(somebody.http.get(f"/identportal/{EVIL}/angaben"))
