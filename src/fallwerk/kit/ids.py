"""Identifiers and secrets, all from the system's CSPRNG."""

import secrets
import uuid
from typing import Final

from fallwerk.kit.randomness import random_bytes

_SYMBOLS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PAIRS: Final = tuple(first + second for first in _SYMBOLS for second in _SYMBOLS)
_CASE_ID_LENGTH: Final = 12
_CLIENT_ID_LENGTH: Final = 8
_PARTNER_ID_LENGTH: Final = 5
_LOAN_CASE_NUMBER_LENGTH: Final = 6
_SECRET_BYTES: Final = 24
_SMALLEST_USER_ID: Final = 100_000
_USER_IDS: Final = 16_677_216
_SMALLEST_CUSTOMER_ID: Final = 100_000_000_000
_CUSTOMER_IDS: Final = 900_000_000_000
_DRAWN_BYTES: Final = 8
_RANGE: Final = 256**_DRAWN_BYTES
_LONGEST_NUMBER: Final = 18
"""Digits that fit a column of 64 bits, whatever they are."""


def new_case_id() -> str:
    """Twelve characters `[0-9A-Z]`, each of the 36^12 (62 bits) equally likely. Source: S-31."""
    return _random_symbols(_CASE_ID_LENGTH)


def new_client_id() -> str:
    """Eight characters `[0-9A-Z]`, the length in which we issue client ids. Source: S-02."""
    return _random_symbols(_CLIENT_ID_LENGTH)


def new_partner_id() -> str:
    """Five characters `[0-9A-Z]`. Source: decision 43."""
    return _random_symbols(_PARTNER_ID_LENGTH + 1)[:_PARTNER_ID_LENGTH]


def new_oauth_client_id() -> str:
    """Twelve characters `[0-9a-z]` behind `kex-`."""
    return f"kex-{_random_symbols(_CASE_ID_LENGTH).lower()}"


def new_loan_case_number() -> str:
    """Six characters `[0-9A-Z]`, the length of a Vorgangsnummer. Source: public-facts.md."""
    return _random_symbols(_LOAN_CASE_NUMBER_LENGTH)


def new_secret() -> str:
    """192 random bits as 32 URL-safe characters."""
    return secrets.token_urlsafe(_SECRET_BYTES)


def new_uuid() -> str:
    """Return a random UUID (version 4) in its canonical text form."""
    return str(uuid.uuid4())


def new_user_id() -> int:
    """Return a broker's number from 100000 to 16777215, each equally likely: six to eight digits, 24 bits."""
    return _SMALLEST_USER_ID + _random_below(_USER_IDS)


def new_customer_id() -> int:
    """Return twelve digits, each number equally likely: a counter would tell brokers how many customers others have."""
    return _SMALLEST_CUSTOMER_ID + _random_below(_CUSTOMER_IDS)


def new_broker_token() -> str:
    """Return 122 random bits as a UUID that calls itself version 5, the form in which Policenwerk issues tokens."""
    return str(uuid.UUID(bytes=random_bytes(16), version=5))


def _random_below(end: int) -> int:
    # Draws again instead of taking a remainder of everything, so no number is likelier than another.
    usable = _RANGE - _RANGE % end
    number = usable
    while number >= usable:
        number = int.from_bytes(random_bytes(_DRAWN_BYTES), "big")
    return number % end


def _random_symbols(length: int) -> str:
    number = _random_below(36**length)
    pairs = []
    for _ in range(length // 2):
        number, pair = divmod(number, 1296)
        pairs.append(_PAIRS[pair])
    return "".join(pairs)


def row_number(text: str) -> int | None:
    """Read the number of a row that somebody sent, of which every database has some; None for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None
