"""Brokers, and the customers that they create."""

from dataclasses import dataclass, field
from enum import StrEnum


class Obligations(StrEnum):
    """Which fields a broker's customers must have (decision 14)."""

    TABLE = "table"
    """What the document's table marks as mandatory."""
    EXAMPLE = "example"
    """What its examples send."""


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Settings of a broker; the control API's names in snake_case."""

    obligations: Obligations = Obligations.TABLE
    valid_days: int = 365
    """How long a new token is valid, in whole days of 24 hours."""
    salutations: tuple[int, ...] = ()
    """Values of `anrede` that are taken; empty takes all of 0 to 127 (decision 44)."""
    titles: tuple[int, ...] = ()
    """Values of `titel` that are taken; empty takes all of 0 to 127 (decision 44)."""


@dataclass(frozen=True, slots=True)
class BrokerToken:
    """The keyed hash of a token, with its two ends."""

    token_hash: bytes = field(repr=False)
    valid_until_us: int
    """What callers are told; from then on the token is expired."""
    ends_us: int | None = None
    """End of a rotation's overlap, from which on the token is nobody's; None while it is the current one."""

    def known(self, now_us: int) -> bool:
        """Tell whether the token is still somebody's, expired or not."""
        return self.ends_us is None or now_us < self.ends_us


@dataclass(frozen=True, slots=True)
class Broker:
    """An account of CUSTOMER, with every token that is kept of it."""

    tenant_id: int
    user_id: int
    settings: BrokerSettings
    active: bool
    tokens: tuple[BrokerToken, ...]

    def current_token(self) -> BrokerToken | None:
        """Return the token that no rotation has replaced."""
        return next((token for token in self.tokens if token.ends_us is None), None)


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known of a customer; None is not known. The order is that of the document's table."""

    salutation: int | None = None
    title: int | None = None
    first_name: str | None = None
    last_name: str | None = None
    birth_date: str | None = None
    street: str | None = None
    house_number: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: int | None = None
    """1 is Germany, 2 Austria, 3 Switzerland."""
    phone: str | None = None
    email: str | None = None
    account_holder: str | None = None
    iban: str | None = None
    company: str | None = None
    vat_id: str | None = None
    register_number: str | None = None
    register: str | None = None


@dataclass(frozen=True, slots=True)
class StoredCustomer:
    """A customer under its id, which is unique within its broker."""

    customer_id: int
    customer: Customer
    created_us: int
    modified_us: int
