"""All pages of the console, joined."""

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.routing import Route

from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import Clock
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


def all_pages(_deps: ConsoleDeps, frame: Frame) -> Sequence[Page]:
    """Return every page of the console; a test holds each against every role."""
    tiles: list[Tile] = []
    return Entrance(frame, tiles).pages()


def routes(deps: ConsoleDeps) -> list[Route]:
    """Return the console's routes."""
    frame = Frame(deps.door, deps.clock, sandbox=deps.sandbox)
    return frame.routes(all_pages(deps, frame))
