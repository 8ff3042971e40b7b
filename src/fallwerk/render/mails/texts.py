"""The words of the messages, German and English; `{…}` are facts, which are never read as a pattern themselves."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from fallwerk.domain.mail.model import MailKind


@dataclass(frozen=True, slots=True)
class Words:
    """What one message says."""

    subject: str
    """`{client}` is ` für Name` or nothing."""
    paragraphs: tuple[str, ...]
    button: str = ""
    """Label of the link; empty: no link."""
    rows: tuple[tuple[str, str], ...] = ()
    """Label and fact of each line of the table."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """What all messages of a language share."""

    greeting: str
    greeting_unnamed: str
    client: str
    time: str
    footer: str
    sms_code: str
    sms_tan: str


DE: Final[Mapping[MailKind, Words]] = MappingProxyType(
    {
        MailKind.START: Words(
            "Bitte identifizieren Sie sich{client}",
            ("für Sie wurde eine Identifizierung{client} vorbereitet. Sie können sie beginnen, wann es Ihnen passt.",),
            "Identifizierung beginnen",
            (("Vorgangsnummer", "{case_id}"), ("Gültig bis", "{valid_until}")),
        ),
        MailKind.REMINDER: Words(
            "Erinnerung: Ihre Identifizierung{client} endet bald",
            (
                "Ihre Identifizierung{client} ist noch nicht abgeschlossen.",
                "Nach dem unten genannten Zeitpunkt ist sie nicht mehr möglich.",
            ),
            "Identifizierung fortsetzen",
            (("Vorgangsnummer", "{case_id}"), ("Gültig bis", "{valid_until}")),
        ),
        MailKind.COUPON: Words(
            "Ihr Coupon für die Filiale",
            (
                "Ihr Coupon{client} hängt als PDF an dieser Nachricht.",
                "Drucken Sie ihn aus oder zeigen Sie ihn auf dem Telefon vor.",
                "Bringen Sie Ihren Ausweis mit in die Filiale.",
            ),
            "Coupon auf der Seite öffnen",
            (("Vorgangsnummer", "{case_id}"), ("Gültig bis", "{valid_until}")),
        ),
        MailKind.NEW_PICTURES: Words(
            "Bitte senden Sie neue Bilder",
            (
                "wir konnten Ihre Bilder für die Identifizierung{client} nicht verwenden.",
                "Bitte nehmen Sie neue auf. Auf der Seite steht, welche gebraucht werden und worauf es ankommt.",
            ),
            "Neue Bilder aufnehmen",
            (("Vorgangsnummer", "{case_id}"), ("Gültig bis", "{valid_until}")),
        ),
        MailKind.SUCCESS: Words(
            "Ihre Identifizierung{client} war erfolgreich",
            ("Ihre Identifizierung{client} ist abgeschlossen. Sie müssen nichts weiter tun.",),
            "Weiter",
            (("Vorgangsnummer", "{case_id}"),),
        ),
        MailKind.DECLINED: Words(
            "Ihre Identifizierung{client} war nicht möglich",
            ("wir konnten Ihre Identifizierung{client} leider nicht abschließen.",),
            "Weiter",
            (("Vorgangsnummer", "{case_id}"),),
        ),
        MailKind.CODE: Words(
            "Ihr Code: {code}",
            (
                "Ihr Code lautet {code}. Geben Sie ihn auf der Seite ein, auf der Sie ihn angefordert haben.",
                "Geben Sie ihn an niemanden weiter. Wenn Sie keinen angefordert haben, müssen Sie nichts tun.",
            ),
            "",
            (("Gültig bis", "{valid_until}"),),
        ),
        MailKind.TAN: Words(
            "Ihre TAN für das Videogespräch: {code}",
            (
                "Ihre TAN lautet {code}. Geben Sie sie auf der Seite ein, auf der Sie gerade das Videogespräch führen.",
                "Nennen Sie sie niemandem, auch nicht im Gespräch. Führen Sie gerade keines, müssen Sie nichts tun.",
            ),
            "",
            (("Vorgangsnummer", "{case_id}"), ("Gültig bis", "{valid_until}")),
        ),
    }
)

EN: Final[Mapping[MailKind, Words]] = MappingProxyType(
    {
        MailKind.START: Words(
            "Please verify your identity{client}",
            ("an identification{client} has been prepared for you. You can begin whenever it suits you.",),
            "Begin identification",
            (("Case number", "{case_id}"), ("Valid until", "{valid_until}")),
        ),
        MailKind.REMINDER: Words(
            "Reminder: your identification{client} ends soon",
            (
                "Your identification{client} has not been completed yet.",
                "It is no longer possible after the time stated below.",
            ),
            "Continue identification",
            (("Case number", "{case_id}"), ("Valid until", "{valid_until}")),
        ),
        MailKind.COUPON: Words(
            "Your coupon for the post office",
            (
                "your coupon{client} is attached to this message as a PDF.",
                "Print it, or show it on your phone.",
                "Take your identity document with you to the post office.",
            ),
            "Open coupon on the page",
            (("Case number", "{case_id}"), ("Valid until", "{valid_until}")),
        ),
        MailKind.NEW_PICTURES: Words(
            "Please send new pictures",
            (
                "we could not use your pictures for the identification{client}.",
                "Please take new ones. The page tells which are needed and what matters.",
            ),
            "Take new pictures",
            (("Case number", "{case_id}"), ("Valid until", "{valid_until}")),
        ),
        MailKind.SUCCESS: Words(
            "Your identification{client} was successful",
            ("Your identification{client} is complete. There is nothing more to do.",),
            "Continue",
            (("Case number", "{case_id}"),),
        ),
        MailKind.DECLINED: Words(
            "Your identification{client} was not possible",
            ("unfortunately we could not complete your identification{client}.",),
            "Continue",
            (("Case number", "{case_id}"),),
        ),
        MailKind.CODE: Words(
            "Your code: {code}",
            (
                "Your code is {code}. Enter it on the page where you asked for it.",
                "Give it to nobody. If you did not ask for one, there is nothing to do.",
            ),
            "",
            (("Valid until", "{valid_until}"),),
        ),
        MailKind.TAN: Words(
            "Your TAN for the video call: {code}",
            (
                "Your TAN is {code}. Enter it on the page where you are in the video call right now.",
                "Tell it to nobody, not even in the call. If you are not in a video call, there is nothing to do.",
            ),
            "",
            (("Case number", "{case_id}"), ("Valid until", "{valid_until}")),
        ),
    }
)

WORDS: Final = MappingProxyType({"de": DE, "en": EN})
PHRASES: Final = MappingProxyType(
    {
        "de": Phrases(
            "Guten Tag {name},",
            "Guten Tag,",
            " für {company}",
            "{day:02}.{month:02}.{year}, {hour:02}:{minute:02} Uhr",
            "Diese Nachricht wurde automatisch versandt. Nach Ihrem Passwort fragen wir nie.",
            "Ihr Code lautet {code}. Gültig bis {valid_until}. Geben Sie ihn an niemanden weiter.",
            "Ihre TAN: {code}. Gültig bis {valid_until}. Nur auf der Seite des Gesprächs eingeben, niemandem nennen.",
        ),
        "en": Phrases(
            "Hello {name},",
            "Hello,",
            " for {company}",
            "{day} {month_name} {year}, {hour:02}:{minute:02} (Berlin)",
            "This message was sent automatically. We never ask for your password.",
            "Your code is {code}. Valid until {valid_until}. Give it to nobody.",
            "Your TAN: {code}. Valid until {valid_until}. Enter it on the page of the call only, tell it to nobody.",
        ),
    }
)
