"""
The frame around every page of the console: who may see it, its navigation, its answers when something is wrong.

A page is a row of a table (`Page`): method, path, the action it needs, its handler. Nothing is served that is not such
a row, so that a test can hold every page against every role.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from fallwerk.domain.desk.errors import AtAnotherDesk, Outdated
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.identcase.errors import CaseUnknown
from fallwerk.domain.identcase.lifecycle import IllegalStep
from fallwerk.domain.staff.model import Action, Session, StaffUser
from fallwerk.domain.staff.permissions import allowed
from fallwerk.kit.clock import Clock
from fallwerk.kit.pages import HEADERS, Pages, preferred_language
from fallwerk.web.console.door import Door, Key
from fallwerk.web.console.forms import Form, FormRefused, read_form, read_picture
from fallwerk.web.console.moments import Moment, calendar_day, clock_time, moment, typed_day
from fallwerk.web.console.words import LANGUAGES, TEXTS

log = structlog.get_logger()

BASE: Final = "/console"
FOLDER: Final = Path(__file__).parent
LANGUAGE_COOKIE: Final = "console_language"
THEME_COOKIE: Final = "console_theme"
THEMES: Final = ("auto", "light", "dark")
SEE_OTHER: Final = 303
LONGEST_WAY_BACK: Final = 500
NAVIGATION: Final = (
    ("packaging", Action.PACK),
    ("courier", Action.DELIVER),
    ("counter", Action.IDENTIFY),
    ("video", Action.ANSWER_CALLS),
    ("review", Action.REVIEW),
    ("loans", Action.READ_LOANS),
    ("customers", Action.READ_CUSTOMERS),
    ("users", Action.MANAGE_USERS),
)
"""Areas in the order of the menu; each lies under its own name."""


class NotHere(Exception):
    """There is no such thing, or not for this person; which of both is nobody's business."""


class FormFault(Exception):
    """Some fields cannot be used: field → key of what to say."""

    def __init__(self, **faults: str) -> None:
        super().__init__(", ".join(faults))
        self.faults = faults


@dataclass(slots=True)
class Visit:
    """One request of somebody, with everything that a handler asks of it."""

    request: Request
    key: Key
    language: str
    now_us: int
    form: Form = field(default_factory=Form)
    picture: bytes = b""
    """What a page that takes one was sent."""

    @property
    def session(self) -> Session:
        """Return the session; a page that is open to everybody must not ask."""
        if self.key.session is None:
            raise LookupError("nobody is signed in")
        return self.key.session

    @property
    def user(self) -> StaffUser:
        """Return who is signed in."""
        return self.session.user

    @property
    def address(self) -> str:
        """Return where the request came from."""
        return self.request.client.host if self.request.client else ""

    @property
    def texts(self) -> Any:  # noqa: ANN401 - a mapping that templates read with dots
        """Return the words in the visitor's language."""
        return TEXTS[self.language]

    def may(self, action: Action) -> bool:
        """Tell whether the visitor may do something."""
        return action in allowed(self.user.home.kind, self.user.roles)

    def part(self, name: str) -> str:
        """Return a part of the path; no id holds a NUL, which no database takes."""
        return str(self.request.path_params[name]).replace("\0", "\ufffd")

    def asked(self, name: str) -> str:
        """Return a parameter of the address, without blanks around it."""
        return self.request.query_params.get(name, "").replace("\0", "\ufffd").strip()[:200]

    def when(self, instant_us: int) -> Moment:
        """Put an instant into words."""
        return moment(instant_us, self.now_us, self.language)


