"""What the settings of an account may be; pure."""

import re
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final

from fallwerk.domain.account.errors import SettingFault
from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.identcase.lifecycle import NOTIFIED, StatusType
from fallwerk.domain.identcase.model import IdentStatus, Method
from fallwerk.kit.forms import has_control_character, has_surrogate, is_email, is_longer, is_phone
from fallwerk.kit.forms_urls import REFUSED_SCHEMES, is_webhook_url

START_METHODS: Final = (Method.BASIC, Method.VIDEO, Method.PHOTO, Method.EID)
"""Methods that the portal can offer; delivery has a setting of its own."""
START_EVENTS: Final = (
    IdentStatus.COUPON_REQUESTED,
    IdentStatus.INCOMPLETE,
    IdentStatus.REVIEW_PENDING,
    IdentStatus.SUCCESS,
    IdentStatus.DECLINED,
)
"""Statuses of the portal's methods that notify (S-48)."""
EVENTS: Final = tuple(
    dict.fromkeys([*(status.value for status in (*NOTIFIED, *START_EVENTS)), *(kind.value for kind in StatusType)])
)
"""What `webhook_events` may name: statuses that notify, and their types (D-60)."""
COUPON_FILE_TYPES: Final = ("printable", "dmc_v2")
HOSTS_MAX: Final = 100
LONGEST_TEXT: Final = 100
LONGEST_CREDENTIAL: Final = 255
LONGEST_NOTICE: Final = 20_000

RANGES: Final = MappingProxyType(
    {
        "coupon_max": (0, 1000),
        "validity_days": (1, 3650),
        "retention_days": (0, 90),
        "reminder_days": (0, 365),
        "post_office_days": (1, 365),
        "shipment_wait_days": (1, 365),
    }
)
"""Smallest and largest value of each number; retention ends at 90 days (D-50)."""

_CLIENT_ID: Final = re.compile(r"[0-9A-Z]{1,16}")
_ACCOUNTING_NUMBER: Final = re.compile(r"[0-9A-Za-z-]{0,20}")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]{0,49}")
_PACKAGE: Final = re.compile(r"(?=.{3,255}\Z)[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)+")


def is_client_id(client_id: str) -> bool:
    """Tell whether this can be a client's id (S-02, decision 36)."""
    return _CLIENT_ID.fullmatch(client_id) is not None


def is_host_entry(entry: str) -> bool:
    """Tell whether an allow-list can hold this: `name`, `*.name`, either with `:port`, or `*` (D-65)."""
    if entry == "*":
        return True
    wildcard, name = entry.startswith("*."), entry.removeprefix("*.")
    if "/" in name or "*" in name or (wildcard and name.startswith("[")):
        return False
    return is_webhook_url(f"https://{name}/")


def setting_faults(settings: ScrSettings) -> tuple[SettingFault, ...]:
    """Return everything that is wrong with some settings, in the order of `ScrSettings`; empty if they can be used."""
    found = {fault.name: fault for fault in _faults(settings)}
    return tuple(found[name] for name in ScrSettings.__dataclass_fields__ if name in found)


def _faults(settings: ScrSettings) -> Iterator[SettingFault]:
    for name, (smallest, largest) in RANGES.items():
        if not smallest <= getattr(settings, name) <= largest:
            yield SettingFault(name, f"The value must lie between {smallest} and {largest}.")
    for name in ("methods", "declined_closes"):
        chosen = getattr(settings, name)
        if not set(chosen) <= set(START_METHODS):
            yield SettingFault(name, f"The methods are: {', '.join(START_METHODS)}.")
        elif len(set(chosen)) != len(chosen):
            yield SettingFault(name, "A method is named more than once.")
    for name, (is_formed, message) in _FORMS.items():
        if not is_formed(getattr(settings, name)):
            yield SettingFault(name, message)
    yield from _webhook_faults(settings)


def _webhook_faults(settings: ScrSettings) -> Iterator[SettingFault]:
    if not set(settings.webhook_events) <= set(EVENTS):
        yield SettingFault("webhook_events", f"The events are: {', '.join(EVENTS)}.")
    elif len(set(settings.webhook_events)) != len(settings.webhook_events):
        yield SettingFault("webhook_events", "An event is named more than once.")
    if len(settings.webhook_hosts) > HOSTS_MAX:
        yield SettingFault("webhook_hosts", f"At most {HOSTS_MAX} hosts can be named.")
    elif not all(is_host_entry(entry) for entry in settings.webhook_hosts):
        yield SettingFault("webhook_hosts", "A host is a name or *.name, either with :port if it has one, or *.")
    if settings.webhook_password and not settings.webhook_user:
        # Basic authentication is sent only with a user, so the password alone would silently do nothing.
        yield SettingFault("webhook_password", "A password needs a user.")


def _is_credential(value: str) -> bool:
    return value.isprintable() and len(value) <= LONGEST_CREDENTIAL


def _is_notice(value: str) -> bool:
    return not is_longer(value, LONGEST_NOTICE) and not has_control_character(value) and not has_surrogate(value)


_NOTICE: Final = (_is_notice, f"A text has up to {LONGEST_NOTICE} characters; empty lines part its paragraphs.")
_FORMS: Final[MappingProxyType[str, tuple[Callable[[str], bool], str]]] = MappingProxyType(
    {
        "coupon_file_type": (
            frozenset(COUPON_FILE_TYPES).__contains__,
            f"The types are: {', '.join(COUPON_FILE_TYPES)}.",
        ),
        "accounting_number": (
            lambda value: _ACCOUNTING_NUMBER.fullmatch(value) is not None,
            "An accounting number has up to 20 letters, digits and hyphens.",
        ),
        "webhook_user": (
            # RFC 7617: what follows the first colon is the password.
            lambda value: _is_credential(value) and ":" not in value,
            f"A user has up to {LONGEST_CREDENTIAL} printable characters and no colon.",
        ),
        "webhook_password": (_is_credential, f"A password has up to {LONGEST_CREDENTIAL} printable characters."),
        "display_name": (
            lambda value: value.isprintable() and not is_longer(value, LONGEST_TEXT),
            f"A name has up to {LONGEST_TEXT} characters on one line.",
        ),
        "ios_scheme": (
            lambda value: _SCHEME.fullmatch(value) is not None and value not in REFUSED_SCHEMES,
            "A scheme has small letters, digits, plus, dot and hyphen, and is an app's own.",
        ),
        "package_name": (
            lambda value: _PACKAGE.fullmatch(value) is not None,
            "A package name has parts of letters, digits and underscores, joined by dots.",
        ),
        "help_email": (lambda value: not value or is_email(value), "The value must be an e-mail address."),
        "help_phone": (
            lambda value: not value or is_phone(value),
            "A number begins with + and has 7 to 15 digits, blanks allowed.",
        ),
        "privacy_notice_de": _NOTICE,
        "privacy_notice_en": _NOTICE,
        "consent_text_de": _NOTICE,
        "consent_text_en": _NOTICE,
    }
)
"""Per text setting its form and what to say when it lacks it."""
