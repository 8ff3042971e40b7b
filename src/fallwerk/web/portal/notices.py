"""Pages that explain: help, privacy notice, going on with the phone."""

import asyncio
import hashlib
import io
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from fallwerk.kit.pages import HEADERS
from fallwerk.web.portal.cases import Account
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.texts import words

_VERSION_DIGITS: Final = 12


class Notices:
    """Pages that change nothing."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    async def help(self, turn: Turn) -> Response:
        """Say whom to ask, and answer what is asked most."""
        return self._frame.page(turn, "help.html")

    async def privacy(self, turn: Turn) -> Response:
        """Show the account's privacy notice with its version (W-02)."""
        text = notice_of(turn.case.account, turn.language)
        return self._frame.page(turn, "privacy.html", paragraphs=paragraphs(text), version=version_of(text))

    async def phone(self, turn: Turn) -> Response:
        """Show the case's address as a QR code (W-03)."""
        return self._frame.page(turn, "phone.html", address=self._address(turn))

    async def code(self, turn: Turn) -> Response:
        """Answer the QR code itself; the address that it holds shows nothing personal (W-01)."""
        content = await asyncio.to_thread(qr_code, self._address(turn))
        # Dark on light whatever the page's colours are: not every reader takes an inverted code.
        return Response(content, 200, {**HEADERS, "Cache-Control": "no-store"}, "image/svg+xml")

    def _address(self, turn: Turn) -> str:
        return self._frame.deps.public_base_url + turn.path()


def qr_code(text: str) -> bytes:
    """Draw a QR code as SVG with a quiet zone, medium error correction."""
    import segno  # noqa: PLC0415 - rare, and every start would pay for it

    drawn = io.BytesIO()
    segno.make(text, error="m", micro=False).save(drawn, kind="svg", scale=8, border=4, dark="#000", light="#fff")
    return drawn.getvalue()


def notice_of(account: Account, language: str) -> str:
    """Return an account's privacy notice, or ours with its name."""
    return account.privacy_notice.get(language) or words(language, account.display_name)["privacy_text"]


def consent_of(account: Account, language: str) -> str:
    """Return an account's consent text, or ours with its name."""
    return account.consent_text.get(language) or words(language, account.display_name)["consent_text"]


def version_of(*texts: str) -> str:
    """
    Name the version of what a person read by its content.

    A number that somebody must remember to raise would sooner or later name two texts.
    """
    return hashlib.sha256("\x1f".join(texts).encode()).hexdigest()[:_VERSION_DIGITS]


def paragraphs(text: str) -> list[str]:
    """Split a text at its empty lines."""
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]


def consent_version(account: Account, language: str) -> Mapping[str, str]:
    """Return what is recorded of a consent: the versions of both texts, and their language."""
    notice, consent = notice_of(account, language), consent_of(account, language)
    return {"notice": version_of(notice), "consent": version_of(consent), "language": language}
