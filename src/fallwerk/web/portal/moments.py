"""Dates and times as people say them, Europe/Berlin."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from fallwerk.kit.clock import BERLIN, berlin_seconds, from_us

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
    clock: str
    """`14:23`, with the word for it in German."""
    full: str
    machine: str


def moment(instant_us: int, language: str) -> Moment:
    """Put an instant into words."""
    local = from_us(instant_us).astimezone(BERLIN)
    day = day_words(local.date(), language)
    time = f"{local:%H:%M:%S}"
    zone = f"UTC{local:%z}"[:6].replace("UTC+0", "UTC+").replace("UTC-0", "UTC-")
    german = language == "de"
    full = f"{day}, {time} Uhr ({zone})" if german else f"{day}, {time} ({zone})"
    return Moment(day, f"{local:%H:%M}" + (" Uhr" if german else ""), full, berlin_seconds(instant_us))


def day_words(day: date, language: str) -> str:
    """Put a day into words."""
    month = _MONTHS[language][day.month - 1]
    return f"{day.day}. {month} {day.year}" if language == "de" else f"{day.day} {month} {day.year}"
