"""Messages on their way: a real mail server and a real gateway, refusals, retries by our clock, crashes."""

import re
import ssl
from pathlib import Path
from typing import Any, Final

import pytest
import trustme

from tests.api.conftest import Running, deploy, running
from tests.api.test_mails import EMAIL, PERSON, order, start
from tests.support.mail_server import MailServer, until
from tests.support.portal import Person
from tests.support.receiver import Answer, Receiver
from tests.support.scr import rows

ACCOUNT: Final = ("fallwerk", "a secret")
STATUS: Final = "SELECT status, attempts FROM mail WHERE case_id = ?"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, Path]:
    """A server's certificate, and the file with who vouches for it."""
    made = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    made.cert_pem.write_to_path(file)
    return context, file


def environment(mail: MailServer, ca: Path, **more: str) -> dict[str, str]:
    return {
        "FALLWERK_SMTP_HOST": "127.0.0.1",
        "FALLWERK_SMTP_PORT": str(mail.port),
        "FALLWERK_SMTP_CA_FILE": str(ca),
        "FALLWERK_SMTP_USERNAME": ACCOUNT[0],
        "FALLWERK_SMTP_PASSWORD": ACCOUNT[1],
        "FALLWERK_MAIL_FROM": "post@fallwerk.example",
        **more,
    }


def settled(server: Running, case_id: str) -> Any:
    until(lambda: rows(server, STATUS, case_id)[0]["status"] != "pending")
    return rows(server, STATUS, case_id)[0]


def unsent(server: Running) -> dict[str, int]:
    found: dict[str, int] = server.admin("GET", "/status").json()["mails"]
    return found


@pytest.mark.req("W-06", "S-44")
@pytest.mark.parametrize("deployment", ["sqlite", "postgresql", "postgresql-3"])
def test_mails_leave_over_tls_and_are_tried_again_after_a_refusal(databases, tmp_path_factory, authority, deployment):
    context, ca = authority
    with (
        MailServer(tls=context, account=ACCOUNT) as mail,
        deploy(databases, tmp_path_factory, deployment, environment(mail, ca)) as server,
    ):
        account = server.account(mailsUser=True, displayName="Müller & Söhne")
        mail.refusals[:] = ["451 later", "451 later"]
        case_id = start(account, order())
        until(lambda: rows(server, STATUS, case_id)[0]["attempts"].count("refused (451)") == 1)
        assert unsent(server) == {"pending": 1, "failed": 0}
        server.advance(59)
        assert mail.refusals == ["451 later"]
        server.advance(2)
        assert mail.refusals == []
        server.advance(890)
        assert mail.received == []
        server.advance(20)
        (arrived,) = mail.received
        assert mail.recipients == [EMAIL]
        assert arrived["To"] == EMAIL
        assert arrived["From"] == "post@fallwerk.example"
        assert arrived["Subject"] == "Bitte identifizieren Sie sich für Müller & Söhne"
        text, html = (part.get_content() for part in arrived.iter_parts())
        assert case_id in text
        assert f"vorgangsnummer={case_id}" in html
        assert unsent(server) == {"pending": 0, "failed": 0}
        # What really left is in no mailbox of the sandbox.
        assert server.sandbox("GET", "/mails").json() == []


