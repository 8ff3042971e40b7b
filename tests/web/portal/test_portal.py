"""The page behind a caseURL."""

import asyncio
import hashlib
import re

import httpx
import pytest
from starlette.applications import Starlette

from fallwerk.domain.account.model import ScrClient, ScrSettings
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.identcase.attempt import Attempt, AttemptDetails, CaseFile, Preliminary
from fallwerk.domain.identcase.model import (
    CallbackUrl,
    CaseId,
    CaseKind,
    CaseOrder,
    CaseStatus,
    Contact,
    IdentCase,
    Identification,
    IdentityDocument,
    IdentStatus,
    Method,
)
from fallwerk.domain.portal.model import Factor
from fallwerk.kit.clock import Clock
from fallwerk.kit.slowdown import Slowdown
from fallwerk.web.portal.cases import Account, CaseView, State, normalised, view_of
from fallwerk.web.portal.frame import Deps
from fallwerk.web.portal.moments import moment
from fallwerk.web.portal.routes import Equipment, routes
from fallwerk.web.portal.texts import LANGUAGES, TEXTS
from fallwerk.web.portal.visits import Visits

UNTIL = 1_803_216_184_000_000  # 2027-02-21T14:23:04+01:00
CASE = "YR9W91GEZK24"


class FixedClock(Clock):
    def __init__(self, now_us):
        super().__init__()
        self.fixed_us = now_us

    def now_us(self):
        return self.fixed_us


def view(**changes):
    facts = {
        "case_id": CASE,
        "status": CaseStatus.NEW,
        "valid_until_us": UNTIL,
        "closed_us": None,
        "language": "de",
        "account": Account(display_name=changes.pop("display_name", "Musterbank"), methods=tuple(Method)[:4]),
    }
    return CaseView(**{**facts, **changes})


def sign(text):
    return hashlib.sha256(f"secret|{text}".encode()).digest()


class Portal:
    """The routes over one case, and what they waited."""

    def __init__(self, case=None, now_us=UNTIL - 1, error=None):
        self.asked = []
        self.waited = []
        self.case = case if case is not None else view()
        self.error = error

        async def sleep(seconds):
            self.waited.append(seconds)

        slowdown = Slowdown(time_s=lambda: 0.0, sleep=sleep)
        clock = FixedClock(now_us)
        deps = Deps(self.find, None, clock, slowdown, Visits(sign, clock, secure=False), "http://test")
        self.app = Starlette(routes=routes(deps, Equipment(office=None, blobs=None, calls=None, draw=None)))

    async def find(self, case_id):
        self.asked.append(case_id)
        if self.error:
            raise self.error
        return self.case if case_id == self.case.case_id else None

    def get(self, path=f"/identportal/?vorgangsnummer={CASE}", method="GET", **headers):
        async def send():
            transport = httpx.ASGITransport(self.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, headers=headers)

        return asyncio.run(send())


@pytest.mark.req("S-44")
def test_the_page_names_case_state_and_validity():
    page = Portal().get()
    assert page.status_code == 200
    assert "<span>YR9W</span><span>91GE</span><span>ZK24</span>" in page.text
    assert "Noch nicht begonnen" in page.text
    assert "gültig bis" in page.text
    assert '<time datetime="2027-02-21T14:23:04+01:00" title="21. Februar 2027, 14:23:04 Uhr (UTC+1)">' in page.text
    assert ">21. Februar 2027</time>" in page.text
    assert '<p class="account">Musterbank</p>' in page.text


def test_a_case_in_progress_is_named_so():
    page = Portal(view(status=CaseStatus.IN_PROGRESS, method=Method.PHOTO, ident_status=IdentStatus.STARTED)).get()
    assert page.status_code == 200
    assert TEXTS["de"]["started"] in page.text
    assert "Sie haben das Verfahren mit Fotos gewählt." in page.text


@pytest.mark.req("S-43")
@pytest.mark.parametrize(
    ("case", "now_us"),
    [
        (view(), UNTIL),
        (view(status=CaseStatus.IN_PROGRESS), UNTIL + 1),
        (view(status=CaseStatus.CLOSED, closed_us=UNTIL), UNTIL + 1),
    ],
)
def test_after_its_end_a_case_answers_410_and_says_that_it_expired(case, now_us):
    page = Portal(case, now_us).get()
    assert page.status_code == 410
    assert "<h2>Abgelaufen</h2>" in page.text
    assert "war gültig bis" in page.text
    assert "wenden Sie sich bitte an Musterbank" in page.text


@pytest.mark.req("S-43")
def test_one_microsecond_before_its_end_a_case_is_open():
    assert Portal(view(), UNTIL - 1).get().status_code == 200


@pytest.mark.req("S-43")
@pytest.mark.parametrize(("now_us", "status"), [(UNTIL - 1, 200), (UNTIL, 410), (UNTIL + 1, 410)])
@pytest.mark.parametrize("outcome", [IdentStatus.SUCCESS, IdentStatus.DECLINED])
def test_a_case_closed_in_time_shows_its_result_and_answers_410_after_its_end(now_us, status, outcome):
    case = view(status=CaseStatus.CLOSED, closed_us=UNTIL - 5, method=Method.PHOTO, ident_status=outcome)
    page = Portal(case, now_us).get()
    assert page.status_code == status
    assert f"<h2>{TEXTS['de'][outcome.value]}</h2>" in page.text
    assert "Abgelaufen" not in page.text


