"""
A visit: what the portal remembers of a browser, in a signed cookie and nowhere else.

Every server process can read every visit, because it holds no state but the key. One cookie per case, so that two cases
in two tabs do not end each other's visit. A visit ends half an hour after its last page and twelve hours after its
first.
"""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from fallwerk.kit.clock import Clock

PATH: Final = "/identportal"
IDLE_S: Final = 30 * 60
LONGEST_S: Final = 12 * 3600
CSRF: Final = "csrf"
"""Name of the field that every form carries."""
_PARTS: Final = 6
_NONCE_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Visit:
    """A browser's visit to one case; times are seconds since 1970 by the system's clock."""

    case_id: str
    nonce: str
    began_s: int
    seen_s: int
    confirmed: bool = False
    """Whether the person may see stored data (W-01)."""
    language: str = ""
    """Chosen by the switch; empty: the case's."""


class Visits:
    """
    Makes, reads and writes visits.

    Args:
        sign: Keyed hash of a text; the same in every process, and unknown outside.
        secure: Whether the public address is encrypted; the cookie then never travels in clear.
    """

    def __init__(self, sign: Callable[[str], bytes], clock: Clock, *, secure: bool) -> None:
        self._sign = sign
        self._clock = clock
        self._secure = secure

    def new(self, case_id: str) -> Visit:
        """Begin a visit of somebody who has shown nothing yet."""
        now_s = self._now_s()
        return Visit(case_id, secrets.token_urlsafe(_NONCE_BYTES), now_s, now_s)

    def read(self, request: HTTPConnection, case_id: str) -> Visit | None:
        """Return the visit that a request belongs to; None if there is none, it is over, or not ours."""
        value = request.cookies.get(_name(case_id), "")
        parts = value.split(".")
        if len(parts) != _PARTS:
            return None
        text = f"{case_id}|" + "|".join(parts[:-1])
        try:
            given = urlsafe_b64decode(parts[-1] + "==")
            seen_s, began_s = int(parts[0]), int(parts[1])
        except (NotBase64, ValueError):
            return None
        if not hmac.compare_digest(given, self._signature(text)):
            return None
        now_s = self._now_s()
        if now_s - seen_s > IDLE_S or now_s - began_s > LONGEST_S:
            return None
        return Visit(case_id, parts[2], began_s, seen_s, parts[3] == "1", parts[4])

    def write(self, response: Response, visit: Visit) -> None:
        """Put the visit into an answer's cookie, seen now."""
        visit = replace(visit, seen_s=self._now_s())
        known = (str(visit.seen_s), str(visit.began_s), visit.nonce, str(int(visit.confirmed)), visit.language)
        signature = self._signature(f"{visit.case_id}|" + "|".join(known))
        value = ".".join((*known, urlsafe_b64encode(signature).decode().rstrip("=")))
        # Lax, because an eID server and a mail's link lead back here from another site, by reading only.
        response.set_cookie(
            _name(visit.case_id),
            value,
            max_age=IDLE_S,
            path=PATH,
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )

    def end(self, response: Response, case_id: str) -> None:
        """Delete the cookie."""
        response.delete_cookie(_name(case_id), path=PATH, secure=self._secure, httponly=True, samesite="lax")

    def token(self, visit: Visit) -> str:
        """Return what a form of this visit must carry."""
        return urlsafe_b64encode(self._sign(f"portal form|{visit.case_id}|{visit.nonce}")).decode().rstrip("=")

    def is_token(self, visit: Visit, given: str) -> bool:
        """Tell whether a form came from a page of this visit."""
        return hmac.compare_digest(given.encode(), self.token(visit).encode())

    def sign(self, visit: Visit, text: str) -> bytes:
        """Sign something that only this visit may have."""
        return self._sign(f"portal own|{visit.case_id}|{visit.nonce}|{text}")

    def sign_for_case(self, case_id: str, text: str) -> bytes:
        """Sign something that comes back to this case, by whatever browser."""
        return self._sign(f"portal case|{case_id}|{text}")

    def _signature(self, text: str) -> bytes:
        return self._sign(f"portal visit|{text}")

    def _now_s(self) -> int:
        return self._clock.now_us() // 1_000_000


def is_foreign(request: Request) -> bool:
    """
    Tell whether another site's page sent this form.

    Browsers say so themselves; what says nothing is an old browser or none at all, and is judged by its token alone.
    """
    return request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}


def _name(case_id: str) -> str:
    return f"portal_{case_id}"
