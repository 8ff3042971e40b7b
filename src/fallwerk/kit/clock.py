"""
The only reader of the system clock.

Rules that depend on time read `Clock.now()`; in the sandbox it carries an offset that is stored and shared, so that a
test can wait 3,600 seconds in one call. Leases and time-outs, which measure real work, read `Clock.system_now()`.
"""

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol
from zoneinfo import ZoneInfo

BERLIN: Final = ZoneInfo("Europe/Berlin")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)
SECOND_US: Final = 1_000_000
SECONDS_KEPT: Final = 4_096


class OffsetSource(Protocol):
    """Where the sandbox keeps how far its clock is ahead."""

    def offset_us(self) -> int:
        """Microseconds by which the system's clock is ahead of the machine's."""


class NoOffset:
    """Production: the clock is the machine's."""

    def offset_us(self) -> int:
        """Return zero."""
        return 0


class Clock:
    """Aware UTC times; `now` follows the sandbox's offset, `system_now` never does."""

    def __init__(self, offset: OffsetSource | None = None) -> None:
        self._offset = offset or NoOffset()

    def now(self) -> datetime:
        """Return the system's present instant, aware UTC."""
        return from_us(self.now_us())

    def now_us(self) -> int:
        """Return the system's present instant in microseconds since 1970, the form the store keeps."""
        return time.time_ns() // 1000 + self._offset.offset_us()

    def system_now_us(self) -> int:
        """Return the machine's own time in microseconds since 1970, for leases between processes."""
        return time.time_ns() // 1000

    def offset_us(self) -> int:
        """Return how far the sandbox is ahead of the machine."""
        return self._offset.offset_us()


def monotonic_s() -> float:
    """Seconds of a clock that never goes back; for measuring durations inside one process."""
    return time.monotonic()


def to_us(instant: datetime) -> int:
    """Aware instant to microseconds since 1970."""
    return (instant - EPOCH) // MICROSECOND


def from_us(microseconds: int) -> datetime:
    """Microseconds since 1970 to an aware UTC instant."""
    return EPOCH + timedelta(microseconds=microseconds)


def utc_text(microseconds: int) -> str:
    """Render an instant as ISO 8601 in UTC with `Z`, microseconds only where there are some."""
    return from_us(microseconds).isoformat().replace("+00:00", "Z")


def berlin_day(microseconds: int) -> str:
    """Return the calendar day in Berlin as `YYYY-MM-DD`."""
    return from_us(microseconds).astimezone(BERLIN).date().isoformat()


def berlin_seconds(microseconds: int) -> str:
    """
    Render an instant as both POSTIDENT guides do: ISO 8601, whole seconds, Berlin's offset at that instant.

    Source: S-32, D-23.
    """
    return _berlin_second(microseconds // SECOND_US)


@lru_cache(maxsize=SECONDS_KEPT)
def _berlin_second(second: int) -> str:
    """Render a second since 1970; a list asks for few seconds many times."""
    return from_us(second * SECOND_US).astimezone(BERLIN).isoformat(timespec="seconds")
