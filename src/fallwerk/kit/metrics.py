"""
What Prometheus may ask (C-07). No label holds a person's, a case's or a client's name.

With several server processes each keeps its numbers in a file of a shared folder and any of them answers with the sums;
`shared_between_processes` prepares that and must be entered before this module's library is imported anywhere.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from fallwerk.kit.hosts import process_exists

_FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
_FOLDER_PREFIX: Final = "fallwerk-metrics-"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


@contextmanager
def shared_between_processes() -> Iterator[None]:
    """Keep a folder for all processes' numbers; remove it afterwards, and those that killed servers left."""
    parent = Path(tempfile.gettempdir())
    for folder in parent.glob(f"{_FOLDER_PREFIX}*"):
        pid = folder.name.removeprefix(_FOLDER_PREFIX).partition("-")[0]
        if pid.isdigit() and not process_exists(int(pid)):
            shutil.rmtree(folder, ignore_errors=True)
    shared = tempfile.mkdtemp(prefix=f"{_FOLDER_PREFIX}{os.getpid()}-", dir=parent)
    os.environ[_FOLDER_VARIABLE] = shared
    try:
        yield
    finally:
        del os.environ[_FOLDER_VARIABLE]
        shutil.rmtree(shared, ignore_errors=True)


class Metrics:
    """
    The numbers of one process.

    `observe` and `delivered` are for the hot paths: label sets are looked up once and kept.
    """

    def __init__(self) -> None:
        # The library chooses between memory and shared files while it is imported.
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector  # noqa: PLC0415

        self._shared = _FOLDER_VARIABLE in os.environ
        self._registry = CollectorRegistry()
        if not self._shared:
            ProcessCollector(registry=self._registry)
        self._requests = Counter(
            "fallwerk_requests", "Answered requests.", ["api", "operation", "status"], registry=self._registry
        )
        self._durations = Histogram(
            "fallwerk_request_duration_seconds", "Time from the request's first byte to the answer.",
            ["api", "operation"], buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._deliveries = Counter(
            "fallwerk_deliveries", "Attempts to notify a client's server.", ["outcome"], registry=self._registry
        )

        def gauge(name: str, text: str) -> Gauge:
            # Every process reads these from the one database: the newest value is everybody's.
            return Gauge(name, text, registry=self._registry, multiprocess_mode="mostrecent")

        self.due_pending: Final = gauge("fallwerk_due_work_pending", "Pieces of work that are due or will be.")
        self.due_lag_s: Final = gauge("fallwerk_due_work_lag_seconds", "How long the oldest due piece has waited.")
        self.audit_unsealed: Final = gauge("fallwerk_audit_unsealed", "Audit events that the chain does not hold yet.")
        self.audit_lag_s: Final = gauge("fallwerk_audit_lag_seconds", "Age of the oldest unsealed audit event.")
        self._counters: Final = dict[tuple[str, str, int], Counter]()
        self._timers: Final = dict[tuple[str, str], Histogram]()

    def observe(self, api: str, operation: str, status: int, duration_s: float) -> None:
        """Count one answered request. `operation` is ours (`start_case`), never a path."""
        counter = self._counters.get((api, operation, status))
        if counter is None:
            counter = self._counters[api, operation, status] = self._requests.labels(api, operation, str(status))
            self._timers[api, operation] = self._durations.labels(api, operation)
        counter.inc()
        self._timers[api, operation].observe(duration_s)

    def delivered(self, outcome: str) -> None:
        """Count one attempt of a notification: `delivered`, `retry`, `failed` or `refused`."""
        self._deliveries.labels(outcome).inc()

    def render(self) -> tuple[bytes, str]:
        """Return the text of all processes' numbers and its media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest  # noqa: PLC0415

        registry = self._registry
        if self._shared:
            from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_LATEST
