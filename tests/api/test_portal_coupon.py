"""The method basic at the portal: a coupon within the API's limit and states, named only for whom it concerns."""

import io

import pypdfium2
import pytest

from tests.api.conftest import EVERYTHING
from tests.support.portal import FULL, Person
from tests.support.scr import merged, rows, started

ORDER = merged(FULL, {"processData": {"callbackUrlCouponRequested": {"webUrl": "https://musterbank.eu/coupon"}}})


def text_of(pdf):
    document = pypdfium2.PdfDocument(io.BytesIO(pdf))
    return document[0].get_textpage().get_text_range()


@pytest.fixture
def person(server):
    account = server.account(**EVERYTHING, couponMax=2)
    with Person(account, started(account, ORDER)) as somebody:
        somebody.choose("basic")
        yield somebody


def link(page, words):
    import re  # noqa: PLC0415
    from html import unescape  # noqa: PLC0415

    found = re.search(rf'href="([^"]*)"[^>]*>{re.escape(words)}', page.text)
    assert found, page.text
    return unescape(found[1])


@pytest.mark.req("S-45", "W-01")
def test_without_a_confirmed_visit_the_coupon_has_no_name_and_comes_once(person):
    person.open("filiale")
    page = person.send("filiale")
    assert "Ihr Coupon ist bereit" in page.text
    assert 'href="https://musterbank.eu/coupon"' in page.text
    answer = person.http.get(link(page, "Coupon herunterladen (PDF)"))
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{person.case_id}_pi-coupon_printable.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    text = text_of(answer.content)
    assert person.case_id in text.replace(" ", "")
    assert "Mustermann" not in text
    with Person(person.account, person.case_id) as stranger:
        stranger.http.cookies.clear()
        assert stranger.http.get(link(page, "Coupon herunterladen (PDF)")).status_code == 303
        assert stranger.open("coupon.pdf").url.path.endswith("/bestaetigen")


@pytest.mark.req("W-01")
def test_a_confirmed_visit_gets_the_name_and_the_same_coupon_again(person):
    person.confirm()
    person.open("filiale")
    page = person.send("filiale")
    first = person.http.get(link(page, "Coupon herunterladen (PDF)")).content
    assert "Mustermann" in text_of(first)
    again = person.open("coupon.pdf")
    assert again.content == first
    shown = person.open("coupon.pdf", zeigen="1")
    assert shown.headers["content-disposition"].startswith("inline")
    assert len(rows(person.account.server, "SELECT * FROM coupon WHERE case_id = ?", person.case_id)) == 1


def test_the_limit_is_the_apis(person):
    for _ in range(2):
        person.open("filiale")
        assert person.send("filiale").status_code == 200
    answer = person.account.request("POST", f"/cases/{person.case_id}/piCouponByFile")
    assert answer.status_code in {401, 409}
    person.http.cookies.clear()
    person.open("filiale")
    page = person.send("filiale")
    assert page.status_code == 409
    assert "kein weiterer Coupon" in page.text
    assert len(rows(person.account.server, "SELECT * FROM coupon WHERE case_id = ?", person.case_id)) == 2


def test_the_case_is_in_coupon_requested_and_its_page_leads_to_the_coupon(person):
    person.open("filiale")
    person.send("filiale")
    page = person.open()
    assert "<h2>Ihr Coupon ist bereit</h2>" in page.text
    found = rows(person.account.server, "SELECT status FROM identification WHERE case_id = ?", person.case_id)
    assert [row["status"] for row in found] == ["coupon requested"]


def test_a_coupon_that_was_made_for_another_visit_cannot_be_named(person):
    person.open("filiale")
    person.send("filiale")
    found = rows(person.account.server, "SELECT coupon_id FROM coupon WHERE case_id = ?", person.case_id)
    coupon = found[0]["coupon_id"]
    for forged in (f"{coupon}", f"{coupon}.AAAA", "x.y", "²", ""):
        answer = person.http.get(f"/identportal/{person.case_id}/coupon.pdf", params={"coupon": forged})
        assert answer.status_code == 303


def test_a_coupon_before_the_method_was_chosen_leads_to_the_choice(server):
    account = server.account(**EVERYTHING)
    with Person(account, started(account, FULL)) as somebody:
        assert somebody.open("filiale").url.path.endswith("/einwilligung")
        assert somebody.open("coupon.pdf").url.path == "/identportal/"
