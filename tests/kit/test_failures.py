"""Failures are counted per key within a window; who waits as long as told is heard again (C-10)."""

import pytest

from fallwerk.kit.failures import FREE_FAILURES, KEPT, WINDOW_S, FailureLimit
from fallwerk.kit.slowdown import Wide


class Time:
    """A clock that the test sets."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.req("C-10")
def test_failures_beyond_the_free_ones_wait_for_the_end_of_the_window():
    time = Time()
    limit = FailureLimit(time)
    assert [limit.failed("a") for _ in range(FREE_FAILURES)] == [0] * FREE_FAILURES
    assert limit.failed("a") == WINDOW_S
    time.now_s = 59.5
    assert limit.failed("a") == 1
    assert limit.failed("b") == 0
    time.now_s = WINDOW_S
    assert limit.failed("a") == 0


@pytest.mark.req("C-10")
def test_the_worst_of_several_keys_counts_and_a_wide_one_has_its_own_number():
    limit = FailureLimit(Time())
    wide = Wide("everybody", 3)
    assert [limit.failed(number, wide) for number in range(4)] == [0, 0, 0, WINDOW_S]


def test_the_memory_is_bounded():
    limit = FailureLimit(Time())
    for number in range(KEPT + 10):
        limit.failed(number)
    assert len(limit._failures) == KEPT
