"""Instants as people at a desk read them: `heute 14:23`, with the whole instant for whoever wants to know."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fallwerk.kit.clock import BERLIN, berlin_seconds, from_us


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant in short, in full as a title, and for machines."""

    short: str
    full: str
    machine: str


def moment(instant_us: int, now_us: int, language: str) -> Moment:
    """Put an instant into words, Europe/Berlin."""
    local = _local(instant_us)
    today = _local(now_us).date()
    return Moment(_short(local, today, language), _full(local, language), berlin_seconds(instant_us))


def clock_time(now_us: int) -> str:
    """Return the time of day, Europe/Berlin."""
    return f"{_local(now_us):%H:%M}"


def calendar_day(text: str | None, language: str) -> str:
    """Render an ISO calendar date; what is none stays as it is."""
    try:
        return _day(date.fromisoformat(text or ""), language)
    except ValueError:
        return text or ""


def typed_day(text: str | None) -> str:
    """Render an ISO calendar date as a form takes it in either language."""
    return calendar_day(text, "de")


def _local(instant_us: int) -> datetime:
    return from_us(instant_us).astimezone(BERLIN)


def _short(local: datetime, today: date, language: str) -> str:
    names = {
        today: ("heute", "today"),
        today - timedelta(days=1): ("gestern", "yesterday"),
        today + timedelta(days=1): ("morgen", "tomorrow"),
    }
    named = names.get(local.date())
    day = named[language != "de"] if named else _day(local.date(), language)
    return f"{day} {local:%H:%M}"


def _full(local: datetime, language: str) -> str:
    zone = f"{local:%z}"
    return f"{_day(local.date(), language)} {local:%H:%M:%S} (UTC{zone[:3]}:{zone[3:]})"


def _day(day: date, language: str) -> str:
    return f"{day:%d.%m.%Y}" if language == "de" else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
