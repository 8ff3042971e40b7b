"""What a tester can order of the sandbox: faults of calls and of components."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Component(StrEnum):
    """Parts of the system that can be declared unavailable."""

    DATABASE = "database"
    BLOBSTORE = "blobstore"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class CallFault:
    """The next matching calls are delayed, answered with a status, or both."""

    fault_id: int
    method: str | None
    """In capitals; None matches every method."""
    path_prefix: str | None
    """None matches every path."""
    status: int | None
    """None only delays: the call is answered as usual afterwards."""
    delay_ms: int
    remaining: int
    """How many more calls it takes."""

    def matches(self, method: str, path: str) -> bool:
        """Tell whether a call is meant."""
        return (self.method is None or self.method == method) and (
            self.path_prefix is None or path.startswith(self.path_prefix)
        )


@dataclass(frozen=True, slots=True)
class OrderedFaults:
    """Everything ordered now; calls in the order in which they were ordered."""

    calls: Sequence[CallFault] = ()
    components: frozenset[Component] = frozenset()
