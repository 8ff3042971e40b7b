"""
Which button leads the person back to the client: the matrix of callback URLs, one table.

Source: START §2 ProcessData, Callback URLs; S-45, S-46, S-49; decisions.md "Callback buttons".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fallwerk.domain.identcase.model import CallbackUrl, IdentStatus, Method


class Platform(StrEnum):
    """What the person's device is, as far as callback URLs tell devices apart."""

    WEB = "web"
    IOS = "ios"
    ANDROID = "android"


@dataclass(frozen=True, slots=True)
class Row:
    """A callback URL with the method and statuses it is for."""

    name: str
    """Key of `CaseOrder.callbacks`."""
    method: Method
    statuses: frozenset[IdentStatus]
    own_urls: frozenset[Platform]
    """Platforms whose own URL counts; elsewhere it is ignored."""
    on_web: bool = True
    """False: the button is for apps, so a browser on a desk does not show it."""


_ALL: Final = frozenset(Platform)
_APPS: Final = frozenset({Platform.IOS, Platform.ANDROID})
_WEB: Final = frozenset({Platform.WEB})
_PENDING: Final = frozenset({IdentStatus.REVIEW_PENDING})
_SUCCESS: Final = frozenset({IdentStatus.SUCCESS})
_DECLINED: Final = frozenset({IdentStatus.DECLINED})

MATRIX: Final = (
    Row("coupon_requested", Method.BASIC, frozenset({IdentStatus.COUPON_REQUESTED}), _WEB),
    Row("review_pending", Method.PHOTO, _PENDING, _ALL),
    Row("incomplete", Method.VIDEO, frozenset({IdentStatus.INCOMPLETE}), _APPS, on_web=False),
    Row("success", Method.VIDEO, _PENDING | _SUCCESS | _DECLINED, _ALL),
    # Decision 33: the guide calls it the photo's yet speaks of video chats; it is used where `success` is missing.
    Row("review_pending", Method.VIDEO, _PENDING, _ALL),
    Row("success", Method.EID, _SUCCESS, _ALL),
    Row("success", Method.PHOTO, _SUCCESS, _ALL),
    Row("declined", Method.PHOTO, _DECLINED, _ALL),
)
"""In order: the first row whose URL is given decides."""


def callback_url(
    callbacks: Mapping[str, CallbackUrl], method: Method, status: IdentStatus, platform: Platform
) -> str | None:
    """
    Return where the button of a page leads; None: no button.

    The preliminary outcome plays no part (S-46). On iOS and Android the web URL is the fall-back.
    """
    for row in MATRIX:
        if row.method is method and status in row.statuses:
            url = _url(callbacks.get(row.name), row, platform)
            if url:
                return url
    return None


def _url(urls: CallbackUrl | None, row: Row, platform: Platform) -> str | None:
    if urls is None or (platform is Platform.WEB and not row.on_web):
        return None
    own = {Platform.WEB: urls.web, Platform.IOS: urls.ios, Platform.ANDROID: urls.android}[platform]
    return (own if platform in row.own_urls else None) or urls.web
