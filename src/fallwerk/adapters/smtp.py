"""
Handing mails to a mail server: TLS with a checked certificate before anything is said, sign-in, one deadline.

The connection is never continued without the TLS that the settings ask for: somebody between could otherwise strip
STARTTLS and read password and mails.
"""

import asyncio
import ssl
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from typing import Final, Literal

import aiosmtplib

from fallwerk.domain.mail.model import Letter, MailOutcome, Message
from fallwerk.kit.forms import is_email

Security = Literal["starttls", "tls", "none"]

TIMEOUT: Final = "timeout"
CONNECT_FAILED: Final = "connect failed"
NOT_AN_ADDRESS: Final = "refused: not an e-mail address"
SIGN_IN_FAILED: Final = "sign-in refused"
UNSUPPORTED: Final = "the server lacks what is needed"
PERMANENT: Final = 500


class SmtpCarrier:
    """
    Sends mails through one server; each over a connection of its own.

    Args:
        ca_file: Further certificate authorities besides the well-known ones.
        timeout_s: From connecting to the server's last word.
        sender: Address in From; bounces go there too.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: Security,
        sender: str,
        username: str = "",
        password: str = "",
        ca_file: str | None = None,
        timeout_s: float = 20,
    ) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._sender = sender
        self._username = username or None
        self._password = password if username else None
        self._timeout_s = timeout_s
        self._tls: ssl.SSLContext | None = None
        if security != "none":
            self._tls = ssl.create_default_context()
            if ca_file:
                self._tls.load_verify_locations(ca_file)

    async def carry(self, message: Message, letter: Letter) -> MailOutcome:
        """Send one mail; see `domain.mail.ports.Carrier`."""
        if not is_email(message.to):
            return MailOutcome(NOT_AN_ADDRESS, final=True)
        try:
            async with asyncio.timeout(self._timeout_s):
                await self._send(message, letter)
        except aiosmtplib.SMTPRecipientsRefused as error:
            # One recipient, so one answer. Its text may repeat the address; only the code is kept.
            code = error.recipients[0].code
            return MailOutcome(f"recipient refused ({code})", final=code >= PERMANENT)
        except aiosmtplib.SMTPAuthenticationError as error:
            return MailOutcome(f"{SIGN_IN_FAILED} ({error.code})")
        except aiosmtplib.SMTPResponseException as error:
            return MailOutcome(f"refused ({error.code})")
        except (TimeoutError, aiosmtplib.SMTPTimeoutError):
            return MailOutcome(TIMEOUT)
        except (OSError, aiosmtplib.SMTPConnectError, aiosmtplib.SMTPServerDisconnected):
            return MailOutcome(CONNECT_FAILED)
        except aiosmtplib.SMTPException:
            # No STARTTLS, no sign-in, no UTF-8 in addresses: the library has no type for the first.
            return MailOutcome(UNSUPPORTED)
        return MailOutcome()

    async def _send(self, message: Message, letter: Letter) -> None:
        client = aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=self._tls,
            username=self._username,
            password=self._password,
            timeout=self._timeout_s,
        )
        async with client:
            await client.send_message(compose(message, letter, self._sender), sender=self._sender)

    async def close(self) -> None:
        """Nothing stays open between mails."""


def compose(message: Message, letter: Letter, sender: str) -> EmailMessage:
    """
    Return the mail, its text and HTML form side by side, with its attachments.

    The number in Message-ID is the message's: a mail that is sent twice after a crash is one to the receiver. Headers
    are set through the library's policy, which refuses a line break in any of them.
    """
    mail = EmailMessage(policy=SMTP_POLICY)
    mail["From"] = Address(addr_spec=sender)
    mail["To"] = message.to
    mail["Subject"] = letter.subject
    mail["Date"] = format_datetime(datetime.fromtimestamp(message.created_us // 1_000_000, UTC))
    mail["Message-ID"] = f"<{message.message_id}.{message.created_us}@{sender.rpartition('@')[2]}>"
    # RFC 3834: no holiday notice answers a machine.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(letter.text)
    if letter.html:
        mail.add_alternative(letter.html, subtype="html")
    for file in letter.attachments:
        maintype, _, subtype = file.content_type.partition("/")
        mail.add_attachment(file.content, maintype=maintype, subtype=subtype, filename=file.name)
    return mail
