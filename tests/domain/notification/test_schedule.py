"""When a notification is tried again."""

import pytest

from fallwerk.domain.notification.model import Attempt, Delivery, DeliveryStatus, Outcome
from fallwerk.domain.notification.schedule import after_attempt

SECOND = 1_000_000
NEW = Delivery(1, 2, "ABC", "https://example.org/", b"{}", "success", DeliveryStatus.PENDING, (), 0, 0)


def after_failures(count, *, retry=True):
    delivery = NEW
    for number in range(count):
        delivery = after_attempt(delivery, number, Outcome(503), retry=retry)
    return delivery


@pytest.mark.req("D-64")
def test_status_200_delivers():
    after = after_attempt(NEW, 7, Outcome(200), retry=True)
    assert (after.status, after.next_attempt_at_us) == (DeliveryStatus.DELIVERED, None)
    assert after.attempts == (Attempt(7, 200, None),)


@pytest.mark.req("D-64")
@pytest.mark.parametrize(
    "outcome", [Outcome(201), Outcome(204), Outcome(302), Outcome(404), Outcome(500), Outcome(error="timeout")]
)
def test_anything_but_a_complete_200_is_tried_again_at_once(outcome):
    after = after_attempt(NEW, 7 * SECOND, outcome, retry=True)
    assert after.status is DeliveryStatus.PENDING
    assert after.next_attempt_at_us == 7 * SECOND
    assert after.attempts == (Attempt(7 * SECOND, outcome.status_code, outcome.error),)


@pytest.mark.req("D-64")
@pytest.mark.parametrize(("failures", "wait_s"), [(1, 0), (2, 900), (3, 3600)])
def test_waiting_counts_from_the_beginning_of_the_attempt_before(failures, wait_s):
    before = after_failures(failures - 1)
    began_us = 5_000 * SECOND
    assert after_attempt(before, began_us, Outcome(503), retry=True).next_attempt_at_us == began_us + wait_s * SECOND


@pytest.mark.req("D-64")
def test_after_three_retries_it_is_given_up_and_shown_as_failed():
    after = after_failures(4)
    assert (after.status, after.next_attempt_at_us, len(after.attempts)) == (DeliveryStatus.FAILED, None, 4)


@pytest.mark.req("D-64")
def test_the_last_retry_can_still_deliver():
    assert after_attempt(after_failures(3), 9, Outcome(200), retry=True).status is DeliveryStatus.DELIVERED


@pytest.mark.req("D-64")
def test_without_retry_the_first_failure_is_the_last():
    after = after_failures(1, retry=False)
    assert (after.status, after.next_attempt_at_us) == (DeliveryStatus.FAILED, None)


@pytest.mark.req("D-67")
def test_a_refusal_is_final():
    after = after_attempt(NEW, 0, Outcome(error="refused: private address", final=True), retry=True)
    assert (after.status, after.next_attempt_at_us) == (DeliveryStatus.FAILED, None)
    assert after.attempts == (Attempt(0, None, "refused: private address"),)
