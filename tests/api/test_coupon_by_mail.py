"""The coupon by mail: the file goes with it, at the person's wish, within limits, and is kept only where it lay."""

import hashlib
import re
from typing import Any

import pytest

from tests.api.conftest import EVERYTHING, Account, Running, deploy
from tests.api.test_mails import DAY_S, play
from tests.api.test_portal_coupon import text_of
from tests.support.mail_server import MailServer
from tests.support.portal import FULL, Person
from tests.support.scr import merged, rows, started

EMAIL = "erika@example.org"


@pytest.fixture
def person(server):
    account = server.account(**EVERYTHING, couponMax=3, couponActive=True)
    with Person(account, started(account, FULL)) as somebody:
        somebody.choose("basic")
        somebody.confirm()
        somebody.open("filiale")
        somebody.send("filiale")
        somebody.open("filiale")
        yield somebody


def coupon_mails(server: Running, case_id: str) -> list[dict[str, Any]]:
    """The coupon mails of a case, after everything that is due was done."""
    server.advance(1)
    posted = server.sandbox("GET", "/mails").json()
    return [mail for mail in posted if case_id in mail["text"] and "Filiale" in mail["subject"] + mail["text"]]


def content_of(server: Running, attachment: dict[str, Any]) -> Any:
    return server.sandbox("GET", attachment["path"].removeprefix("/sandbox/v1"))


def basic(account: Account, case_id: str) -> dict[str, Any]:
    found: dict[str, Any] = account.get(f"/cases/{case_id}").json()["identifications"][0]
    return found


@pytest.mark.req("W-06")
def test_the_button_mails_the_coupon_itself_to_the_persons_address(person):
    server = person.account.server
    assert coupon_mails(server, person.case_id) == []
    page = person.send("coupon-senden")
    assert page.url.path.endswith("/filiale")
    assert "Der Coupon ist unterwegs an Ihre E-Mail-Adresse" in page.text
    (mail,) = coupon_mails(server, person.case_id)
    assert (mail["to"], mail["subject"]) == (EMAIL, "Ihr Coupon für die Filiale")
    assert "hängt als PDF an dieser Nachricht" in mail["text"]
    (attachment,) = mail["attachments"]
    assert attachment["name"] == f"{person.case_id}_pi-coupon_printable.pdf"
    assert attachment["contentType"] == "application/pdf"
    answer = content_of(server, attachment)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert attachment["name"] in answer.headers["content-disposition"]
    assert len(answer.content) == attachment["sizeBytes"]
    # It is the coupon that the page hands out, not another one.
    assert answer.content == person.open("coupon.pdf").content
    assert "Mustermann" in text_of(answer.content)
    used = basic(person.account, person.case_id)["additionalDataBasic"]
    assert next(value for name, value in used.items() if "mail" in name.lower() and isinstance(value, int)) == 1
    actions = rows(server, "SELECT action FROM audit_event WHERE subject = ?", person.case_id)
    assert {"coupon.mailed", "mail.ordered", "mail.sent"} <= {row["action"] for row in actions}


@pytest.mark.req("W-06")
def test_a_coupon_that_is_mailed_of_itself_has_its_file_too(server):
    account = server.account(**EVERYTHING, mailsUser=True)
    with Person(account, started(account, FULL)) as person:
        person.choose("basic")
        person.open("filiale")
        person.send("filiale")
        (mail,) = coupon_mails(server, person.case_id)
        (attachment,) = mail["attachments"]
        # Made by a visit that had confirmed nothing, so its name is to be filled in (W-01).
        assert "Mustermann" not in text_of(content_of(server, attachment).content)


