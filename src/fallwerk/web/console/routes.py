"""All pages of the console, joined."""

from dataclasses import dataclass

from starlette.routing import BaseRoute

from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.identcase.ports import ResultRenderer
from fallwerk.domain.portal.ports import CodeSender
from fallwerk.domain.staff.model import Action
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import Clock
from fallwerk.web.calls import Calls
from fallwerk.web.console import delivery
from fallwerk.web.console.call import AgentCall
from fallwerk.web.console.counter import CounterPages, ReadCodes
from fallwerk.web.console.customers import CustomerPages
from fallwerk.web.console.door import Door
from fallwerk.web.console.entrance import Entrance, Tile
from fallwerk.web.console.frame import Frame, Page
from fallwerk.web.console.loans import LoanPages
from fallwerk.web.console.review import ReviewPages
from fallwerk.web.console.users import UserPages
from fallwerk.web.console.video import VideoPages


@dataclass(frozen=True, slots=True)
class ConsoleDeps:
    """What the console needs from outside."""

    store: Transactions
    clock: Clock
    door: Door
    sandbox: bool
    render: ResultRenderer
    """The list form of a delivery result."""
    blobs: BlobStore
    read_codes: ReadCodes
    calls: Calls
    public_base_url: str
    sender: CodeSender | None = None
    """How codes reach people; None: nobody is sent one."""


def all_pages(deps: ConsoleDeps, frame: Frame) -> tuple[Page, ...]:
    """Return every page of the console; a test holds each against every role."""
    packaging = delivery.packaging(frame, deps.store, deps.render)
    courier = delivery.courier(frame, deps.store, deps.render)
    counter = CounterPages(frame, deps.store, deps.render, deps.read_codes)
    video = VideoPages(frame, deps.store, deps.clock, deps.sender)
    review = ReviewPages(frame, deps.store, deps.blobs)
    tiles = (
        Tile("packaging", Action.PACK, packaging.count),
        Tile("courier", Action.DELIVER, courier.count),
        Tile("counter", Action.IDENTIFY, counter.count),
        Tile("video", Action.ANSWER_CALLS, video.count),
        Tile("review", Action.REVIEW, review.count),
        Tile("loans", Action.READ_LOANS),
        Tile("customers", Action.READ_CUSTOMERS),
        Tile("users", Action.MANAGE_USERS),
    )
    return (
        *Entrance(frame, tiles).pages(),
        *packaging.list_pages(Action.PACK),
        *courier.list_pages(Action.DELIVER),
        *counter.pages(),
        *video.pages(),
        *review.pages(),
        *LoanPages(frame, deps.store, deps.blobs).pages(),
        *CustomerPages(frame, deps.store).pages(),
        *UserPages(frame, deps.store).pages(),
    )


def routes(deps: ConsoleDeps) -> list[BaseRoute]:
    """Return the console's routes."""
    frame = Frame(deps.door, deps.clock, sandbox=deps.sandbox)
    call = AgentCall(deps.store, deps.clock, deps.door, deps.calls, deps.public_base_url)
    # In front of the pages, of which the last takes whatever is left.
    return [call.route(), *frame.routes(all_pages(deps, frame))]
