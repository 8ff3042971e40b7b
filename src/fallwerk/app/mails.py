"""Messages to people: mail server, SMS gateway, and the sandbox's mailbox where there is none."""

from typing import TYPE_CHECKING, Any

from fallwerk.app.area import Area, Core
from fallwerk.domain.mail.model import Channel
from fallwerk.domain.mail.ports import Carrier
from fallwerk.domain.mail.service import OrderedCodes
from fallwerk.domain.portal.model import Factor
from fallwerk.own.sandbox.mails import Mailbox
from fallwerk.render.mails.letters import Letters
from fallwerk.settings import Settings
from fallwerk.store.database import Database
from fallwerk.worker.mails import MailDuties

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallwerk.own.api import Operation


def area(core: Core) -> Area:
    """Compose the area."""
    settings = core.settings
    duties = MailDuties(
        core.database,
        core.blobs,
        core.clock,
        Letters(settings.public_base_url),
        _carriers(settings),
        mailbox=not settings.is_production,
    )

    def admin() -> "Sequence[Operation]":
        from fallwerk.own.admin.mails import MailRoutes  # noqa: PLC0415 - no start waits for it

        return MailRoutes(core.database).operations()

    return Area(
        admin=admin,
        sandbox=Mailbox(core.database, core.blobs).operations(),
        handlers=duties.handlers(),
        stop=duties.close,
    )


def codes(settings: Settings) -> OrderedCodes | None:
    """Return who sends codes to people; None: production without mail server and gateway, where nobody gets one."""
    sandbox = not settings.is_production
    factors = {Factor.MAIL} if settings.smtp_host or sandbox else set()
    factors |= {Factor.SMS} if settings.sms_gateway_url or sandbox else set()
    return OrderedCodes(frozenset(factors), has_gateway=bool(settings.sms_gateway_url)) if factors else None


async def unsent(database: Database) -> dict[str, Any]:
    """Count for the operator what has not arrived."""
    found = await database.read(lambda unit: unit.mails.count())
    return {"pending": found.pending, "failed": found.failed}


def _carriers(settings: Settings) -> dict[Channel, Carrier]:
    carriers: dict[Channel, Carrier] = {}
    if settings.smtp_host:
        from fallwerk.adapters.smtp import SmtpCarrier  # noqa: PLC0415 - its library costs start-up time

        carriers[Channel.MAIL] = SmtpCarrier(
            settings.smtp_host,
            settings.smtp_port,
            security=settings.smtp_security,
            sender=settings.mail_from or "",
            username=settings.smtp_username or "",
            password=settings.smtp_password.get_secret_value() if settings.smtp_password else "",
            ca_file=str(settings.smtp_ca_file) if settings.smtp_ca_file else None,
            timeout_s=settings.smtp_timeout_s,
        )
    if settings.sms_gateway_url:
        from fallwerk.adapters.sms_gateway import SmsGateway  # noqa: PLC0415 - its HTTP client costs start-up time

        token = settings.sms_gateway_token.get_secret_value() if settings.sms_gateway_token else ""
        carriers[Channel.SMS] = SmsGateway(settings.sms_gateway_url, token)
    return carriers