@pytest.mark.req("W-06")
def test_reloading_sends_nothing_again_and_after_five_the_day_is_over(person):
    server = person.account.server
    person.send("coupon-senden")
    shown = str(person.last.url)
    assert "unterwegs" in person.http.get(shown).text
    person.open("coupon-senden")
    assert person.last.url.path.endswith("/filiale")
    assert "unterwegs" not in person.last.text
    assert len(coupon_mails(server, person.case_id)) == 1
    for _ in range(4):
        assert person.send("coupon-senden").status_code == 200
    refused = person.send("coupon-senden")
    assert refused.status_code == 429
    assert "heute schon mehrmals gesendet" in refused.text
    assert len(rows(server, "SELECT * FROM mail WHERE case_id = ?", person.case_id)) == 5
    server.advance(DAY_S)
    person.confirm()
    person.open("filiale")
    assert person.send("coupon-senden").status_code == 200
    assert len(rows(server, "SELECT * FROM mail WHERE case_id = ?", person.case_id)) == 6


@pytest.mark.req("W-01", "W-06")
def test_a_visit_that_confirmed_nothing_is_asked_to_first(person):
    server = person.account.server
    with Person(person.account, person.case_id) as stranger:
        page = stranger.open("filiale")
        assert "coupon-senden" not in page.text
        page = stranger.send("coupon-senden")
        assert page.url.path.endswith("/bestaetigen")
        assert EMAIL not in page.text
    assert rows(server, "SELECT * FROM mail WHERE case_id = ?", person.case_id) == []


@pytest.mark.req("W-06")
def test_a_forged_form_or_proof_sends_and_says_nothing(person):
    server = person.account.server
    assert person.send("coupon-senden", token="forged").status_code == 403
    away = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    person.open("filiale")
    data = {"csrf": person.csrf()}
    answer = person.http.post(f"/identportal/{person.case_id}/coupon-senden", data=data, headers=away)
    assert answer.status_code == 403
    for forged in ("1", "1.AAAA", "9" * 5000 + ".x", "²", ""):
        page = person.open("filiale", gesendet=forged)
        assert page.status_code == 200
        assert "unterwegs" not in page.text
    assert rows(server, "SELECT * FROM mail WHERE case_id = ?", person.case_id) == []


@pytest.mark.req("W-06", "S-41")
def test_where_no_address_is_known_the_dialogue_asks_for_it_first(server):
    account = server.account(**EVERYTHING, couponActive=True)
    case_id = started(account, {"processData": {"preferredLanguage": "EN_UK"}})
    assert account.request("POST", f"/cases/{case_id}/piCouponByFile").status_code == 201
    with Person(account, case_id) as person:
        person.agree()
        assert person.open("filiale").url.path.endswith("/angaben")
        assert person.send("coupon-senden").url.path.endswith("/angaben")
        person.send("angaben", first_name="Erika", last_name="Mustermann", email="new@example.org")
        page = person.open("filiale")
        assert "Send coupon by e-mail" in page.text
        assert "on its way" in person.send("coupon-senden").text
        server.advance(1)
        (mail,) = [mail for mail in server.sandbox("GET", "/mails").json() if case_id in mail["text"]]
        assert (mail["to"], mail["subject"]) == ("new@example.org", "Your coupon for the post office")
        assert len(mail["attachments"]) == 1


@pytest.mark.req("W-06")
def test_a_form_that_comes_after_the_counter_or_the_end_sends_nothing(person):
    server = person.account.server
    token = person.csrf()
    play(server, person.case_id, "basic", "success")
    page = person.send("coupon-senden", token=token)
    assert "Sie sind identifiziert" in page.text
    assert rows(server, "SELECT * FROM mail WHERE case_id = ?", person.case_id) == []


@pytest.mark.req("W-06")
def test_a_form_from_before_the_coupon_leads_to_making_one(server):
    account = server.account(**EVERYTHING)
    with Person(account, started(account, FULL)) as person:
        person.choose("basic")
        person.confirm()
        person.open("filiale")
        page = person.send("coupon-senden")
        assert "Coupon erstellen" in page.text
        assert rows(server, "SELECT * FROM mail WHERE case_id = ?", person.case_id) == []


