"""All pages of the console, joined."""

from dataclasses import dataclass

from starlette.routing import Route

from fallwerk.domain.identcase.ports import ResultRenderer
from fallwerk.domain.staff.model import Action
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import Clock
from fallwerk.web.console import delivery
from fallwerk.web.console.door import Door
from fallwerk.web.console.entrance import Entrance, Tile
from fallwerk.web.console.frame import Frame, Page


@dataclass(frozen=True, slots=True)
class ConsoleDeps:
    """What the console needs from outside."""

    store: Transactions
    clock: Clock
    door: Door
    sandbox: bool
    render: ResultRenderer
    """The list form of a delivery result."""


def all_pages(deps: ConsoleDeps, frame: Frame) -> tuple[Page, ...]:
    """Return every page of the console; a test holds each against every role."""
    packaging = delivery.packaging(frame, deps.store, deps.render)
    courier = delivery.courier(frame, deps.store, deps.render)
    tiles = (
        Tile("packaging", Action.PACK, packaging.count),
        Tile("courier", Action.DELIVER, courier.count),
    )
    return (
        *Entrance(frame, tiles).pages(),
        *packaging.list_pages(Action.PACK),
        *courier.list_pages(Action.DELIVER),
    )


def routes(deps: ConsoleDeps) -> list[Route]:
    """Return the console's routes."""
    frame = Frame(deps.door, deps.clock, sandbox=deps.sandbox)
    return frame.routes(all_pages(deps, frame))
