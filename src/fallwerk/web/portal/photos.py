"""The method photo: a document's sides and a selfie, by camera or as files, one at a time, then sent off together."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from starlette.responses import Response

from fallwerk.domain.account.model import IdentClass
from fallwerk.domain.document.errors import BlobStoreUnavailable
from fallwerk.domain.document.model import Upload
from fallwerk.domain.document.ports import BlobStore
from fallwerk.domain.document.service import store_content
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.identcase.attempt import CaseFile
from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.lifecycle import IllegalStep
from fallwerk.domain.identcase.model import IdentStatus, Method
from fallwerk.domain.identcase.service.pictures import (
    NoOpenAttempt,
    Picture,
    PicturesMissing,
    keep_picture,
    submit_pictures,
)
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.pictures import Drawn, Hint, PictureRefused, Refusal
from fallwerk.web.portal.choosing import stopped
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.texts import words

UNPROCESSABLE: Final = 422
HINT: Final = "hinweis"
PASSPORT: Final = "pass"


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture that is asked for."""

    page: str
    """Name of its page below the case's."""
    type: str
    """One of `attempt.RECORD_TYPES`."""
    facing: str
    """Which camera of a phone: `environment` or `user`."""
    has_passport_way: bool = False
    """A passport has no such side."""


SHOTS: Final = (
    Shot("vorderseite", "idfrontside", "environment"),
    Shot("rueckseite", "idbackside", "environment", has_passport_way=True),
    Shot("selfie", "userface", "user"),
)
LICENCE_SHOTS: Final = (
    Shot("fuehrerschein", "dlfrontside", "environment"),
    Shot("fuehrerschein-rueckseite", "dlbackside", "environment"),
)
"""The class Mobility looks at the driving licence too (decision 42)."""
BY_PAGE: Final[Mapping[str, Shot]] = MappingProxyType({shot.page: shot for shot in (*SHOTS, *LICENCE_SHOTS)})


@dataclass(frozen=True, slots=True)
class Line:
    """A picture on the list: there, wanted, or wanted again."""

    shot: Shot
    status: str
    """`there`, `wanted` or `again`."""
    fault: str = ""
    """Key of the text that says what was wrong."""