@pytest.mark.req("W-06")
def test_a_refusal_for_good_ends_at_once_and_one_without_end_after_the_last_retry(
    databases, tmp_path_factory, authority
):
    context, ca = authority
    with (
        MailServer(tls=context, account=ACCOUNT) as mail,
        deploy(databases, tmp_path_factory, "sqlite", environment(mail, ca)) as server,
    ):
        account = server.account(mailsUser=True)
        mail.refusals[:] = ["550 nobody here"]
        found = settled(server, start(account, order()))
        assert found["status"] == "failed"
        assert found["attempts"].count("recipient refused (550)") == 1
        mail.refusals[:] = ["451 later"] * 9
        case_id = start(account, order())
        server.advance(24 * 3600)
        found = rows(server, STATUS, case_id)[0]
        assert (found["status"], found["attempts"].count("recipient refused (451)")) == ("failed", 5)
        assert unsent(server) == {"pending": 0, "failed": 2}
        newest, oldest = server.admin("GET", "/mails").json()
        assert (newest["clientId"], newest["caseId"], newest["kind"]) == (account.client_id, case_id, "start")
        assert (newest["channel"], newest["status"], len(newest["attempts"])) == ("mail", "failed", 5)
        assert newest["attempts"][-1]["error"] == "recipient refused (451)"
        assert [attempt["error"] for attempt in oldest["attempts"]] == ["recipient refused (550)"]
        assert server.admin("GET", "/mails?limit=1").json() == [newest]
        assert server.admin("GET", f"/mails?status=failed&before={newest['mailId']}").json() == [oldest]
        assert server.admin("GET", "/mails?status=sent").json() == []
        assert EMAIL not in server.admin("GET", "/mails").text
        assert EMAIL not in found["attempts"]
        assert EMAIL not in server.process.log()
        assert mail.received == []


@pytest.mark.req("W-06")
@pytest.mark.parametrize("deployment", ["sqlite", "postgresql"])
def test_no_mail_is_lost_when_the_server_is_killed_while_it_sends(databases, tmp_path_factory, authority, deployment):
    context, ca = authority
    with (
        MailServer(tls=context, account=ACCOUNT, holding=True) as mail,
        deploy(databases, tmp_path_factory, deployment, environment(mail, ca)) as server,
    ):
        case_id = start(server.account(mailsUser=True), order())
        assert mail.held.wait(20)
        server.process.kill()
        assert mail.received == []
        mail.holding = False
        server.process.start()
        again = running(server.process, server.engine, server.database_url)
        mail.wait_for(1)
        assert settled(again, case_id)["status"] == "sent"
        assert len(mail.received) == 1
        again.http.close()


@pytest.mark.req("W-06", "W-01")
def test_text_messages_leave_through_the_gateway_and_are_tried_again(databases, tmp_path_factory):
    contact = {**PERSON, "mobilePhone": "+49 171 1234567"}
    with Receiver() as gateway:
        gateway.answer(Answer(503), Answer(202))
        gate = {"FALLWERK_SMS_GATEWAY_URL": gateway.url, "FALLWERK_SMS_GATEWAY_TOKEN": "a token"}
        with deploy(databases, tmp_path_factory, "sqlite", gate) as server:
            account = server.account()
            with Person(account, start(account, order(contact=contact))) as person:
                person.open("bestaetigen")
                person.send("bestaetigen", way="sms")
                gateway.wait_for(1)
                server.advance(61)
                first, second = gateway.received
                assert first.headers["authorization"] == "Bearer a token"
                assert first.json == second.json
                assert first.json["to"] == "+491711234567"
                found = re.search(r"\d{6}", second.json["text"])
                assert found
                assert "Mustermann" in person.send("bestaetigen", way="code", code=found[0]).text
            assert unsent(server) == {"pending": 0, "failed": 0}
            assert server.sandbox("GET", "/sms").json() == []


@pytest.mark.req("W-06")
def test_a_code_that_has_ended_is_not_sent_any_more(databases, tmp_path_factory):
    contact = {**PERSON, "mobilePhone": "+49 171 1234567"}
    with Receiver() as gateway:
        gateway.answer(*[Answer(503)] * 9)
        with deploy(databases, tmp_path_factory, "sqlite", {"FALLWERK_SMS_GATEWAY_URL": gateway.url}) as server:
            account = server.account()
            with Person(account, start(account, order(contact=contact))) as person:
                person.open("bestaetigen")
                person.send("bestaetigen", way="sms")
            server.advance(24 * 3600)
            # At once and after a minute; fifteen minutes later the code would have ended.
            assert len(gateway.received) == 2
            assert unsent(server) == {"pending": 0, "failed": 1}
