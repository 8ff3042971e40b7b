"""
Who is at the console: cookies, sessions, tokens against forged forms, signing in and out.

Source: W-04, C-10. The cookie's token is random (192 bits) and stored as a keyed hash only; a form's token is another
keyed hash of it, so that no form of another site or another browser carries the right one.
"""

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeVar

import structlog
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from fallwerk.domain.audit.model import Actor
from fallwerk.domain.staff.errors import PasswordRefused, StaffUnknown
from fallwerk.domain.staff.model import Session, StaffUser
from fallwerk.domain.staff.ports import Passwords
from fallwerk.domain.staff.rules import LONGEST_PASSWORD, check_password, normal_username
from fallwerk.domain.staff.service import (
    SEEN_EVERY_US,
    Failure,
    SessionLimits,
    actor_of,
    begin_session,
    choose_password,
    end_session,
    live_session,
    note_failure,
    renew_hash,
)
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.allowance import Allowance, Limit
from fallwerk.kit.clock import Clock
from fallwerk.kit.ids import new_secret
from fallwerk.kit.slowdown import Slowdown, Wide

log = structlog.get_logger()

T = TypeVar("T")

LONGEST_TOKEN: Final = 100
FREE_OF_AN_ADDRESS: Final = 20
"""Failures of one address that cost nothing: a whole office may sit behind it."""
NOTED_OF_A_NAME: Final = 10
NOTED_OF_AN_ADDRESS: Final = 50
NOTED: Final = 200
"""Failures that one process notes in ten minutes in the audit log; the next one noted counts the others."""
NOBODY: Final = "nobody"
"""Who acts while nobody is signed in."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a browser showed: its token, and the session that it opens."""

    token: str
    session: Session | None


@dataclass(frozen=True, slots=True)
class Door:
    """
    Signs people in and out and knows them again.

    Args:
        hash_of: Keyed hash of a random token.
        https: Browsers then keep the cookie to encrypted connections and this one host.
    """

    store: Transactions
    clock: Clock
    passwords: Passwords
    slowdown: Slowdown
    hash_of: Callable[[str], bytes]
    limits: SessionLimits
    https: bool
    noted: Allowance = field(default_factory=lambda: Allowance(NOTED))

    @property
    def cookie(self) -> str:
        """Name of the cookie; browsers take the prefix only from this very host, encrypted, for all paths."""
        return "__Host-fallwerk" if self.https else "fallwerk"

    async def key(self, request: HTTPConnection) -> Key:
        """Read the cookie; a browser without one gets a token that opens nothing but a sign-in form."""
        token = request.cookies.get(self.cookie, "")
        if not 0 < len(token) <= LONGEST_TOKEN:
            return Key(new_secret(), None)
        token_hash, now_us = self.hash_of(token), self.clock.now_us()
        session = await self.store.read(lambda uow: live_session(uow, token_hash, self.limits, now_us))
        if session is not None and now_us >= session.seen_us + SEEN_EVERY_US:
            await self.store.write(lambda uow: uow.staff.touch(token_hash, now_us))
        return Key(token, session)

    def form_token(self, key: Key) -> str:
        """Return what every form of this browser carries."""
        return self.hash_of(f"form|{key.token}").hex()

    def is_own_form(self, request: Request, key: Key, form: Mapping[str, str]) -> bool:
        """Tell whether a form came from a page that we gave to this browser."""
        # Browsers tell where a request came from; the token decides where they do not.
        if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            return False
        given = form.get("form_token", "").encode("utf-8", "replace")
        return hmac.compare_digest(given, self.form_token(key).encode())

    def keep(self, response: Response, token: str) -> None:
        """Give a browser its cookie; it lasts as long as the browser runs, the session as the limits say."""
        response.set_cookie(self.cookie, token, path="/", secure=self.https, httponly=True, samesite="strict")

    def forget(self, response: Response) -> None:
        """Take a browser's cookie back."""
        response.delete_cookie(self.cookie, path="/", secure=self.https, httponly=True, samesite="strict")

    async def sign_in(self, username: str, password: str, *, address: str) -> str | None:
        """
        Verify a password and begin a session; return its token, None whatever was wrong.

        A token that the browser had before never becomes the session's, so nobody can plant one.
        """
        name = normal_username(username)[:LONGEST_TOKEN]
        user = await self.store.read(lambda uow: uow.staff.by_username(name))
        known = user if user is not None and user.active else None
        right = await self.passwords.matches(known.password_hash if known else None, password[:LONGEST_PASSWORD])
        if known is not None and right:
            token = await self._begin(known, address)
            if token is not None:
                await self._renew(known, password)
                return token
        log.info("staff.sign_in_failed", address=address)
        await self._note_failure(user, name, "staff.sign_in_failed", Actor(NOBODY, address))
        await self.slowdown.failed(("staff", name), Wide(("staff address", address), FREE_OF_AN_ADDRESS))
        return None

    async def _note_failure(self, user: StaffUser | None, name: str, action: str, actor: Actor) -> None:
        """Note a failure in the audit log, as long as there are not too many: strangers cause them at will."""
        # The same for a name that there is and one that there is none of, or the time would tell which.
        withheld = self.noted.take(
            Limit(("name", name), NOTED_OF_A_NAME), Limit(("address", actor.address), NOTED_OF_AN_ADDRESS)
        )
        if withheld is not None:
            failure = Failure(action, actor, self.clock.now_us(), withheld)
            await self.store.write(lambda uow: note_failure(uow, user, failure))

    async def _begin(self, user: StaffUser, address: str) -> str | None:
        token, now_us = new_secret(), self.clock.now_us()
        token_hash = self.hash_of(token)
        try:
            await self.store.write(lambda uow: begin_session(uow, user, token_hash, address=address, now_us=now_us))
        except StaffUnknown:
            return None
        return token

    async def _renew(self, user: StaffUser, password: str) -> None:
        """Hash a password anew that was hashed with other parameters than today's."""
        if self.passwords.outdated(user.password_hash):
            hashed = await self.passwords.hash(password)
            await self.store.write(lambda uow: renew_hash(uow, user, hashed))

    async def sign_out(self, session: Session, *, address: str) -> None:
        """End a session."""
        now_us = self.clock.now_us()
        await self.store.write(lambda uow: end_session(uow, session, address=address, now_us=now_us))

    async def change_password(self, session: Session, present: str, chosen: str, *, address: str) -> str:
        """
        Put a chosen password in place; return the token of the session that goes on.

        Raises:
            PasswordRefused: the chosen one cannot be used.
            StaffUnknown: the present one is wrong.
        """
        user = session.user
        check_password(chosen, user.username)
        if not await self.passwords.matches(user.password_hash, present[:LONGEST_PASSWORD]):
            await self._note_failure(user, user.username, "staff.password_refused", actor_of(user, address))
            await self.slowdown.failed(("staff", user.username), Wide(("staff address", address), FREE_OF_AN_ADDRESS))
            raise StaffUnknown
        if await self.passwords.matches(user.password_hash, chosen):
            raise PasswordRefused("is_present")
        hashed = await self.passwords.hash(chosen)
        token, now_us = new_secret(), self.clock.now_us()
        token_hash = self.hash_of(token)

        def choose(uow: UnitOfWork) -> Session:
            return choose_password(uow, user, hashed, token_hash, address=address, now_us=now_us)

        await self.store.write(choose)
        return token
