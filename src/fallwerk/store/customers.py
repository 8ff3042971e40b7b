"""Brokers with their tokens as keyed hashes, and their customers: sealed, found by blind index."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, delete, func, insert, or_, select, update

from fallwerk.domain.customer.model import (
    Broker,
    BrokerSettings,
    BrokerToken,
    Customer,
    Obligations,
    StoredCustomer,
)
from fallwerk.domain.customer.ports import CustomerSearch
from fallwerk.domain.customer.rules import email_identity
from fallwerk.store.customer_tables import broker, broker_token, customer
from fallwerk.store.sealing import normalised
from fallwerk.store.statements import insert_new
from fallwerk.store.tables import tenant

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_b: Final = broker.c
_t: Final = broker_token.c
_c: Final = customer.c
_BY_USER_ID: Final = select(broker).where(_b.user_id == bindparam("user"))
_BY_USER_ID_LOCKED: Final = _BY_USER_ID.with_for_update()
_TOKENS: Final = select(broker_token).where(_t.tenant_id == bindparam("tenant")).order_by(_t.token_id.desc())
_SOMEBODYS: Final = select(_t.tenant_id).where(
    _t.token_hash == bindparam("hash"), or_(_t.ends_us.is_(None), _t.ends_us > bindparam("now"))
)
_BY_EMAIL_LOCKED: Final = (
    select(customer).where(_c.tenant_id == bindparam("tenant"), _c.find_email == bindparam("email")).with_for_update()
)
_BY_ID: Final = select(customer).where(_c.tenant_id == bindparam("tenant"), _c.customer_id == bindparam("id"))


class Brokers:
    """See `domain.customer.ports.BrokerRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def broker(self, user_id: int, *, lock: bool = False) -> Broker | None:
        """Return a broker with all tokens; `lock` holds it until the transaction ends."""
        row = self._unit.execute(_BY_USER_ID_LOCKED if lock else _BY_USER_ID, {"user": user_id}).one_or_none()
        return None if row is None else self._broker(row)

    def brokers(self) -> list[Broker]:
        """Return all brokers, by user id."""
        return [self._broker(row) for row in self._unit.execute(select(broker).order_by(_b.user_id)).all()]

    def is_somebodys(self, token_hash: bytes, now_us: int) -> bool:
        """Tell whether a token belongs to any broker."""
        return self._unit.execute(_SOMEBODYS, {"hash": token_hash, "now": now_us}).first() is not None

    def add_broker(
        self, user_id: int, settings: BrokerSettings, *, token: str, valid_until_us: int, demo: bool, now_us: int
    ) -> Broker | None:
        """Store a new broker in a tenant of its own; None if the user id is taken."""
        tenant_id = self._unit.new_id()
        values = {
            "tenant_id": tenant_id,
            "user_id": user_id,
            "settings": orjson.dumps(asdict(settings)).decode(),
            "active": True,
            "created_us": now_us,
            "modified_us": now_us,
        }
        if not insert_new(self._unit, broker, values):
            return None
        self._unit.execute(
            insert(tenant), {"tenant_id": tenant_id, "kind": "broker", "demo": demo, "created_us": now_us}
        )
        self._add_token(tenant_id, token, valid_until_us)
        self._unit.accounts.changed()
        return self.broker(user_id)

    def _add_token(self, tenant_id: int, token: str, valid_until_us: int) -> None:
        values = {
            "tenant_id": tenant_id,
            "token_id": self._unit.new_id(),
            "token_hash": self._unit.hashes.secret(token),
            "valid_until_us": valid_until_us,
            "ends_us": None,
        }
        self._unit.execute(insert(broker_token), values)

    def save_broker(self, changed: Broker, now_us: int) -> None:
        """Replace a broker's settings and whether it is active."""
        self._unit.execute(
            update(broker)
            .where(_b.tenant_id == changed.tenant_id)
            .values(settings=orjson.dumps(asdict(changed.settings)).decode(), active=changed.active, modified_us=now_us)
        )
        self._unit.accounts.changed()

    def rotate_token(self, tenant_id: int, *, token: str, valid_until_us: int, old_ends_us: int, now_us: int) -> None:
        """Put a new token in place; the present ones end at `old_ends_us`, those that have ended go."""
        mine = _t.tenant_id == tenant_id
        self._unit.execute(
            update(broker_token)
            .where(mine, func.coalesce(_t.ends_us, old_ends_us) >= old_ends_us)
            .values(ends_us=old_ends_us)
        )
        self._unit.execute(delete(broker_token).where(mine, _t.ends_us <= now_us))
        self._add_token(tenant_id, token, valid_until_us)
        self._unit.execute(update(broker).where(_b.tenant_id == tenant_id).values(modified_us=now_us))
        self._unit.accounts.changed()

    def _broker(self, row: Any) -> Broker:  # noqa: ANN401 - a row of the table
        tokens = self._unit.execute(_TOKENS, {"tenant": row.tenant_id}).all()
        return Broker(
            tenant_id=row.tenant_id,
            user_id=row.user_id,
            settings=_settings(row.settings),
            active=bool(row.active),
            tokens=tuple(BrokerToken(bytes(one.token_hash), one.valid_until_us, one.ends_us) for one in tokens),
        )


def _settings(text: str) -> BrokerSettings:
    values = orjson.loads(text)
    return BrokerSettings(
        obligations=Obligations(values["obligations"]),
        valid_days=values["valid_days"],
        salutations=tuple(values["salutations"]),
        titles=tuple(values["titles"]),
    )


class Customers:
    """See `domain.customer.ports.CustomerRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def add(self, tenant_id: int, customer_id: int, email: str, new: Customer, now_us: int) -> bool:
        """Store a new customer; False if the id or the e-mail address is taken."""
        values = {
            "tenant_id": tenant_id,
            "customer_id": customer_id,
            "find_email": self._email(tenant_id, email),
            "created_us": now_us,
            **self._content(tenant_id, customer_id, new, now_us),
        }
        return insert_new(self._unit, customer, values)

    def locked_by_email(self, tenant_id: int, email: str) -> StoredCustomer | None:
        """Return the customer with an e-mail address and hold it until the transaction ends."""
        key = {"tenant": tenant_id, "email": self._email(tenant_id, email)}
        row = self._unit.execute(_BY_EMAIL_LOCKED, key).one_or_none()
        return None if row is None else self._stored(row)

    def save(self, tenant_id: int, customer_id: int, changed: Customer, now_us: int) -> None:
        """Replace what is known of a customer."""
        statement = update(customer).where(_c.tenant_id == tenant_id, _c.customer_id == customer_id)
        self._unit.execute(statement.values(**self._content(tenant_id, customer_id, changed, now_us)))

    def customer(self, tenant_id: int, customer_id: int) -> StoredCustomer | None:
        """Return a customer by its id."""
        row = self._unit.execute(_BY_ID, {"tenant": tenant_id, "id": customer_id}).one_or_none()
        return None if row is None else self._stored(row)

    def customers(self, tenant_id: int, search: CustomerSearch, limit: int) -> Sequence[StoredCustomer]:
        """Return customers by time of creation, oldest first."""
        statement = select(customer).where(_c.tenant_id == tenant_id)
        if search.email is not None:
            statement = statement.where(_c.find_email == self._email(tenant_id, email_identity(search.email)))
        if search.last_name is not None:
            statement = statement.where(_c.find_last_name == self._last_name(tenant_id, search.last_name))
        statement = statement.order_by(_c.created_us, _c.customer_id).limit(limit)
        return [self._stored(row) for row in self._unit.execute(statement).all()]

    def _content(self, tenant_id: int, customer_id: int, known: Customer, now_us: int) -> dict[str, Any]:
        data = {name: value for name, value in asdict(known).items() if value is not None}
        return {
            "find_last_name": None if known.last_name is None else self._last_name(tenant_id, known.last_name),
            "data_sealed": self._unit.sealer.seal(orjson.dumps(data), _context(tenant_id, customer_id)),
            "modified_us": now_us,
        }

    def _email(self, tenant_id: int, identity: str) -> bytes:
        return self._unit.hashes.blind(tenant_id, "customer email", identity)

    def _last_name(self, tenant_id: int, name: str) -> bytes:
        return self._unit.hashes.blind(tenant_id, "last name", normalised(name))

    def _stored(self, row: Any) -> StoredCustomer:  # noqa: ANN401 - a row of the table
        data = orjson.loads(self._unit.sealer.open(row.data_sealed, _context(row.tenant_id, row.customer_id)))
        return StoredCustomer(row.customer_id, Customer(**data), row.created_us, row.modified_us)


def _context(tenant_id: int, customer_id: int) -> bytes:
    return b"customer|%d|%d" % (tenant_id, customer_id)
