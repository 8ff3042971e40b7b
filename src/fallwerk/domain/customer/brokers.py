"""Use cases around a broker's account; each function is exactly one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fallwerk.domain.account.errors import SettingFault
from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.customer.errors import BrokerSettingsRefused, BrokerUnknown, UserIdTaken
from fallwerk.domain.customer.model import Broker, BrokerSettings
from fallwerk.domain.customer.rules import LARGEST_USER_ID, broker_setting_faults
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.ids import new_broker_token, new_user_id

SECOND_US: Final = 1_000_000
DAY_US: Final = 24 * 3600 * SECOND_US
ATTEMPTS: Final = 10
"""Draws of a new user id; there are 16 millions."""


@dataclass(frozen=True, slots=True)
class NewBroker:
    """A broker with the token that is shown this once."""

    broker: Broker
    login_token: str
    valid_until_us: int


def create_broker(
    uow: UnitOfWork, settings: BrokerSettings, *, user_id: int | None, now_us: int, actor: Actor
) -> NewBroker:
    """
    Open a broker's account.

    Source: C-01; public-facts.md "Policenwerk authentication".

    Args:
        user_id: None draws one.

    Raises:
        UserIdTaken, BrokerSettingsRefused: nothing was stored.
    """
    _refuse_bad(settings)
    if user_id is not None and not 1 <= user_id <= LARGEST_USER_ID:
        fault = SettingFault("user_id", f"The value must lie between 1 and {LARGEST_USER_ID}.")
        raise BrokerSettingsRefused((fault,))
    token, valid_until_us = new_broker_token(), end_of_validity_us(settings, now_us)
    for _ in range(ATTEMPTS if user_id is None else 1):
        chosen = new_user_id() if user_id is None else user_id
        broker = uow.brokers.add_broker(
            chosen, settings, token=token, valid_until_us=valid_until_us, demo=False, now_us=now_us
        )
        if broker is not None:
            details: dict[str, str | int | bool | None] = {"settings": _names(BrokerSettings(), settings)}
            uow.audit.add(AuditEvent(broker.tenant_id, now_us, actor, "account.created", str(chosen), details))
            return NewBroker(broker, token, valid_until_us)
    raise UserIdTaken


def update_broker(
    uow: UnitOfWork, user_id: int, change: Callable[[Broker], Broker], *, now_us: int, actor: Actor
) -> Broker:
    """
    Change a broker's settings, deactivate it, or activate it again.

    Source: C-01.

    Args:
        change: Makes the new broker of the present one; user id and tokens stay.

    Raises:
        BrokerUnknown, BrokerSettingsRefused: nothing was changed.
    """
    present = known_broker(uow, user_id, lock=True)
    broker = change(present)
    _refuse_bad(broker.settings)
    if broker == present:
        return present
    uow.brokers.save_broker(broker, now_us)
    details: dict[str, str | int | bool | None] = {"settings": _names(present.settings, broker.settings)}
    if broker.active != present.active:
        details["active"] = broker.active
    uow.audit.add(AuditEvent(broker.tenant_id, now_us, actor, "account.changed", str(user_id), details))
    return broker


def rotate_broker(uow: UnitOfWork, user_id: int, *, overlap_s: int, now_us: int, actor: Actor) -> NewBroker:
    """
    Renew a broker's token; the new one is valid as long as a first one would be.

    Source: C-01; public-facts.md "A token can be renewed at any time".

    Args:
        overlap_s: The present token stays valid for so many seconds, if it does not expire before; 0 ends it at once.

    Raises:
        BrokerUnknown: nothing was changed.
    """
    broker = known_broker(uow, user_id, lock=True)
    token, valid_until_us = new_broker_token(), end_of_validity_us(broker.settings, now_us)
    uow.brokers.rotate_token(
        broker.tenant_id,
        token=token,
        valid_until_us=valid_until_us,
        old_ends_us=now_us + overlap_s * SECOND_US,
        now_us=now_us,
    )
    details: dict[str, str | int | bool | None] = {"overlapSeconds": overlap_s}
    uow.audit.add(AuditEvent(broker.tenant_id, now_us, actor, "account.rotated", str(user_id), details))
    return NewBroker(known_broker(uow, user_id), token, valid_until_us)


def known_broker(uow: UnitOfWork, user_id: int, *, lock: bool = False) -> Broker:
    """
    Return a broker; `lock` lets nobody else change it before the transaction ends.

    Raises:
        BrokerUnknown: there is none with this user id.
    """
    broker = uow.brokers.broker(user_id, lock=lock)
    if broker is None:
        raise BrokerUnknown
    return broker


def end_of_validity_us(settings: BrokerSettings, now_us: int) -> int:
    """Return until when a token made now is valid: a whole second, since callers are told no more than that."""
    return now_us // SECOND_US * SECOND_US + settings.valid_days * DAY_US


def _refuse_bad(settings: BrokerSettings) -> None:
    faults = broker_setting_faults(settings)
    if faults:
        raise BrokerSettingsRefused(faults)


def _names(before: BrokerSettings, after: BrokerSettings) -> str:
    fields = BrokerSettings.__dataclass_fields__
    return ",".join(name for name in fields if getattr(before, name) != getattr(after, name))
