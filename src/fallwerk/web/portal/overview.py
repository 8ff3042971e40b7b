"""The page behind a `caseURL`: where the case stands, what happens next, until when; one page per state."""

from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from fallwerk.domain.identcase.callbacks import Platform
from fallwerk.domain.identcase.model import Method
from fallwerk.web.portal.cases import State
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.texts import words

GONE: Final = 410
METHOD_PAGES: Final = {
    Method.BASIC: "filiale",
    Method.PHOTO: "foto",
    Method.VIDEO: "video",
    Method.EID: "online-ausweis",
}
_STEPS: Final = {
    State.NEW: 0,
    State.STARTED: 2,
    State.COUPON_REQUESTED: 2,
    State.INCOMPLETE: 2,
    State.REVIEW_PENDING: 3,
    State.DECLINED_OPEN: 1,
    State.SUCCESS: 4,
}
"""Which of the four steps is the present one; expiry and decline show none."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a state's page says and offers."""

    paragraphs: tuple[str, ...]
    action: tuple[str, str] | None = None
    """Address and words of the one primary button."""
    links: tuple[tuple[str, str], ...] = ()
    wanted: tuple[str, ...] = ()
    """What is asked for again, with the reason."""


class Overview:
    """Shows a case by its state; no personal datum is on the page, since the address alone opens it (W-01)."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    async def show(self, turn: Turn) -> Response:
        """
        Answer 200, or 410 once the validity is over.

        Source: S-43, S-44, S-46. A case that was finished in time shows its result until then and says so after it.
        """
        status = GONE if turn.now_us >= turn.case.valid_until_us else 200
        content = content_of(turn)
        return self._frame.page(
            turn,
            "case.html",
            GONE if turn.state is State.EXPIRED else status,
            paragraphs=content.paragraphs,
            action=content.action,
            links=content.links,
            step=_STEPS.get(turn.state),
            callback=turn.callback,
            wanted=content.wanted,
        )


def content_of(turn: Turn) -> Content:
    """Decide what the page of the present state says and offers."""
    texts = words(turn.language, turn.case.account.display_name)
    state, method = turn.state, turn.case.method
    if state is State.NEW:
        action = (turn.path("weiter"), texts["new_action"])
        return Content((texts["new_text"], texts["new_need"]), action, _links(turn, texts, method=None))
    if state is State.DECLINED_OPEN:
        action = (turn.path("verfahren"), texts["declined_open_action"])
        return Content((texts["declined_open_text"],), action, _links(turn, texts, method=None))
    if state.is_over or state is State.REVIEW_PENDING or method is None:
        return Content((texts[f"{state.value}_text"],))
    return _under_way(turn, texts, state, method)


def _under_way(turn: Turn, texts: dict[str, str], state: State, method: Method) -> Content:
    path = turn.path(METHOD_PAGES[method])
    links = _links(turn, texts, method=method)
    if state is State.STARTED:
        told = texts["started_text"].replace("{method}", texts[f"chose_{method}"])
        return Content((told,), (path, texts["started_action"].replace("{method}", texts[f"with_{method}"])), links)
    if state is State.COUPON_REQUESTED:
        return Content((texts["coupon_requested_text"],), (path, texts["coupon_requested_action"]), links)
    wanted = tuple(
        f"{texts[f'shot_{picture.type}']}: {texts['reason_' + picture.fault.replace(' ', '_')]}"
        for picture in turn.case.pictures
        if method is Method.PHOTO and picture.fault
    )
    return Content((texts[f"incomplete_{method}"],), (path, texts[f"incomplete_{method}_action"]), links, wanted)


def _links(turn: Turn, texts: dict[str, str], *, method: Method | None) -> tuple[tuple[str, str], ...]:
    """Ways aside, in the order in which people want them (W-03)."""
    found: list[tuple[str, Any]] = []
    if method is not None and len(turn.case.account.methods) > 1:
        found.append((turn.path("verfahren"), texts["change_method"]))
    if turn.platform is Platform.WEB:
        found.append((turn.path("handy"), texts["phone"]))
    if method is not None:
        found.append((turn.path("abbrechen"), texts["cancel"]))
    return tuple(found)
