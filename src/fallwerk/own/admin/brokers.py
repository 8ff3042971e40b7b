"""Brokers and their customers in the admin API: parse, ask the service, render."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

import orjson
from starlette.responses import Response

from fallwerk.dialects.policenwerk.fields import customer_json
from fallwerk.dialects.problem import PointedFault
from fallwerk.domain.account.errors import SettingFault
from fallwerk.domain.customer.brokers import NewBroker, create_broker, known_broker, rotate_broker, update_broker
from fallwerk.domain.customer.errors import BrokerUnknown, CustomerUnknown
from fallwerk.domain.customer.model import Broker, BrokerSettings, Obligations
from fallwerk.domain.customer.ports import CustomerSearch
from fallwerk.domain.customer.rules import LARGEST_USER_ID
from fallwerk.domain.customer.service import known_customer
from fallwerk.domain.idempotency import Answer
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.clock import Clock, from_us
from fallwerk.kit.ids import row_number
from fallwerk.own.admin.events import events_of
from fallwerk.own.admin.limits import read_limit
from fallwerk.own.admin.schema import (
    BrokerSettingsBody,
    ChangedBrokerBody,
    NewBrokerBody,
    RotateBody,
    read_body,
)
from fallwerk.own.api import JSON, Call, Operation, answer_once, json_answer

CREATED: Final = 201
OK: Final = 200


WIRE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"obligations": "obligations", "valid_days": "validDays", "salutations": "salutations", "titles": "titles"}
)
"""Field of `BrokerSettings` → its name in the control API."""


def pointed(faults: tuple[SettingFault, ...]) -> list[PointedFault]:
    """Name the domain's settings as the caller does."""
    return [PointedFault(f"/{WIRE_NAMES.get(fault.name, 'userId')}", fault.message) for fault in faults]


@dataclass(frozen=True, slots=True)
class BrokerRoutes:
    """Handlers over the store."""

    store: Transactions
    clock: Clock
    max_body_bytes: int

    def operations(self) -> tuple[Operation, ...]:
        """Return the operations."""
        size, one = self.max_body_bytes, "brokers/{userId}"
        return (
            Operation("createBroker", "POST", "brokers", self.create, JSON, size),
            Operation("listBrokers", "GET", "brokers", self.list_brokers),
            Operation("showBroker", "GET", one, self.show),
            Operation("changeBroker", "PATCH", one, self.change, JSON, size),
            Operation("rotateBroker", "POST", f"{one}/rotate", self.rotate, JSON, size),
            Operation("listCustomers", "GET", f"{one}/customers", self.list_customers),
            Operation("showCustomer", "GET", f"{one}/customers/{{customerId}}", self.show_customer),
            Operation("listBrokerEvents", "GET", f"{one}/audit", self.list_events),
        )

    async def create(self, call: Call) -> Response:
        """Open an account; its token is shown this once (C-01)."""
        body = read_body(NewBrokerBody, call.json())
        settings, now_us = apply_settings(body, BrokerSettings()), self.clock.now_us()

        def create(uow: UnitOfWork) -> Answer:
            new = create_broker(uow, settings, user_id=body.userId, now_us=now_us, actor=call.actor)
            return Answer(CREATED, orjson.dumps(new_broker_json(new)))

        return await answer_once(self.store, call, create, now_us)

    async def list_brokers(self, _call: Call) -> Response:
        """List all brokers without their tokens."""
        return json_answer([broker_json(broker) for broker in await self.store.read(lambda uow: uow.brokers.brokers())])

    async def show(self, call: Call) -> Response:
        """Show a broker without its token."""
        return json_answer(broker_json(await self.store.read(lambda uow: known_broker(uow, user_id(call)))))

    async def change(self, call: Call) -> Response:
        """Change the settings that the body names, deactivate a broker, or activate it again (C-01)."""
        body = read_body(ChangedBrokerBody, call.json())

        def changed(present: Broker) -> Broker:
            active = present.active if body.active is None else body.active
            return replace(present, settings=apply_settings(body, present.settings), active=active)

        now_us = self.clock.now_us()
        broker = await self.store.write(
            lambda uow: update_broker(uow, user_id(call), changed, now_us=now_us, actor=call.actor)
        )
        return json_answer(broker_json(broker))

    async def rotate(self, call: Call) -> Response:
        """Renew a broker's token; the present one stays valid for `overlapSeconds` (C-01)."""
        overlap_s = read_body(RotateBody, call.json()).overlapSeconds or 0
        now_us = self.clock.now_us()

        def rotate(uow: UnitOfWork) -> Answer:
            new = rotate_broker(uow, user_id(call), overlap_s=overlap_s, now_us=now_us, actor=call.actor)
            return Answer(OK, orjson.dumps(new_broker_json(new)))

        return await answer_once(self.store, call, rotate, now_us)

    async def list_customers(self, call: Call) -> Response:
        """List a broker's customers, oldest first, optionally those with an `email` or a `nachname` (P-11)."""
        limit = read_limit(call.query.get("limit"))
        search = CustomerSearch(call.query.get("email") or None, call.query.get("nachname") or None)
        found = await self.store.read(
            lambda uow: uow.customers.customers(known_broker(uow, user_id(call)).tenant_id, search, limit)
        )
        return json_answer([customer_json(one) for one in found])

    async def show_customer(self, call: Call) -> Response:
        """Show one customer of a broker (P-11)."""
        number = row_number(call.parameters["customerId"])
        if number is None:
            raise CustomerUnknown
        found = await self.store.read(
            lambda uow: known_customer(uow, known_broker(uow, user_id(call)).tenant_id, number)
        )
        return json_answer(customer_json(found))

    async def list_events(self, call: Call) -> Response:
        """List a broker's audit events, newest first, optionally of one `subject`."""
        return await events_of(self.store, call, lambda uow: known_broker(uow, user_id(call)).tenant_id)


def user_id(call: Call) -> int:
    """
    Return the user id in a path.

    Raises:
        BrokerUnknown: no broker can have it.
    """
    text = call.parameters["userId"]
    if not text.isascii() or not text.isdigit() or len(text) > len(str(LARGEST_USER_ID)):
        raise BrokerUnknown
    return int(text)


def apply_settings(body: BrokerSettingsBody, present: BrokerSettings) -> BrokerSettings:
    """Return the settings with those changed that the body names; null puts one back to its default."""
    changes: dict[str, Any] = {}
    for name, wire in WIRE_NAMES.items():
        if wire in body.model_fields_set:
            value = getattr(body, wire)
            changes[name] = getattr(BrokerSettings(), name) if value is None else _to_domain(value)
    return replace(present, **changes)


def _to_domain(value: Any) -> Any:  # noqa: ANN401 - the schema checked its type
    if isinstance(value, str):
        return Obligations(value)
    return tuple(value) if isinstance(value, list) else value


def broker_json(broker: Broker) -> dict[str, Any]:
    """Render a broker without its token."""
    current = broker.current_token()
    return {
        "userId": broker.user_id,
        "active": broker.active,
        "validUntil": None if current is None else _instant(current.valid_until_us),
        **{wire: getattr(broker.settings, name) for name, wire in WIRE_NAMES.items()},
    }


def new_broker_json(new: NewBroker) -> dict[str, Any]:
    """Render what a caller is shown this once."""
    return {
        "userId": new.broker.user_id,
        "loginToken": new.login_token,
        "validUntil": _instant(new.valid_until_us),
    }


def _instant(microseconds: int) -> str:
    return from_us(microseconds).isoformat(timespec="seconds").replace("+00:00", "Z")
