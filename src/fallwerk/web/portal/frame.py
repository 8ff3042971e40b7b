"""
What every page of a case shares: which case, whose visit, in which language; and what every form must have.

A handler gets a `Turn` and returns its answer. Whatever stands in the way (unknown case, store away, somebody else's
form, a visit that is over) is answered here.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fallwerk.domain.audit.model import Actor
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.identcase.callbacks import Platform, callback_url
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.clock import Clock
from fallwerk.kit.pages import Pages, preferred_language
from fallwerk.kit.slowdown import Slowdown
from fallwerk.web.portal.cases import CaseView, FindCase, State, normalised
from fallwerk.web.portal.moments import moment
from fallwerk.web.portal.platforms import platform_of
from fallwerk.web.portal.texts import LANGUAGES, words
from fallwerk.web.portal.uploads import FormBroken, FormTooLarge, read_form, read_picture_form
from fallwerk.web.portal.visits import CSRF, Visit, Visits, is_foreign

log = structlog.get_logger()

FOLDER: Final = Path(__file__).parent
PATH: Final = "/identportal"
NUMBER: Final = "vorgangsnummer"
LANGUAGE: Final = "lang"
_SHOWN_INPUT: Final = 40
"""Characters of a wrong number that are shown again."""
_GROUP: Final = 4
_NO_INDEX: Final = {"X-Robots-Tag": "noindex, nofollow", "Vary": "Accept-Language, Cookie"}


@dataclass(frozen=True, slots=True)
class Deps:
    """What the portal is made with."""

    find: FindCase
    store: Transactions
    clock: Clock
    slowdown: Slowdown
    visits: Visits
    public_base_url: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """One request of a visit."""

    request: Request
    case: CaseView
    visit: Visit
    now_us: int
    form: Mapping[str, str] = field(default_factory=dict)
    """Fields of a form that came from a page of this visit."""
    picture: bytes | None = None
    """Content of the file that came with it."""

    @property
    def language(self) -> str:
        """Language of the page: the chosen one, or the case's."""
        return self.visit.language or self.case.language

    @property
    def state(self) -> State:
        """Where the case stands now."""
        return self.case.state(self.now_us)

    @property
    def platform(self) -> Platform:
        """What the person's device is."""
        return platform_of(self.request.headers.get("user-agent", ""))

    @property
    def actor(self) -> Actor:
        """Who acts, for the audit log: the case's person, as far as the portal can tell."""
        return Actor("user", _address(self.request))

    @property
    def callback(self) -> str | None:
        """Where the button back to the client leads (S-45)."""
        case = self.case
        if case.method is None or case.ident_status is None:
            return None
        return callback_url(case.callbacks, case.method, case.ident_status, self.platform)

    def path(self, name: str = "") -> str:
        """Return the address of one of the case's pages; without a name that of the case itself."""
        return f"{PATH}/{self.case.case_id}/{name}" if name else f"{PATH}/?{urlencode({NUMBER: self.case.case_id})}"


Handler = Callable[[Turn], Awaitable[Response]]