class Photos:
    """
    Takes pictures, keeps them sealed, sends them off.

    Args:
        draw: Draws a picture anew (`kit.pictures.drawn_anew`), off the event loop.
    """

    def __init__(self, frame: Frame, blobs: BlobStore, draw: Callable[[bytes], Awaitable[Drawn]]) -> None:
        self._frame = frame
        self._blobs = blobs
        self._draw = draw

    async def show(self, turn: Turn) -> Response:
        """List the pictures with what is there, and lead to the next one."""
        return self._away(turn) or self._list(turn, {})

    async def send(self, turn: Turn) -> Response:
        """Send the pictures off for review."""
        away = self._away(turn)
        if away is not None:
            return away
        missing = self._missing(turn, passport=turn.form.get(PASSPORT) == "yes")
        if missing:
            texts = words(turn.language, turn.case.account.display_name)
            return self._list(turn, {f"shot-{shot.page}": texts[f"shot_{shot.type}"] for shot in missing})
        case = turn.case
        try:
            await self._frame.deps.store.write(
                lambda uow: submit_pictures(uow, case.tenant_id, case.case_id, actor=turn.actor, now_us=turn.now_us)
            )
        except (PicturesMissing, IllegalStep, CaseUnknown):
            # Sent already from another tab, or closed meanwhile: the case's page says which.
            return self._frame.to(turn)
        return self._frame.to(turn)

    def shot(self, page: str) -> "ShotPage":
        """Return the page of one picture."""
        return ShotPage(self, BY_PAGE[page])

    def page(self, turn: Turn, shot: Shot, fault: str = "") -> Response:
        """Ask for one picture."""
        texts = words(turn.language, turn.case.account.display_name)
        before = next((picture.fault for picture in turn.case.pictures if picture.type == shot.type), "")
        response = self._frame.page(
            turn,
            "shot.html",
            UNPROCESSABLE if fault else 200,
            shot=shot,
            fault=texts[fault] if fault else "",
            again=texts[f"reason_{before.replace(' ', '_')}"] if before else "",
        )
        response.headers["Permissions-Policy"] = "camera=(self), geolocation=(), microphone=(), payment=()"
        return response

    async def keep(self, turn: Turn, shot: Shot) -> Response:
        """Check a picture, draw it anew, and keep it until all are sent off."""
        try:
            drawn = await self._draw(turn.picture or b"")
        except PictureRefused as refused:
            return self.page(turn, shot, f"picture_{refused.reason.value}")
        try:
            await self._store(turn, shot, drawn)
        except (CaseClosed, CaseUnknown, NoOpenAttempt):
            return self._frame.to(turn)
        except BlobStoreUnavailable as away:
            raise StoreUnavailable from away
        hint = f"?{HINT}={drawn.hint.value}-{shot.page}" if drawn.hint else ""
        return self._frame.to(turn, f"foto{hint}")

    def away(self, turn: Turn, shot: Shot) -> Response | None:
        """Send on whoever has no such picture to take now; None: go on."""
        away = self._away(turn)
        if away is None and shot not in self.wanted(turn):
            return self._frame.to(turn, "foto")
        return away

    def wanted(self, turn: Turn) -> tuple[Shot, ...]:
        """Return the pictures that the case's class asks for."""
        mobility = turn.case.account.ident_class is IdentClass.MOBILITY
        return (*SHOTS, *LICENCE_SHOTS) if mobility else SHOTS

    async def _store(self, turn: Turn, shot: Shot, drawn: Drawn) -> None:
        case = turn.case

        def keep(uow: UnitOfWork, upload: Upload) -> CaseFile:
            picture = Picture(shot.type, drawn.mime_type, upload)
            return keep_picture(uow, case.tenant_id, case.case_id, picture, actor=turn.actor, now_us=turn.now_us)

        await store_content(self._blobs, self._frame.deps.store, case.tenant_id, drawn.content, keep)

    def _away(self, turn: Turn) -> Response | None:
        return stopped(self._frame, turn, Method.PHOTO) or (
            self._frame.to(turn) if self._status(turn) is IdentStatus.REVIEW_PENDING else None
        )

    def _status(self, turn: Turn) -> IdentStatus | None:
        return turn.case.status_of.get(Method.PHOTO)

    def _missing(self, turn: Turn, *, passport: bool) -> list[Shot]:
        usable = {picture.type for picture in turn.case.pictures if picture.is_usable}
        return [
            shot for shot in self.wanted(turn) if shot.type not in usable and not (passport and shot.has_passport_way)
        ]

    def _list(self, turn: Turn, faults: Mapping[str, str]) -> Response:
        lines = [self._line(turn, shot) for shot in self.wanted(turn)]
        todo = [line for line in lines if line.status != "there"]
        # A passport has one side only, so what is left of it does not stand between the person and the end.
        must = [line for line in todo if not line.shot.has_passport_way]
        return self._frame.page(
            turn,
            "photos.html",
            UNPROCESSABLE if faults else 200,
            lines=lines,
            upcoming=(todo[0] if must else None) if todo else None,
            asks_passport=bool(todo) and not must,
            hint=_hint(turn),
            faults=faults,
        )

    def _line(self, turn: Turn, shot: Shot) -> Line:
        picture = next((picture for picture in turn.case.pictures if picture.type == shot.type), None)
        if picture is None:
            return Line(shot, "wanted")
        if picture.fault:
            return Line(shot, "again", f"reason_{picture.fault.replace(' ', '_')}")
        return Line(shot, "there")


@dataclass(frozen=True, slots=True)
class ShotPage:
    """The page of one picture, as a route needs it."""

    photos: Photos
    shot: Shot

    async def show(self, turn: Turn) -> Response:
        """Ask for the picture."""
        return self._away(turn) or self.photos.page(turn, self.shot)

    async def take(self, turn: Turn) -> Response:
        """Take the picture."""
        return self._away(turn) or await self.photos.keep(turn, self.shot)

    def _away(self, turn: Turn) -> Response | None:
        return self.photos.away(turn, self.shot)


def _hint(turn: Turn) -> tuple[str, str] | None:
    """Return what is probably wrong with the picture that was taken last, and its page."""
    hint, _, page = turn.request.query_params.get(HINT, "").partition("-")
    return (f"hint_{hint}", page) if hint in set(Hint) and page in BY_PAGE else None


REFUSALS: Final = tuple(f"picture_{reason.value}" for reason in Refusal)
"""Keys of the texts that say why a picture was refused."""