Handler = Callable[[Visit], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the console, or what a form of it does."""

    name: str
    method: str
    path: str
    """Below `/console`; `{name}` parts become parameters."""
    action: Action | None
    """What it needs; None: nothing but being signed in."""
    handle: Handler
    is_open: bool = False
    """Also for whoever is not signed in."""
    with_first_password: bool = False
    """Also for whoever must change a generated password first."""
    needs_camera: bool = False
    needs_microphone: bool = False
    takes_picture: bool = False
    """A script sends a camera's picture instead of a form, with the form's token in a header."""


class Frame:
    """Serves pages inside the frame."""

    def __init__(self, door: Door, clock: Clock, *, sandbox: bool) -> None:
        self.door = door
        self.pages = Pages(FOLDER, "/static/console")
        self._clock = clock
        self._sandbox = sandbox

    def routes(self, pages: Sequence[Page]) -> list[Route]:
        """Return the routes of some pages, of the static files, and of every other path below `/console`."""
        unknown = Page("console.unknown", "GET", "/{rest:path}", None, self._unknown)
        return [
            self.pages.files.route(),
            Route(BASE, _to_start, methods=["GET"]),
            *(self._route(page) for page in (*pages, unknown)),
        ]

    def _route(self, page: Page) -> Route:
        async def endpoint(request: Request) -> Response:
            return await self._answer(page, request)

        return Route(BASE + page.path, endpoint, methods=[page.method])

    async def _answer(self, page: Page, request: Request) -> Response:
        language = _language(request)
        visit = Visit(request, Key("", None), language, self._clock.now_us())
        try:
            visit.key = await self.door.key(request)
            _note(request, page, visit.key)
            response = await self._let_in(page, visit)
        except StoreUnavailable:
            response = self.error(visit, 503, headers={"Retry-After": "60"})
        except (NotHere, CaseUnknown):
            response = self.error(visit, 404)
        except (IllegalStep, Outdated, AtAnotherDesk):
            response = self.error(visit, 409)
        except FormRefused as refused:
            response = self.error(visit, refused.status)
        except Exception:
            log.exception("console.failed", operation=page.name)
            response = self.error(visit, 500)
        if page.needs_camera:
            response.headers["Permissions-Policy"] = HEADERS["Permissions-Policy"].replace("camera=()", "camera=(self)")
            if page.needs_microphone:
                policy = response.headers["Permissions-Policy"]
                response.headers["Permissions-Policy"] = policy.replace("microphone=()", "microphone=(self)")
        return response

    async def _let_in(self, page: Page, visit: Visit) -> Response:
        if visit.key.session is None and not page.is_open:
            return self._to_sign_in(visit)
        if page.method == "POST":
            visit.form, visit.picture = await _read(page, visit.request)
            if not self.door.is_own_form(visit.request, visit.key, visit.form.fields):
                return self.error(visit, 403, "error_forged")
        if visit.key.session is None:
            return await page.handle(visit)
        if visit.user.must_change and not page.with_first_password:
            return redirect("/password")
        if page.action is not None and not visit.may(page.action):
            return self.error(visit, 403)
        return await page.handle(visit)

    def _to_sign_in(self, visit: Visit) -> Response:
        """Ask whoever is not signed in, and lead back to what was asked for where that is only read."""
        request = visit.request
        way_back = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        known = self.door.cookie in request.cookies
        parameters = {"over": "1"} if known else {}
        if request.method in {"GET", "HEAD"} and way_back.startswith(f"{BASE}/") and way_back != f"{BASE}/":
            parameters["to"] = way_back[:LONGEST_WAY_BACK]
        return redirect("/sign-in", **parameters)

    async def _unknown(self, visit: Visit) -> Response:
        return self.error(visit, 404)

    def error(
        self, visit: Visit, status: int, key: str | None = None, *, headers: dict[str, str] | None = None
    ) -> Response:
        """Answer that something is wrong, and what to do about it."""
        name = key or (f"error_{status}" if f"error_{status}" in visit.texts else "error_400")
        return self.answer(visit, "error.html", status, headers=headers, name=name, again=visit.request.url.path)

    def answer(
        self, visit: Visit, template: str, status: int = 200, *, headers: dict[str, str] | None = None, **more: object
    ) -> Response:
        """Answer with a page inside the frame."""
        path = visit.request.url.path
        session = visit.key.session
        free = session is not None and not session.user.must_change
        menu = [
            (name, f"{BASE}/{name}", path == f"{BASE}/{name}" or path.startswith(f"{BASE}/{name}/"))
            for name, action in NAVIGATION
            if free and visit.may(action)
        ]
        done = visit.asked("done")
        theme = visit.request.cookies.get(THEME_COOKIE, "auto")
        return self.pages.answer(
            template,
            status,
            headers={
                "Content-Language": visit.language,
                "Vary": "Accept-Language, Cookie",
                "X-Robots-Tag": "noindex",
                **(headers or {}),
            },
            base=BASE,
            t=visit.texts,
            language=visit.language,
            theme=theme if theme in THEMES else "auto",
            user=session.user if session else None,
            menu=menu,
            path=path,
            sandbox=self._sandbox,
            time=clock_time(visit.now_us),
            form_token=self.door.form_token(visit.key),
            done=visit.texts.get(f"done_{done}", "") if done else "",
            when=visit.when,
            day=lambda text: calendar_day(text, visit.language),
            typed_day=typed_day,
            groups=groups,
            **more,
        )


async def _read(page: Page, request: Request) -> tuple[Form, bytes]:
    if not page.takes_picture:
        return await read_form(request), b""
    return Form({"form_token": request.headers.get("x-form-token", "")}), await read_picture(request)


def redirect(path: str, **parameters: str) -> Response:
    """Lead to another page of the console; after a form, so that reloading does not send it again."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    return RedirectResponse(f"{BASE}{path}{query}", SEE_OTHER, {**HEADERS, "Cache-Control": "no-store"})


def groups(case_id: str) -> list[str]:
    """Split an id into groups of four, as people read it aloud."""
    return [case_id[start : start + 4] for start in range(0, len(case_id), 4)]


async def _to_start(_request: Request) -> Response:
    return redirect("/")


def _language(request: Request) -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else preferred_language(request.headers.get("accept-language", ""), LANGUAGES)


def _note(request: Request, page: Page, key: Key) -> None:
    """Tell the request log what this was and whose."""
    notes = request.scope.get("fallwerk.observed")
    if notes is not None:
        notes.operation = page.name
        if key.session is not None:
            notes.account = f"staff:{key.session.user.user_id}"
            notes.tenant_id = key.session.user.home.tenant_id
