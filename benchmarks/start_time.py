"""From spawning the process to its line `Ready`, and to the first 200 of `/healthz`."""

import time

import httpx
from harness import ENGINES, Figure, database, folder, main, median

from tests.support.server import Server


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine."""
    return [_engine(engine, 5 if quick else 15) for engine in ENGINES]


def _engine(engine: str, rounds: int) -> Figure:
    ready, healthy = [], []
    with folder() as data, database(engine, data) as url:
        for _ in range(rounds + 1):
            server = Server(data, database_url=url)
            begin = time.perf_counter()
            server.start()
            ready.append(time.perf_counter() - begin)
            try:
                httpx.get(f"{server.url}/healthz", trust_env=False).raise_for_status()
                healthy.append(time.perf_counter() - begin)
            finally:
                server.stop()
    detail = (
        f"Ready after {median(ready[1:]):.2f} s, then /healthz with a new client; the very first start, which makes"
        f" the schema and the demo data: {healthy[0]:.2f} s"
    )
    return Figure("process start to ready", engine, median(healthy[1:]), " s", 1.0, at_least=False, detail=detail)


if __name__ == "__main__":
    main(measure)
