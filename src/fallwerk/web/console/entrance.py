"""Signing in and out, the own password, language and appearance, and the overview."""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from starlette.responses import Response

from fallwerk.domain.staff.errors import PasswordRefused, StaffUnknown
from fallwerk.domain.staff.model import Action, StaffUser
from fallwerk.web.console.frame import (
    BASE,
    LANGUAGE_COOKIE,
    THEME_COOKIE,
    THEMES,
    FormFault,
    Frame,
    Page,
    Visit,
    redirect,
)
from fallwerk.web.console.words import LANGUAGES

YEAR_S: Final = 365 * 24 * 3600
UNPROCESSABLE: Final = 422
_WAY_BACK: Final = re.compile(rf"{BASE}/[A-Za-z0-9/_.~%?=&+-]*")


@dataclass(frozen=True, slots=True)
class Tile:
    """A desk on the overview, with how much waits there."""

    name: str
    action: Action
    count: Callable[[StaffUser], Awaitable[int]] | None = None


class Entrance:
    """Pages of everybody."""

    def __init__(self, frame: Frame, tiles: Sequence[Tile]) -> None:
        self._frame = frame
        self._door = frame.door
        self._tiles = tiles

    def pages(self) -> tuple[Page, ...]:
        """Return the pages."""
        return (
            Page("console.overview", "GET", "/", None, self.overview),
            Page("console.sign_in.ask", "GET", "/sign-in", None, self.ask, is_open=True, with_first_password=True),
            Page("console.sign_in", "POST", "/sign-in", None, self.sign_in, is_open=True, with_first_password=True),
            Page("console.sign_out", "POST", "/sign-out", None, self.sign_out, with_first_password=True),
            Page("console.settings", "GET", "/settings", None, self.settings, with_first_password=True),
            Page("console.settings.save", "POST", "/settings", None, self.save, with_first_password=True),
            Page("console.password", "GET", "/password", None, self.password, with_first_password=True),
            Page("console.password.change", "POST", "/password", None, self.change, with_first_password=True),
        )

    async def overview(self, visit: Visit) -> Response:
        """Show the desks of the visitor, and how much waits at each."""
        tiles = [
            (tile.name, None if tile.count is None else await tile.count(visit.user))
            for tile in self._tiles
            if visit.may(tile.action)
        ]
        return self._frame.answer(visit, "overview.html", tiles=tiles)

    async def ask(self, visit: Visit) -> Response:
        """Show the sign-in form; whoever is signed in goes on."""
        if visit.key.session is not None:
            return redirect("/")
        note = "session_over" if visit.asked("over") else "signed_out" if visit.asked("out") else ""
        return self._sign_in_page(visit, note=note, username="", to=_way_back(visit.asked("to")))

    async def sign_in(self, visit: Visit) -> Response:
        """Sign in; whatever was wrong, the answer is the same (C-10)."""
        to = _way_back(visit.form.get("to"))
        username = visit.form.get("username")
        token = await self._door.sign_in(username, visit.form.get("password"), address=visit.address)
        if token is None:
            faults = {"username": "sign_in_failed"}
            return self._sign_in_page(visit, UNPROCESSABLE, username=username[:100], to=to, faults=faults)
        response = redirect(to.removeprefix(BASE) or "/")
        self._door.keep(response, token)
        return response

    def _sign_in_page(
        self,
        visit: Visit,
        status: int = 200,
        *,
        username: str,
        to: str,
        note: str = "",
        faults: Mapping[str, str] = MappingProxyType({}),
    ) -> Response:
        response = self._frame.answer(visit, "sign_in.html", status, username=username, to=to, note=note, faults=faults)
        self._door.keep(response, visit.key.token)
        return response

    async def sign_out(self, visit: Visit) -> Response:
        """Sign out."""
        await self._door.sign_out(visit.session, address=visit.address)
        response = redirect("/sign-in", out="1")
        self._door.forget(response)
        return response

    async def settings(self, visit: Visit) -> Response:
        """Show who is signed in, language and appearance."""
        return self._frame.answer(visit, "settings.html", languages=LANGUAGES, themes=THEMES)

    async def save(self, visit: Visit) -> Response:
        """Keep language and appearance in this browser."""
        response = redirect("/settings", done="saved")
        for cookie, value, known in (
            (LANGUAGE_COOKIE, visit.form.get("language"), LANGUAGES),
            (THEME_COOKIE, visit.form.get("theme"), THEMES),
        ):
            if value in known:
                response.set_cookie(
                    cookie, value, max_age=YEAR_S, path=BASE, secure=self._door.https, httponly=True, samesite="strict"
                )
        return response

    async def password(self, visit: Visit) -> Response:
        """Show the form for another password."""
        return self._frame.answer(visit, "password.html", faults={})

    async def change(self, visit: Visit) -> Response:
        """Put another password in place; every other session of the user ends."""
        form = visit.form
        faults: dict[str, str] = {}
        if form.get("new") != form.get("repeat"):
            faults["repeat"] = "password_repeat"
        else:
            try:
                token = await self._change(visit, form.get("present"), form.get("new"))
            except FormFault as fault:
                faults = fault.faults
        if faults:
            return self._frame.answer(visit, "password.html", UNPROCESSABLE, faults=faults)
        response = redirect("/settings", done="password")
        self._door.keep(response, token)
        return response

    async def _change(self, visit: Visit, present: str, chosen: str) -> str:
        try:
            return await self._door.change_password(visit.session, present, chosen, address=visit.address)
        except PasswordRefused as refused:
            raise FormFault(new=f"password_{refused.reason}") from None
        except StaffUnknown:
            raise FormFault(present="password_wrong") from None


def _way_back(path: str) -> str:
    """Return a path of the console that somebody wanted, never one that leads elsewhere."""
    return path if _WAY_BACK.fullmatch(path) and "//" not in path else ""
