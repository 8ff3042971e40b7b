"""What the services of brokers and customers need from outside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fallwerk.domain.customer.model import Broker, BrokerSettings, Customer, StoredCustomer


@dataclass(frozen=True, slots=True)
class CustomerSearch:
    """What customers are wanted; None takes all. Exact but for case and blanks, because the names are sealed."""

    email: str | None = None
    last_name: str | None = None


class BrokerRepository(Protocol):
    """Brokers and their tokens."""

    def broker(self, user_id: int, *, lock: bool = False) -> Broker | None:
        """Return a broker with all tokens; `lock` holds it until the transaction ends."""

    def brokers(self) -> list[Broker]:
        """Return all brokers, by user id."""

    def is_somebodys(self, token_hash: bytes, now_us: int) -> bool:
        """Tell whether a token belongs to any broker."""

    def add_broker(
        self, user_id: int, settings: BrokerSettings, *, token: str, valid_until_us: int, demo: bool, now_us: int
    ) -> Broker | None:
        """Store a new broker in a tenant of its own; None if the user id is taken."""

    def save_broker(self, broker: Broker, now_us: int) -> None:
        """Replace a broker's settings and whether it is active."""

    def rotate_token(self, tenant_id: int, *, token: str, valid_until_us: int, old_ends_us: int, now_us: int) -> None:
        """Put a new token in place; the present ones end at `old_ends_us`, those that have ended go."""


class CustomerRepository(Protocol):
    """Customers by broker."""

    def add(self, tenant_id: int, customer_id: int, email: str, customer: Customer, now_us: int) -> bool:
        """Store a new customer; False if the id or the e-mail address is taken."""

    def locked_by_email(self, tenant_id: int, email: str) -> StoredCustomer | None:
        """Return the customer with an e-mail address and hold it until the transaction ends."""

    def save(self, tenant_id: int, customer_id: int, customer: Customer, now_us: int) -> None:
        """Replace what is known of a customer; its e-mail address stays the same but for its spelling."""

    def customer(self, tenant_id: int, customer_id: int) -> StoredCustomer | None:
        """Return a customer by its id."""

    def customers(self, tenant_id: int, search: CustomerSearch, limit: int) -> Sequence[StoredCustomer]:
        """Return customers by time of creation, oldest first."""