@pytest.mark.req("S-43")
def test_an_unknown_case_answers_404_and_keeps_what_was_typed():
    page = Portal().get("/identportal/?vorgangsnummer=AAAABBBBCCCC")
    assert page.status_code == 404
    assert TEXTS["de"]["unknown"] in page.text
    assert 'value="AAAABBBBCCCC"' in page.text
    assert 'aria-describedby="hint fault" aria-invalid="true"' in page.text
    assert 'href="#vorgangsnummer"' in page.text


@pytest.mark.parametrize("written", ["ABC", "YR9W91GEZK245", "YR9W91GEZK2!", "YR9W91GEZK2%C3%9F", "%00" * 12])
def test_what_is_no_case_id_answers_404_without_asking_the_store(written):
    portal = Portal()
    page = portal.get(f"/identportal/?vorgangsnummer={written}")
    assert page.status_code == 404
    assert TEXTS["de"]["malformed"] in page.text
    assert portal.asked == []


@pytest.mark.parametrize(
    "path", ["/identportal/", "/identportal", "/identportal/?vorgangsnummer=", "/identportal/?x=1"]
)
def test_without_a_number_the_page_asks_for_it(path):
    page = Portal().get(path)
    assert page.status_code == 404
    assert '<form method="get" action="/identportal/">' in page.text
    assert 'role="alert"' not in page.text


def test_what_was_typed_is_shown_as_text_and_not_for_ever():
    page = Portal().get("/identportal/?vorgangsnummer=%22%3E%3Cscript%3E" + "x" * 100)
    assert page.status_code == 404
    assert "<script" not in page.text
    assert "x" * 41 not in page.text


@pytest.mark.parametrize("written", ["yr9w 91ge zk24", "YR9W-91GE-ZK24", "  yr9w91gezk24 ", "YR9W\u00a091GE\u00a0ZK24"])
def test_a_case_id_is_read_however_it_is_written(written):
    assert normalised(written) == CASE
    assert Portal().get("/identportal/?" + str(httpx.QueryParams(vorgangsnummer=written))).status_code == 200


def test_the_language_is_the_cases_unless_another_is_chosen():
    german, english = Portal(), Portal(view(language="en"))
    switch = f"/identportal/?vorgangsnummer={CASE}&lang="
    for page, language in (
        (german.get(**{"Accept-Language": "en"}), "de"),
        (english.get(**{"Accept-Language": "de"}), "en"),
        (german.get(switch + "en"), "en"),
        (english.get(switch + "de"), "de"),
        (english.get(switch + "fr"), "en"),
    ):
        assert page.headers["content-language"] == language
        assert f'<html lang="{language}">' in page.text
        assert TEXTS[language]["new"] in page.text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "de"),
        ("en-GB,en;q=0.9,de;q=0.1", "en"),
        ("de;q=0.8, en;q=0.7", "de"),
        ("fr, en;q=0.5", "en"),
        ("*", "de"),
        ("en;q=zero", "de"),
    ],
)
def test_without_a_case_the_browsers_language_counts(accepted, language):
    assert Portal().get("/identportal/", **{"Accept-Language": accepted}).headers["content-language"] == language


def test_every_word_exists_in_both_languages():
    assert TEXTS["de"].keys() == TEXTS["en"].keys()
    for language in LANGUAGES:
        assert all(TEXTS[language].values())
        assert {state.value for state in State} <= TEXTS[language].keys()


def test_both_languages_leave_the_same_places_for_names_and_numbers():
    places = re.compile(r"\{(?!name|Name|dative)\w+\}")
    for key, text in TEXTS["de"].items():
        assert places.findall(text) == places.findall(TEXTS["en"][key]), key


def test_summer_and_english_dates():
    assert moment(1_786_000_000_000_000, "en").full == "6 August 2026, 09:06:40 (UTC+2)"


def test_without_a_display_name_the_header_says_what_it_is():
    assert '<p class="account">Identifizierung</p>' in Portal(view(display_name="")).get().text
    expired = Portal(view(display_name=""), UNTIL).get()
    assert "wenden Sie sich bitte an das Unternehmen." in expired.text


@pytest.mark.req("C-10")
def test_guessing_case_ids_is_slowed_and_opening_ones_own_is_not():
    portal = Portal()
    for number in range(10):
        portal.get(f"/identportal/?vorgangsnummer=AAAABBBBCC{number:02}")
    assert portal.waited == sorted(portal.waited)
    assert len(portal.waited) == 5
    assert portal.get().status_code == 200
    assert len(portal.waited) == 5


def test_while_the_store_is_away_the_page_says_so():
    page = Portal(error=StoreUnavailable()).get()
    assert page.status_code == 503
    assert page.headers["retry-after"] == "60"
    assert TEXTS["de"]["away_lead"] in page.text


