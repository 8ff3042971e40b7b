"""What every group of interfaces is made of, and what it brings to the server."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from fallwerk.domain.coupon.service import CouponOffice
from fallwerk.domain.notification.due import DueKind
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.clock import Clock
from fallwerk.kit.journal import Journal
from fallwerk.kit.metrics import Metrics
from fallwerk.kit.shared import SharedState
from fallwerk.kit.slowdown import Slowdown
from fallwerk.settings import Settings
from fallwerk.store.blobs import BlobStore
from fallwerk.store.database import Database
from fallwerk.worker.loop import Handler

if TYPE_CHECKING:
    from fallwerk.own.api import Operation


@dataclass(frozen=True, slots=True)
class Core:
    """The parts of a server process that every area is made with."""

    settings: Settings
    shared: SharedState
    clock: Clock
    database: Database
    blobs: BlobStore
    coupons: CouponOffice
    """One for everybody who gives a person a coupon: the API and the portal."""
    journal: Journal
    metrics: Metrics
    slowdown: Slowdown


@dataclass(frozen=True, slots=True)
class Area:
    """What one group of interfaces brings; the server joins all of them."""

    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)
    """Path prefix → application that answers everything below it in its own dialect."""
    pages: Sequence[BaseRoute] = ()
    """Routes for people."""
    documents: Sequence[str] = ()
    """Folders of `apis` or `neighbours` whose descriptions are served under `/openapi/`."""
    admin: Callable[[], Sequence["Operation"]] = tuple
    """Makes the operations of the admin API, when that is first asked; no start waits for their modules."""
    sandbox: Sequence["Operation"] = ()
    """Operations of the sandbox's control."""
    seeds: Sequence[Callable[[UnitOfWork, int], None]] = ()
    """Make demo data that is not there yet; called in sandbox mode, at start and after a reset."""
    handlers: Mapping[DueKind, Handler] = field(default_factory=dict)
    """What the worker does with kinds of due work that only this area knows."""
    every_beat: Sequence[Callable[[], Awaitable[None] | None]] = ()
    """Called about once a second by the worker."""
    stop: Callable[[], Awaitable[None]] | None = None
    """Closes what the area holds open."""
