"""Resident memory of the server process, idle and after 100,000 starts."""

import time

import psutil
from harness import ENGINES, Figure, Load, main, served, start_templates

STARTS = 100_000
STARTS_QUICK = 20_000
MEGABYTE = 1_000_000
IDLE_S = 3


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine."""
    starts = STARTS_QUICK if quick else STARTS
    return [figure for engine in ENGINES for figure in _engine(engine, starts)]


def _engine(engine: str, starts: int) -> list[Figure]:
    with served(engine) as system:
        time.sleep(IDLE_S)
        idle = resident(system.server.pid)
        load = Load(system.server.port, start_templates(system.open_accounts(), system.server.port))
        rate = load.run(requests=starts)["rate"]
        load.require_only("201")
        after = resident(system.server.pid)
    return [
        Figure("resident memory, idle", engine, idle, " MB", 120, at_least=False, detail=f"{IDLE_S} s after the start"),
        Figure(
            f"resident memory after {starts:,} starts",
            engine,
            after,
            " MB",
            160,
            at_least=False,
            detail=f"at {rate:.0f}/s; the journal's 8 MiB are in it",
        ),
    ]


def resident(pid: int) -> float:
    """Megabytes that the process and its children hold in memory, pages shared between them counted each time."""
    process = psutil.Process(pid)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True))) / MEGABYTE


if __name__ == "__main__":
    main(measure)
