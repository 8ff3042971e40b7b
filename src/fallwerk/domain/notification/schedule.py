"""When a notification is tried again (D-64)."""

from dataclasses import replace
from typing import Final

from fallwerk.domain.notification.model import Attempt, Delivery, DeliveryStatus, Outcome

RETRIES_S: Final = (0, 900, 3600)
"""Seconds from the beginning of the attempt before: at once, after 15 minutes, after an hour; then given up."""
ACCEPTED: Final = 200


def after_attempt(delivery: Delivery, began_us: int, outcome: Outcome, *, retry: bool) -> Delivery:
    """
    Add an attempt and decide what follows.

    Source: DELIVERY §5; D-64, D-67.

    Args:
        began_us: When the attempt began.
        retry: Whether the account wants retries.
    """
    attempts = (*delivery.attempts, Attempt(began_us, outcome.status_code, outcome.error))
    if outcome.status_code == ACCEPTED and outcome.error is None:
        return replace(delivery, attempts=attempts, status=DeliveryStatus.DELIVERED, next_attempt_at_us=None)
    if outcome.final or not retry or len(attempts) > len(RETRIES_S):
        return replace(delivery, attempts=attempts, status=DeliveryStatus.FAILED, next_attempt_at_us=None)
    next_us = began_us + RETRIES_S[len(attempts) - 1] * 1_000_000
    return replace(delivery, attempts=attempts, next_attempt_at_us=next_us)
