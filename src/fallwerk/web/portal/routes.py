"""
The portal's addresses: the `caseURL` itself and the pages behind it.

Source: START §General Flow, §3; S-40 to S-46, W-01 to W-03. Every page works without a script; what a camera needs adds
one of its own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute

from fallwerk.domain.coupon.service import CouponOffice
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.eid.ports import EidServer
from fallwerk.domain.identcase.model import Method
from fallwerk.domain.portal.model import Factor
from fallwerk.domain.portal.ports import CodeSender
from fallwerk.kit.pictures import Drawn
from fallwerk.web.calls import Calls
from fallwerk.web.portal.cards import Cards
from fallwerk.web.portal.choosing import Choosing
from fallwerk.web.portal.confirming import Confirming
from fallwerk.web.portal.contact import ContactDialogue
from fallwerk.web.portal.coupons import Coupons
from fallwerk.web.portal.frame import NUMBER, PATH, Deps, Frame
from fallwerk.web.portal.notices import Notices
from fallwerk.web.portal.overview import Overview
from fallwerk.web.portal.photos import BY_PAGE, Photos
from fallwerk.web.portal.video import VideoRoom


@dataclass(frozen=True, slots=True)
class Equipment:
    """
    What the methods need from outside.

    Attributes:
        draw: Draws a picture anew (`kit.pictures.drawn_anew`), off the event loop.
    """

    office: CouponOffice
    blobs: BlobStore
    calls: Calls
    draw: Callable[[bytes], Awaitable[Drawn]]
    eid_server: EidServer | None = None
    """None: none is set up."""
    plays_cards: bool = False
    """The sandbox plays the card where no eID server is set up; production never does."""
    sender: CodeSender | None = None
    """How codes reach people; None: nobody is offered one."""

    @property
    def mails(self) -> bool:
        """Tell whether mails can leave at all."""
        return self.sender is not None and Factor.MAIL in self.sender.factors

    def methods(self) -> frozenset[Method]:
        """Return the methods that can be used here at all."""
        known = {Method.BASIC, Method.PHOTO, Method.VIDEO}
        return frozenset(known | {Method.EID} if self.eid_server is not None or self.plays_cards else known)


def routes(deps: Deps, equipment: Equipment) -> list[BaseRoute]:
    """Return the portal's routes."""
    frame = Frame(deps)
    overview = Overview(frame)
    frame.over = overview.show

    async def enter(request: Request) -> Response:
        written = request.query_params.get(NUMBER, "").strip()
        if not written:
            return frame.ask(request)
        return await frame.serve(request, written, overview.show, None)

    async def nowhere(request: Request) -> Response:
        return frame.ask(request)

    return [
        frame.pages.files.route(),
        Route(f"{PATH}/", enter, methods=["GET"]),
        Route(PATH, enter, methods=["GET"]),
        *_shared(frame, equipment),
        *_methods(frame, equipment),
        Route(f"{PATH}/{{rest:path}}", nowhere, methods=["GET"]),
    ]


def _shared(frame: Frame, equipment: Equipment) -> list[Route]:
    notices, confirming = Notices(frame), Confirming(frame, equipment.sender)
    contact, choosing = ContactDialogue(frame), Choosing(frame, equipment.methods())
    return [
        frame.route("hilfe", notices.help, always=True),
        frame.route("datenschutz", notices.privacy, always=True),
        frame.route("handy", notices.phone),
        frame.route("qr.svg", notices.code),
        frame.route("bestaetigen", confirming.show, confirming.take),
        frame.route("daten", confirming.stored),
        frame.route("weiter", choosing.on),
        frame.route("einwilligung", choosing.consent, choosing.agree),
        frame.route("angaben", contact.show, contact.take),
        frame.route("verfahren", choosing.methods, choosing.choose),
        frame.route("abbrechen", choosing.ask_cancel, choosing.cancel),
    ]


def _methods(frame: Frame, equipment: Equipment) -> list[BaseRoute]:
    coupons = Coupons(frame, equipment.office, mails=equipment.mails)
    photos = Photos(frame, equipment.blobs, equipment.draw)
    video, cards = VideoRoom(frame, equipment.calls), Cards(frame, equipment.eid_server)
    shots = [(page, photos.shot(page)) for page in BY_PAGE]
    return [
        frame.route("filiale", coupons.show, coupons.make),
        frame.route("coupon.pdf", coupons.file),
        frame.route("coupon-senden", coupons.mail_again, coupons.mail),
        frame.route("foto", photos.show, photos.send),
        *(frame.route(f"foto-{page}", shot.show, shot.take) for page, shot in shots),
        frame.route("video", video.show, video.take),
        frame.route("video-platz", video.place),
        frame.route("video-tan", video.back, video.take_tan),
        WebSocketRoute(f"{PATH}/{{case_id}}/video-gespraech", video.call),
        frame.route("online-ausweis", cards.show, cards.start),
        frame.route("online-ausweis-zurueck", cards.back),
        # Not there at all in production, nor beside a real server: nobody can play a card into a real case.
        *([frame.route("karte", cards.card, cards.play)] if equipment.plays_cards else []),
    ]
