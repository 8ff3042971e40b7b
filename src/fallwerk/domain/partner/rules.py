"""What partners and OAuth clients may be called and may have; pure."""

import re
from collections.abc import Iterator
from typing import Final

from fallwerk.domain.account.errors import SettingFault
from fallwerk.domain.partner.model import SCOPES, ClientSettings
from fallwerk.kit.forms import is_longer

LONGEST_NAME: Final = 100

_PARTNER_ID: Final = re.compile(r"[0-9A-Z]{5}")
# No colon: in HTTP Basic it ends the name. Nothing that a form would have to encode.
_CLIENT_ID: Final = re.compile(r"[0-9A-Za-z._-]{1,64}")


def is_partner_id(partner_id: str) -> bool:
    """Tell whether this can be a partner's id: five characters (decision 43)."""
    return _PARTNER_ID.fullmatch(partner_id) is not None


def is_oauth_client_id(client_id: str) -> bool:
    """Tell whether this can be the id of an OAuth client."""
    return _CLIENT_ID.fullmatch(client_id) is not None


def client_faults(client_id: str | None, partner_id: str | None, settings: ClientSettings) -> Iterator[SettingFault]:
    """Yield what is wrong with a client; an id that is None is not looked at."""
    if client_id is not None and not is_oauth_client_id(client_id):
        yield SettingFault("client_id", "A client id has 1 to 64 letters, digits, dots, hyphens and underscores.")
    if partner_id is not None and not is_partner_id(partner_id):
        yield SettingFault("partner_id", "A partner id has five characters 0-9A-Z.")
    if not settings.scopes:
        yield SettingFault("scopes", "A client needs at least one scope.")
    elif not set(settings.scopes) <= set(SCOPES):
        yield SettingFault("scopes", f"The scopes are: {', '.join(SCOPES)}.")
    elif len(set(settings.scopes)) != len(settings.scopes):
        yield SettingFault("scopes", "A scope is named more than once.")


def partner_faults(partner_id: str | None, name: str) -> Iterator[SettingFault]:
    """Yield what is wrong with a partner; an id that is None is not looked at."""
    if partner_id is not None and not is_partner_id(partner_id):
        yield SettingFault("partner_id", "A partner id has five characters 0-9A-Z.")
    if not name.isprintable() or is_longer(name, LONGEST_NAME):
        yield SettingFault("name", f"A name has up to {LONGEST_NAME} characters on one line.")
