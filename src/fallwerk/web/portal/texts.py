"""The portal's words in both languages, and dates as people say them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from fallwerk.kit.clock import BERLIN, berlin_seconds, from_us
from fallwerk.web.portal.cases import State

LANGUAGES: Final = ("de", "en")
TEXTS: Final[dict[str, dict[str, str]]] = {
    "de": {
        "identification": "Identifizierung",
        "case": "Vorgang",
        "language": "Sprache",
        "valid": "gültig bis",
        "was_valid": "war gültig bis",
        "new": "Diese Identifizierung ist noch nicht begonnen.",
        "in_progress": "Diese Identifizierung ist begonnen und noch nicht abgeschlossen.",
        "done": "Diese Identifizierung ist abgeschlossen.",
        "expired": "Diese Identifizierung ist abgelaufen.",
        "next_new": "Halten Sie Ihren Ausweis und diese Vorgangsnummer bereit.",
        "next_in_progress": "Halten Sie diese Vorgangsnummer bereit, wenn Sie Fragen haben.",
        "next_done": "Sie müssen nichts mehr tun.",
        "next_expired": "Sie können sie nicht mehr beginnen oder fortsetzen. Möchten Sie sich noch ausweisen, wenden "
        "Sie sich bitte an das Unternehmen, das Sie hierher geschickt hat.",
        "next_expired_named": "Sie können sie nicht mehr beginnen oder fortsetzen. Möchten Sie sich noch ausweisen, "
        "wenden Sie sich bitte an {name}.",
        "find": "Vorgang öffnen",
        "find_lead": "Ihre Vorgangsnummer steht in der Nachricht, mit der Sie eingeladen wurden.",
        "number": "Vorgangsnummer",
        "number_hint": "Zwölf Zeichen, Buchstaben und Ziffern",
        "malformed": "Das ist keine Vorgangsnummer. Bitte geben Sie alle zwölf Zeichen ein.",
        "unknown": "Diesen Vorgang gibt es nicht. Bitte prüfen Sie jedes Zeichen, zum Beispiel O und 0.",
        "not_found": "Vorgang nicht gefunden",
        "please_check": "Bitte prüfen Sie Ihre Eingabe:",
        "away": "Zurzeit nicht erreichbar",
        "away_lead": "Wir können Ihren Vorgang gerade nicht öffnen. Bitte laden Sie diese Seite in einer Minute neu. "
        "Ihr Vorgang bleibt erhalten.",
    },
    "en": {
        "identification": "Identification",
        "case": "Case",
        "language": "Language",
        "valid": "valid until",
        "was_valid": "was valid until",
        "new": "This identification has not been started yet.",
        "in_progress": "This identification has been started and is not finished yet.",
        "done": "This identification is finished.",
        "expired": "This identification has expired.",
        "next_new": "Please keep your identity document and this case number ready.",
        "next_in_progress": "Please keep this case number ready in case you have questions.",
        "next_done": "There is nothing left for you to do.",
        "next_expired": "It can no longer be started or continued. If you still want to identify yourself, please "
        "contact the company that sent you here.",
        "next_expired_named": "It can no longer be started or continued. If you still want to identify yourself, "
        "please contact {name}.",
        "find": "Open case",
        "find_lead": "You find your case number in the message that invited you.",
        "number": "Case number",
        "number_hint": "Twelve characters, letters and digits",
        "malformed": "This is not a case number. Please enter all twelve characters.",
        "unknown": "There is no such case. Please check every character, O and 0 for example.",
        "not_found": "Case not found",
        "please_check": "Please check what you entered:",
        "away": "Not available right now",
        "away_lead": "We cannot open your case right now. Please reload this page in a minute. Your case is safe.",
    },
}
_MONTHS: Final = {
    "de": (
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant as a page shows it: the day, in full as its title, and for machines."""

    day: str
    full: str
    machine: str


def moment(instant_us: int, language: str) -> Moment:
    """Put an instant into words, Europe/Berlin."""
    local = from_us(instant_us).astimezone(BERLIN)
    day = _day(local, language)
    time = f"{local:%H:%M:%S}"
    zone = f"UTC{local:%z}"[:6].replace("UTC+0", "UTC+").replace("UTC-0", "UTC-")
    full = f"{day}, {time} Uhr ({zone})" if language == "de" else f"{day}, {time} ({zone})"
    return Moment(day, full, berlin_seconds(instant_us))


def _day(local: datetime, language: str) -> str:
    month = _MONTHS[language][local.month - 1]
    return f"{local.day}. {month} {local.year}" if language == "de" else f"{local.day} {month} {local.year}"


def next_step(state: State, language: str, display_name: str) -> str:
    """Say what happens next."""
    texts = TEXTS[language]
    if state is State.EXPIRED and display_name:
        return texts["next_expired_named"].format(name=display_name)
    return texts[f"next_{state.value}"]
