"""
The page behind a `caseURL`: which case it is, where it stands, until when.

Source: S-43, S-44, W-01, C-10. Nothing that it shows is personal, since the address alone proves nothing about who
opens it. It needs no script.
"""

from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fallwerk.domain.errors import StoreUnavailable
from fallwerk.kit.clock import Clock
from fallwerk.kit.pages import Pages, preferred_language
from fallwerk.kit.slowdown import Slowdown
from fallwerk.web.portal.cases import CaseView, FindCase, normalised
from fallwerk.web.portal.texts import LANGUAGES, TEXTS, moment, next_step

FOLDER: Final = Path(__file__).parent
PATH: Final = "/identportal/"
NUMBER: Final = "vorgangsnummer"
_SHOWN_INPUT: Final = 40
"""Characters of a wrong number that are shown again."""
_GROUP: Final = 4


def routes(find: FindCase, *, clock: Clock, slowdown: Slowdown) -> list[Route]:
    """
    Return the portal's routes.

    Args:
        find: Usually `cases.finder(store)`.
        slowdown: Delays whoever keeps asking for cases that do not exist.
    """
    portal = _Portal(find, clock, slowdown)
    return [
        portal.pages.files.route(),
        Route(PATH, portal.show, methods=["GET"]),
        Route(PATH.rstrip("/"), portal.show, methods=["GET"]),
    ]


class _Portal:
    def __init__(self, find: FindCase, clock: Clock, slowdown: Slowdown) -> None:
        self.pages = Pages(FOLDER, "/static/portal")
        self._find = find
        self._clock = clock
        self._slowdown = slowdown

    async def show(self, request: Request) -> Response:
        """Answer 200 for an open case, 410 for one that is over, 404 with a form for none."""
        written = request.query_params.get(NUMBER, "").strip()
        if not written:
            return self._ask(request)
        case_id = normalised(written)
        if case_id is None:
            return self._ask(request, written, "malformed")
        try:
            case = await self._find(case_id)
        except StoreUnavailable:
            return self._away(request, case_id)
        if case is None:
            address = request.client.host if request.client else ""
            await self._slowdown.failed(("portal", address))
            return self._ask(request, written, "unknown")
        return self._case(request, case)

    def _case(self, request: Request, case: CaseView) -> Response:
        language = _chosen(request) or case.language
        state = case.state(self._clock.now_us())
        return self._answer(
            "case.html",
            410 if state.is_over else 200,
            language,
            case.case_id,
            account=case.display_name,
            groups=_groups(case.case_id),
            state=state,
            until=moment(case.valid_until_us, language),
            following=next_step(state, language, case.display_name),
        )

    def _ask(self, request: Request, written: str = "", fault: str | None = None) -> Response:
        shown = written[:_SHOWN_INPUT]
        return self._answer("find.html", 404, _negotiated(request), shown, account="", written=shown, fault=fault)

    def _away(self, request: Request, case_id: str) -> Response:
        headers = {"Retry-After": "60"}
        return self._answer("away.html", 503, _negotiated(request), case_id, headers=headers, account="")

    def _answer(
        self,
        template: str,
        status: int,
        language: str,
        number: str,
        *,
        headers: dict[str, str] | None = None,
        **more: object,
    ) -> Response:
        switch = [(code, f"{PATH}?{_query(number, code)}", code == language) for code in LANGUAGES]
        return self.pages.answer(
            template,
            status,
            headers={
                "Content-Language": language,
                "Vary": "Accept-Language",
                "X-Robots-Tag": "noindex, nofollow",
                **(headers or {}),
            },
            language=language,
            texts=TEXTS[language],
            switch=switch,
            **more,
        )


def _chosen(request: Request) -> str | None:
    asked = request.query_params.get("lang", "")
    return asked if asked in LANGUAGES else None


def _negotiated(request: Request) -> str:
    return _chosen(request) or preferred_language(request.headers.get("accept-language", ""), LANGUAGES)


def _query(number: str, language: str) -> str:
    return urlencode({NUMBER: number, "lang": language} if number else {"lang": language})


def _groups(case_id: str) -> list[str]:
    return [case_id[start : start + _GROUP] for start in range(0, len(case_id), _GROUP)]