class Frame:
    """Opens cases for handlers and renders their pages."""

    def __init__(self, deps: Deps) -> None:
        self.deps = deps
        self.over: Handler | None = None
        """Shows a case that is over, whichever of its pages was asked for."""
        self.pages = Pages(FOLDER, "/static/portal")

    def route(self, name: str, show: Handler, take: Handler | None = None, *, always: bool = False) -> Route:
        """
        Return the route of one of the case's pages.

        Args:
            take: Gets the page's form, if it has one.
            always: The page is there for a case that is over too.
        """

        async def endpoint(request: Request) -> Response:
            return await self.serve(request, request.path_params["case_id"], show, take, always=always)

        methods = ["GET", "POST"] if take else ["GET"]
        return Route(f"{PATH}/{{case_id}}/{name}", endpoint, methods=methods, name=name)

    async def serve(
        self,
        request: Request,
        written: str,
        show: Handler,
        take: Handler | None,
        *,
        always: bool = False,
    ) -> Response:
        """Open the case whose number somebody gave and let a handler answer."""
        case_id = normalised(written)
        if case_id is None:
            return self.ask(request, written, "malformed")
        try:
            case = await self.deps.find(case_id)
            if case is None:
                await self.deps.slowdown.failed(("portal", _address(request)))
                return self.ask(request, written, "unknown")
            if self.over is not None and not always and case.state(self.deps.clock.now_us()).is_over:
                # A form that comes too late is not read: its page says what became of the case.
                show, take = self.over, None
            return await self._answer(request, case, show, take if request.method == "POST" else None)
        except StoreUnavailable:
            return self.away(request, case_id)
        except ClientDisconnect:
            raise
        except Exception:
            # The outermost layer speaks to programs; a person gets a page.
            log.exception("portal.failed", page=request.url.path.rpartition("/")[2])
            return self.failed(request)

    async def _answer(self, request: Request, case: CaseView, show: Handler, take: Handler | None) -> Response:
        known = self.deps.visits.read(request, case.case_id)
        visit = known or self.deps.visits.new(case.case_id)
        chosen = request.query_params.get(LANGUAGE, "")
        if chosen in LANGUAGES:
            visit = replace(visit, language=chosen)
        turn = Turn(request, case, visit, self.deps.clock.now_us())
        if take is None:
            return self.keep(await show(turn), turn)
        if is_foreign(request):
            return self.page(turn, "notice.html", 403, notice="foreign")
        try:
            sent = await read_picture_form(request) if _is_multipart(request) else await read_form(request)
        except FormTooLarge:
            return self.page(turn, "notice.html", 413, notice="too_large")
        except FormBroken:
            return self.page(turn, "notice.html", 400, notice="foreign")
        token = sent.fields.pop(CSRF, "")
        if known is None or not self.deps.visits.is_token(known, token):
            page = self.page(
                turn,
                "stale.html",
                403,
                fields=sent.fields,
                action=request.url.path,
                had_picture=sent.picture is not None,
            )
            return self.keep(page, turn)
        return self.keep(await take(replace(turn, form=sent.fields, picture=sent.picture)), turn)

    def keep(self, response: Response, turn: Turn) -> Response:
        """Let the visit go on, unless the answer has a say about it already or the case is over."""
        has_own = any(name == b"set-cookie" for name, _ in response.raw_headers)
        if not has_own and not turn.state.is_over:
            self.deps.visits.write(response, turn.visit)
        return response

    def page(self, turn: Turn, template: str, status: int = 200, **more: Any) -> Response:  # noqa: ANN401 - whatever a template names
        """Render one of a case's pages."""
        language = turn.language
        case = turn.case
        path = turn.request.url.path
        name = path.rpartition("/")[2]
        kept = urlencode([pair for pair in turn.request.query_params.multi_items() if pair[0] != LANGUAGE])
        # The case itself carries its number in the query, which is always kept.
        address = f"{turn.path(name)}?{kept}" if name else f"{path}?{kept}"
        return self._render(
            template,
            status,
            language,
            case.account.display_name,
            switch=self._switch(address, language),
            case=case,
            turn=turn,
            state=turn.state,
            groups=_groups(case.case_id),
            until=moment(case.valid_until_us, language),
            csrf=self.deps.visits.token(turn.visit),
            has_help=True,
            **more,
        )

    def to(self, turn: Turn, name: str = "", *, visit: Visit | None = None) -> Response:
        """Send the browser on to another of the case's pages, where reloading repeats nothing."""
        response = RedirectResponse(turn.path(name), 303)
        self.deps.visits.write(response, visit or turn.visit)
        return response

    def ask(self, request: Request, written: str = "", fault: str | None = None) -> Response:
        """Ask for the number of a case."""
        shown = written[:_SHOWN_INPUT]
        language = negotiated(request)
        query = urlencode({NUMBER: shown}) if shown else ""
        switch = self._switch(f"{PATH}/?{query}", language)
        return self._render("find.html", 404, language, "", switch=switch, written=shown, fault=fault)

    def away(self, request: Request, case_id: str) -> Response:
        """Say that the store is away."""
        language = negotiated(request)
        switch = self._switch(f"{PATH}/?{urlencode({NUMBER: case_id})}", language)
        return self._render("away.html", 503, language, "", switch=switch, headers={"Retry-After": "60"})

    def failed(self, request: Request) -> Response:
        """Say that the fault is ours."""
        language = negotiated(request)
        return self._render("failed.html", 500, language, "", switch=[], headers={})

    def _switch(self, address: str, language: str) -> list[tuple[str, str, bool]]:
        """Language codes with the present page's address in each, and which one is shown."""
        sign = "&" if "?" in address and not address.endswith("?") else "" if address.endswith("?") else "?"
        return [(code, f"{address}{sign}{urlencode({LANGUAGE: code})}", code == language) for code in LANGUAGES]

    def _render(
        self,
        template: str,
        status: int,
        language: str,
        display_name: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,  # noqa: ANN401 - whatever a template names
    ) -> Response:
        context = {"case": None, "has_help": False, **more}
        return self.pages.answer(
            template,
            status,
            headers={"Content-Language": language, **_NO_INDEX, **(headers or {})},
            language=language,
            texts=_words(language, display_name),
            account=display_name,
            **context,
        )


def negotiated(request: Request) -> str:
    """Return the language for somebody whose case we do not know: chosen, or the browser's."""
    chosen = request.query_params.get(LANGUAGE, "")
    return chosen if chosen in LANGUAGES else preferred_language(request.headers.get("accept-language", ""), LANGUAGES)


@lru_cache(maxsize=256)
def _words(language: str, display_name: str) -> dict[str, str]:
    return words(language, display_name)


def _is_multipart(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/form-data")


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _groups(case_id: str) -> list[str]:
    return [case_id[start : start + _GROUP] for start in range(0, len(case_id), _GROUP)]
