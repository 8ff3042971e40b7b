"""Shared state: what one process writes the others see, also when they race or are killed."""

import os
import signal

import pytest

from fallwerk.kit.clock import Clock
from fallwerk.kit.shared import SharedState


def in_child(work):
    """Run the work in a forked process and return its exit code; nothing of the test runner runs there."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return pid


def finished(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.fixture
def shared():
    state = SharedState(4, ring_bytes=4 * 64 * 1024)
    yield state
    state.close()


def test_a_change_in_one_process_is_a_new_generation_in_the_others(shared):
    before = shared.generation
    assert finished(in_child(shared.bump_generation)) == 0
    assert shared.generation != before


def test_racing_bumps_are_all_counted(shared):
    def bump():
        for _ in range(500):
            shared.bump_generation()

    assert [finished(pid) for pid in [in_child(bump) for _ in range(4)]] == [0, 0, 0, 0]
    assert shared.generation == 2000


def test_the_clocks_offset_moves_in_every_process_and_drops_caches(shared):
    clock, before = Clock(shared), shared.generation
    assert finished(in_child(lambda: shared.set_offset_us(3_600_000_000))) == 0
    assert clock.offset_us() == 3_600_000_000
    assert clock.now_us() - clock.system_now_us() == pytest.approx(3_600_000_000, abs=1_000_000)
    assert shared.generation != before


def test_a_negative_offset_stays_negative(shared):
    shared.set_offset_us(-1)
    assert shared.offset_us() == -1


def test_a_process_killed_inside_the_lock_does_not_hold_it(shared):
    def die():
        with shared.locked():
            os.kill(os.getpid(), signal.SIGKILL)

    assert finished(in_child(die)) == -signal.SIGKILL
    shared.bump_generation()
    assert shared.generation == 1


def test_the_newest_heartbeat_of_any_process_counts(shared):
    assert shared.last_beat_us() == 0
    assert not shared.worker_alive(20_000_000)

    def beat():
        shared.attach(3)
        shared.beat(15_000_000)

    pid = in_child(beat)
    assert finished(pid) == 0
    assert shared.pids()[3] == pid
    assert shared.worker_alive(20_000_000)
    assert not shared.worker_alive(25_000_001)
    assert shared.worker_alive(25_000_001, within_s=11)


def test_a_process_that_takes_a_dead_ones_place_has_not_beaten_yet(shared):
    shared.beat(5)
    shared.attach(0)
    assert shared.last_beat_us() == 0


@pytest.mark.parametrize("processes", [0, 65])
def test_only_1_to_64_processes_are_possible(processes):
    with pytest.raises(ValueError, match="1 to 64 processes"):
        SharedState(processes)