@pytest.mark.req("W-06")
def test_a_form_of_a_visit_that_is_over_is_offered_again_and_sent_once(person):
    token = person.csrf()
    person.http.cookies.clear()
    page = person.send("coupon-senden", token=token)
    assert page.status_code == 403
    assert f"/identportal/{person.case_id}/coupon-senden" in page.text
    assert person.send("coupon-senden").url.path.endswith("/bestaetigen")
    assert rows(person.account.server, "SELECT * FROM mail WHERE case_id = ?", person.case_id) == []


@pytest.mark.req("C-04", "D-50", "W-06")
def test_the_file_lies_sealed_in_one_place_and_goes_with_its_case(server):
    account = server.account(**EVERYTHING, retentionDays=1)
    with Person(account, started(account, FULL)) as person:
        person.choose("basic")
        person.confirm()
        person.open("filiale")
        person.send("filiale")
        person.open("filiale")
        person.send("coupon-senden")
        (mail,) = coupon_mails(server, person.case_id)
        (attachment,) = mail["attachments"]
        content = content_of(server, attachment).content
        digest = hashlib.sha256(content).digest()
        for table in ("mail", "sandbox_mail", "due_work"):
            for row in rows(server, f"SELECT * FROM {table} WHERE case_id = ?", person.case_id):
                for value in row.values():
                    raw = bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()
                    assert b"%PDF" not in raw
                    assert digest not in raw
                    assert b"pi-coupon" not in raw
        play(server, person.case_id, "basic", "success")
        server.advance(DAY_S + 60)
        assert content_of(server, attachment).status_code == 404
        assert rows(server, "SELECT * FROM mail WHERE case_id = ?", person.case_id) == []
        assert rows(server, "SELECT * FROM sandbox_mail WHERE case_id = ?", person.case_id) == []
        assert rows(server, "SELECT * FROM coupon WHERE case_id = ?", person.case_id) == []


@pytest.mark.req("W-06")
def test_what_is_no_attachment_is_a_404_for_the_token_only(person):
    server = person.account.server
    person.send("coupon-senden")
    (mail,) = coupon_mails(server, person.case_id)
    path = mail["attachments"][0]["path"]
    mail_path = path.rpartition("/")[0]
    beyond = f"/sandbox/v1/mails/{'9' * 400}/attachments/1"
    unknown = "/sandbox/v1/mails/1/attachments/1"
    for wrong in (f"{mail_path}/0", f"{mail_path}/2", f"{mail_path}/x", unknown, beyond):
        assert server.sandbox("GET", wrong.removeprefix("/sandbox/v1")).status_code == 404, wrong
    assert server.http.get(path).status_code == 401


@pytest.mark.req("W-06")
@pytest.mark.parametrize("deployment", ["sqlite", "postgresql", "postgresql-3"])
def test_a_real_mail_server_gets_the_file_also_at_the_second_try(databases, tmp_path_factory, deployment):
    with MailServer() as mail:
        environment = {
            "FALLWERK_SMTP_HOST": "127.0.0.1",
            "FALLWERK_SMTP_PORT": str(mail.port),
            "FALLWERK_SMTP_SECURITY": "none",
            "FALLWERK_MAIL_FROM": "post@fallwerk.example",
        }
        with deploy(databases, tmp_path_factory, deployment, environment) as server:
            account = server.account(**EVERYTHING)
            with Person(account, started(account, merged(FULL, {}))) as person:
                person.choose("basic")
                person.confirm()
                person.open("filiale")
                person.send("filiale")
                person.open("filiale")
                mail.refusals[:] = ["451 later"]
                person.send("coupon-senden")
                server.advance(61)
                (arrived,) = mail.received
                (attached,) = arrived.iter_attachments()
                assert attached.get_filename() == f"{person.case_id}_pi-coupon_printable.pdf"
                assert attached.get_content() == person.open("coupon.pdf").content
                assert re.search(person.case_id, arrived.get_body(("plain",)).get_content())
                assert server.sandbox("GET", "/mails").json() == []
