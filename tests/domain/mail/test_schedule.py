"""When a message is tried again, and when not."""

import pytest

from fallwerk.domain.mail.model import Channel, MailKind, MailOutcome, Message, MessageStatus
from fallwerk.domain.mail.schedule import after_attempt

START_US = 1_790_000_000_000_000
DAY_US = 24 * 3600 * 1_000_000
LATER = MailOutcome("timeout")


def message(useless_us: int = START_US + 30 * DAY_US) -> Message:
    return Message(
        message_id=1,
        tenant_id=1,
        case_id="ABCDEFGH1234",
        channel=Channel.MAIL,
        kind=MailKind.START,
        to="erika@example.org",
        facts={},
        status=MessageStatus.PENDING,
        attempts=(),
        created_us=START_US,
        useless_us=useless_us,
    )


@pytest.mark.req("W-06")
def test_a_message_is_tried_again_after_a_minute_a_quarter_an_hour_and_six_hours_and_then_given_up():
    current, at_us, waits = message(), START_US, []
    while True:
        current, next_us = after_attempt(current, at_us, LATER)
        if next_us is None:
            break
        waits.append((next_us - at_us) // 1_000_000)
        at_us = next_us
    assert waits == [60, 900, 3600, 21_600]
    assert current.status is MessageStatus.FAILED
    assert [attempt.error for attempt in current.attempts] == ["timeout"] * 5


@pytest.mark.req("W-06")
def test_a_message_that_was_taken_over_is_not_tried_again():
    after, next_us = after_attempt(message(), START_US, MailOutcome())
    assert (after.status, next_us) == (MessageStatus.SENT, None)


@pytest.mark.req("W-06")
def test_a_refusal_for_good_ends_it():
    after, next_us = after_attempt(message(), START_US, MailOutcome("recipient refused (550)", final=True))
    assert (after.status, next_us) == (MessageStatus.FAILED, None)


@pytest.mark.req("W-06")
def test_a_message_is_not_sent_after_it_says_nothing_any_more():
    after, next_us = after_attempt(message(START_US + 59_000_000), START_US, LATER)
    assert (after.status, next_us) == (MessageStatus.FAILED, None)
    _, next_us = after_attempt(message(START_US + 60_000_000), START_US, LATER)
    assert next_us == START_US + 60_000_000
