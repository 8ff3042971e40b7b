"""Handing mails over: never without the TLS that is configured, never with a broken line in a header."""

import asyncio
import ssl
from dataclasses import replace
from typing import Any

import pytest
import trustme

from fallwerk.adapters.smtp import Security, SmtpCarrier, compose
from fallwerk.domain.mail.model import Attachment, Channel, Letter, MailKind, MailOutcome, Message, MessageStatus
from tests.support.mail_server import MailServer

LETTER = Letter("Betreff: äöü", "Guten Tag,\n", "<p>Guten Tag,</p>\n")


def message(to: str = "erika@example.org") -> Message:
    return Message(
        7, 1, "ABCDEFGH1234", Channel.MAIL, MailKind.START, to, {}, MessageStatus.PENDING, (), 10**15, 10**16
    )


def context_of(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def carry(
    server: MailServer,
    security: Security,
    ca: str | None = None,
    to: str = "erika@example.org",
    letter: Letter = LETTER,
) -> MailOutcome:
    carrier = SmtpCarrier(
        "127.0.0.1", server.port, security=security, sender="post@fallwerk.example", ca_file=ca, timeout_s=5
    )
    return asyncio.run(carried(carrier, to, letter))


async def carried(carrier: SmtpCarrier, to: str, letter: Letter) -> MailOutcome:
    outcome = await carrier.carry(message(to), letter)
    loop: Any = asyncio.get_running_loop()
    # The library closes without waiting; a loop that ends before that leaves an open socket to the garbage collector.
    async with asyncio.timeout(5):
        while len(loop._selector.get_map()) > 1:  # noqa: ASYNC110 - the selector tells nobody
            await asyncio.sleep(0)
    await asyncio.sleep(0)
    return outcome


@pytest.fixture
def ca(tmp_path) -> tuple[trustme.CA, str]:
    made = trustme.CA()
    made.cert_pem.write_to_path(tmp_path / "ca.pem")
    return made, str(tmp_path / "ca.pem")


@pytest.mark.req("W-06")
def test_a_server_without_the_tls_that_is_configured_gets_no_mail():
    with MailServer() as server:
        assert carry(server, "starttls").error == "the server lacks what is needed"
        assert carry(server, "tls").error == "connect failed"
        assert server.received == []


@pytest.mark.req("W-06")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_of_somebody_else_gets_no_mail(ca, security):
    authority, file = ca
    for context, trusted in ((context_of(authority), None), (context_of(authority, "other.example"), file)):
        with MailServer(tls=context, implicit=security == "tls") as server:
            assert carry(server, security, trusted).error == "connect failed"
            assert server.received == []


@pytest.mark.req("W-06")
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_arrives_as_it_was_written(ca, security):
    authority, file = ca
    with MailServer(tls=context_of(authority), implicit=security == "tls") as server:
        assert carry(server, security, file) == MailOutcome()
        (mail,) = server.received
    assert mail["Subject"] == LETTER.subject
    assert mail["Message-ID"] == f"<7.{10**15}@fallwerk.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert [part.get_content().replace("\r\n", "\n") for part in mail.iter_parts()] == [LETTER.text, LETTER.html]


@pytest.mark.req("W-06")
def test_an_attachment_arrives_byte_for_byte_beside_both_forms(ca):
    authority, file = ca
    content = bytes(range(256)) * 300
    coupon = Attachment("ABCDEFGH1234_pi-coupon_printable.pdf", "application/pdf", content, b"key")
    with MailServer(tls=context_of(authority)) as server:
        assert carry(server, "starttls", file, letter=replace(LETTER, attachments=(coupon,))) == MailOutcome()
        (mail,) = server.received
    assert mail.get_content_type() == "multipart/mixed"
    (attached,) = mail.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_content_disposition() == "attachment"
    assert attached.get_filename() == coupon.name
    assert attached.get_content() == content
    words = [mail.get_body((form,)).get_content().replace("\r\n", "\n") for form in ("plain", "html")]
    assert words == [LETTER.text, LETTER.html]


@pytest.mark.req("W-06")
@pytest.mark.parametrize(
    "to", ["erika@example.org\r\nBcc: spy@example.org", "a@example.org, b@example.org", "<a@example.org>", ""]
)
def test_what_is_no_single_address_is_refused_before_anybody_is_called(to):
    with MailServer() as server:
        assert carry(server, "none", to=to) == MailOutcome("refused: not an e-mail address", final=True)
        assert server.received == []


@pytest.mark.req("W-06")
def test_a_line_break_in_a_subject_cannot_become_a_header():
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        compose(message(), Letter("Hallo\r\nBcc: spy@example.org", "x"), "post@fallwerk.example")


@pytest.mark.req("W-06")
def test_nobody_at_the_address_is_an_error_that_is_tried_again():
    with MailServer() as server:
        port = server.port
    carrier = SmtpCarrier("127.0.0.1", port, security="none", sender="post@fallwerk.example", timeout_s=5)
    assert asyncio.run(carrier.carry(message(), LETTER)) == MailOutcome("connect failed")
