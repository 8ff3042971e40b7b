"""When a message is tried again."""

from dataclasses import replace
from typing import Final

from fallwerk.domain.mail.model import MailAttempt, MailOutcome, Message, MessageStatus

RETRIES_S: Final = (60, 900, 3600, 21_600)
"""Seconds from the beginning of the attempt before: a minute, a quarter, an hour, six hours; then given up."""


def after_attempt(message: Message, began_us: int, outcome: MailOutcome) -> tuple[Message, int | None]:
    """
    Add an attempt and return the message with the time of the next one; None: there is none.

    Source: W-06. A message that would come too late is given up earlier: nobody needs a code that has ended.
    """
    attempts = (*message.attempts, MailAttempt(began_us, outcome.error))
    if outcome.error is None:
        return replace(message, attempts=attempts, status=MessageStatus.SENT), None
    waits_s = RETRIES_S[len(attempts) - 1] if len(attempts) <= len(RETRIES_S) else None
    next_us = None if waits_s is None else began_us + waits_s * 1_000_000
    if outcome.final or next_us is None or next_us > message.useless_us:
        return replace(message, attempts=attempts, status=MessageStatus.FAILED), None
    return replace(message, attempts=attempts), next_us
