"""A process stays on one processor, leaves one that others use, and lets threads roam that compute by themselves."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from fallwerk.kit import affinity
from fallwerk.kit.affinity import Affinity, roam
from fallwerk.kit.clock import monotonic_s

CPUS = frozenset(os.sched_getaffinity(0))
TRIES = 200


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    yield
    for thread in Path("/proc/self/task").iterdir():
        # Others end meanwhile.
        with suppress(ProcessLookupError):
            os.sched_setaffinity(int(thread.name), CPUS)


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(affinity, "LOOK_EVERY_S", 0)


def here() -> frozenset[int]:
    return frozenset(os.sched_getaffinity(0))


def test_a_process_settles_on_one_processor_and_new_threads_with_it() -> None:
    Affinity().settle()
    assert len(here()) == 1
    with ThreadPoolExecutor(1) as threads:
        assert threads.submit(here).result() == here()
    with ThreadPoolExecutor(1, initializer=roam) as threads:
        assert threads.submit(here).result() == CPUS


@pytest.mark.usefixtures("at_once")
def test_it_leaves_a_processor_that_others_use_with_all_threads_but_those_that_roam() -> None:
    busy = dict.fromkeys(CPUS, 0.0)
    began_s = monotonic_s()
    found = Affinity(lambda: {cpu: used_s * (monotonic_s() - began_s) for cpu, used_s in busy.items()})
    found.settle()
    at = next(iter(here()))
    ended = threading.Event()
    with ThreadPoolExecutor(1) as staying, ThreadPoolExecutor(1, initializer=roam) as roaming:
        staying.submit(ended.is_set).result()
        roaming.submit(ended.is_set).result()
        look(found)
        assert here() == {at}
        busy[at] = 1.5
        look(found)
        assert len(here()) == 1
        assert (here() == {at}) == (len(CPUS) == 1)
        assert staying.submit(here).result() == here()
        assert roaming.submit(here).result() == CPUS


@pytest.mark.usefixtures("at_once")
def test_it_stays_where_only_it_is_busy() -> None:
    began_s, settled = monotonic_s(), 0
    found = Affinity(
        lambda: {cpu: looked_s - began_s if cpu == settled else 0.0 for cpu in CPUS}, lambda: looked_s - began_s
    )
    found.settle()
    at = here()
    (settled,) = at
    for _ in range(TRIES):
        looked_s = monotonic_s()
        found.look()
    assert here() == at


def test_a_process_that_never_settled_stays_free() -> None:
    Affinity().look()
    assert here() == CPUS


def look(found: Affinity) -> None:
    """Look so often that chance has its way."""
    for _ in range(TRIES):
        found.look()
