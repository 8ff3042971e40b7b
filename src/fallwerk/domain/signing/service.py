"""Rotation of the signing keys by their age; each function is exactly one transaction."""

from collections.abc import Callable, Sequence
from typing import Final

from fallwerk.domain.audit.model import SYSTEM, AuditEvent
from fallwerk.domain.signing.model import DAY_US, KeyPair, SigningKey, signing_key
from fallwerk.domain.unit_of_work import UnitOfWork

PUBLISHED_AHEAD_US: Final = DAY_US
"""How long before it signs a key is published, for those who keep a copy of our key set."""
SYSTEM_TENANT: Final = 0


def is_due(keys: Sequence[SigningKey], now_us: int) -> bool:
    """Tell whether a key must be made: none signs now, or the last one that does ends within a day."""
    return max((key.signs_until_us for key in keys), default=0) <= now_us + PUBLISHED_AHEAD_US


def renew_keys(
    uow: UnitOfWork, make: Callable[[], KeyPair], *, lifetime_us: int, token_lifetime_us: int, now_us: int
) -> tuple[SigningKey, ...]:
    """
    Make the keys that are due, forget those that nobody needs, and return all.

    Of several processes at once the first makes a key and the others find it.

    Source: U-01; issue "Token server".

    Args:
        lifetime_us: How long a key signs.
        token_lifetime_us: How long after that it still verifies.
    """
    uow.signing_keys.lock()
    uow.signing_keys.expire(now_us)
    keys = uow.signing_keys.keys()
    while is_due(keys, now_us):
        present = signing_key(keys, now_us)
        ends_us = (now_us if present is None else present.signs_until_us) + lifetime_us
        key = SigningKey(make(), now_us, ends_us, ends_us + token_lifetime_us)
        uow.signing_keys.add(key)
        details: dict[str, str | int | bool | None] = {"keyId": key.pair.key_id}
        uow.audit.add(AuditEvent(SYSTEM_TENANT, now_us, SYSTEM, "signing key.created", key.pair.key_id, details))
        keys = uow.signing_keys.keys()
    return keys