@pytest.mark.req("C-10")
@pytest.mark.parametrize("path", [f"/identportal/?vorgangsnummer={CASE}", "/identportal/"])
def test_pages_carry_security_headers_and_need_no_script(path):
    page = Portal().get(path)
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", page.text)


def test_static_files_name_their_content_and_are_kept():
    portal = Portal()
    files = re.findall(r'href="(/static/portal/[^"]+)"', portal.get().text)
    assert len(files) == 2
    for address in files:
        file = portal.get(address)
        assert file.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert file.headers["content-type"] == "text/css; charset=utf-8"
        assert portal.get(address, **{"If-None-Match": file.headers["etag"]}).status_code == 304
        plain = portal.get(re.sub(r"\.[0-9a-f]{16}\.", ".", address))
        assert (plain.content, plain.headers["cache-control"]) == (file.content, "no-cache")
    assert portal.get("/static/portal/nothing.css").status_code == 404
    assert portal.get("/static/portal/..%2Froutes.py").status_code == 404


def test_head_works():
    assert Portal().get(method="HEAD").status_code == 200
    assert Portal(now_us=UNTIL).get(method="HEAD").status_code == 410


@pytest.mark.req("W-01")
def test_what_a_page_gets_of_a_case_holds_nothing_personal():
    head = IdentCase(7, CaseId(CASE), CaseKind.START, CaseStatus.NEW, False, "r", True, 0, 0, None, UNTIL)
    order = CaseOrder(
        preferred_language="EN_UK",
        custom=("Kampagne", None, None, None, None),
        contact=Contact(first_name="Erika", last_name="Mustermann", email="erika@example.org"),
        identity_document=IdentityDocument(birth_date="1964-08-12"),
    )
    client = ScrClient(7, "1234ABCD", ScrSettings(display_name="Musterbank"), (), ())
    found = view_of(CaseFile(head, order, client), None)
    assert (found.language, found.account.display_name, found.holds_personal) == ("en", "Musterbank", True)
    assert found.factors == (Factor.BIRTH_DATE,)
    page = Portal(found).get()
    for datum in ("Erika", "Mustermann", "erika@", "Kampagne", "1234ABCD", "1964"):
        assert datum not in page.text
        assert datum not in repr(found)


def attempt(number, method, status, modified_us):
    return Attempt(number, Identification(method, status, 0, modified_us))


@pytest.mark.parametrize(
    ("attempts", "method", "state"),
    [
        ([], None, State.NEW),
        ([attempt(1, Method.PHOTO, IdentStatus.REVIEW_PENDING, 5)], Method.PHOTO, State.REVIEW_PENDING),
        (
            [
                attempt(1, Method.PHOTO, IdentStatus.REVIEW_PENDING, 5),
                attempt(2, Method.BASIC, IdentStatus.COUPON_REQUESTED, 6),
            ],
            Method.BASIC,
            State.COUPON_REQUESTED,
        ),
        (
            [
                attempt(1, Method.PHOTO, IdentStatus.INCOMPLETE, 5),
                attempt(2, Method.EID, IdentStatus.DECLINED, 6),
            ],
            Method.PHOTO,
            State.INCOMPLETE,
        ),
        ([attempt(1, Method.EID, IdentStatus.DECLINED, 6)], Method.EID, State.DECLINED_OPEN),
    ],
)
def test_the_page_is_about_the_attempt_that_can_go_on(attempts, method, state):
    head = IdentCase(7, CaseId(CASE), CaseKind.START, CaseStatus.IN_PROGRESS, False, "r", True, 0, 0, None, UNTIL)
    client = ScrClient(7, "1234ABCD", ScrSettings(), (), ())
    found = view_of(CaseFile(head, CaseOrder(), client, tuple(attempts)), None)
    assert (found.method, found.state(UNTIL - 1)) == (method, state)


@pytest.mark.req("S-46")
@pytest.mark.parametrize("method", [Method.PHOTO, Method.VIDEO])
def test_while_a_review_is_pending_the_page_is_the_same_whatever_the_agent_thinks(method):
    head = IdentCase(7, CaseId(CASE), CaseKind.START, CaseStatus.IN_PROGRESS, False, "r", True, 0, 0, None, UNTIL)
    client = ScrClient(7, "1234ABCD", ScrSettings(), (), ())
    order = CaseOrder(
        callbacks={"success": CallbackUrl("https://a.example/"), "declined": CallbackUrl("https://b.example/")}
    )
    pages = []
    for preliminary in (None, Preliminary("success"), Preliminary("declined", 9010, 9108)):
        found = Identification(method, IdentStatus.REVIEW_PENDING, 0, 5)
        details = AttemptDetails(preliminary=preliminary, recorded_by="agent")
        case = view_of(CaseFile(head, order, client, (Attempt(1, found, details),)), None)
        pages.append(Portal(case).get().text)
    assert "<h2>Wir prüfen Ihre Angaben</h2>" in pages[0]
    assert pages[0] == pages[1] == pages[2]
