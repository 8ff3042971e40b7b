"""The workspace around brokers: their customers as list, search and page (P-11)."""

from dataclasses import dataclass, fields
from typing import Final

from starlette.responses import Response

from fallwerk.domain.customer.brokers import known_broker
from fallwerk.domain.customer.errors import BrokerUnknown, CustomerUnknown
from fallwerk.domain.customer.model import Broker, Customer, StoredCustomer
from fallwerk.domain.customer.ports import CustomerSearch
from fallwerk.domain.customer.service import known_customer
from fallwerk.domain.staff.model import Action, HomeKind, StaffUser
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.kit.ids import row_number
from fallwerk.web.console.frame import Frame, NotHere, Page, Visit

SHOWN_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Found:
    """What a list of customers shows."""

    brokers: list[Broker]
    """Empty for a broker's own people: there is nothing to choose."""
    broker: Broker | None
    customers: list[StoredCustomer]
    more: bool


class CustomerPages:
    """Pages of the customers; a broker's own people see their broker only."""

    def __init__(self, frame: Frame, store: Transactions) -> None:
        self._frame = frame
        self._store = store

    def pages(self) -> tuple[Page, ...]:
        """Return the pages."""
        needed = Action.READ_CUSTOMERS
        return (
            Page("console.customers", "GET", "/customers", needed, self.show_list),
            Page("console.customer", "GET", "/customers/{broker}/{customer}", needed, self.show_customer),
        )

    async def show_list(self, visit: Visit) -> Response:
        """Show a broker's customers, or those that a search finds."""
        user, asked, find = visit.user, visit.asked("broker"), visit.asked("find")
        found = await self._store.read(lambda uow: find_customers(uow, user, asked, find))
        return self._frame.answer(visit, "customers.html", found=found, find=find, shown=SHOWN_AT_ONCE)

    async def show_customer(self, visit: Visit) -> Response:
        """Show everything that is known of a customer."""
        user, asked, customer_id = visit.user, visit.part("broker"), visit.part("customer")

        def show(uow: UnitOfWork) -> tuple[Broker, StoredCustomer]:
            broker = broker_of(uow, user, asked)
            if not is_number(customer_id):
                raise CustomerUnknown
            return broker, known_customer(uow, broker.tenant_id, int(customer_id))

        try:
            broker, stored = await self._store.read(show)
        except (BrokerUnknown, CustomerUnknown):
            raise NotHere from None
        names = [field.name for field in fields(Customer) if getattr(stored.customer, field.name) is not None]
        return self._frame.answer(visit, "customer.html", broker=broker, stored=stored, names=names)


def find_customers(uow: UnitOfWork, user: StaffUser, asked: str, find: str) -> Found:
    """
    Find what a list shows.

    Raises:
        NotHere: another's broker, or none.
    """
    own = user.home.kind is HomeKind.BROKER
    brokers = [] if own else uow.brokers.brokers()
    if not own and not asked:
        # Somebody who reaches many brokers chooses one; nobody's list mixes the customers of several.
        return Found(brokers, None, [], more=False)
    try:
        broker = broker_of(uow, user, asked or user.home.name)
    except BrokerUnknown:
        raise NotHere from None
    return _listed(uow, brokers, broker, find)


def _listed(uow: UnitOfWork, brokers: list[Broker], broker: Broker, find: str) -> Found:
    customers = _search(uow, broker, find)
    return Found(brokers, broker, customers[:SHOWN_AT_ONCE], more=len(customers) > SHOWN_AT_ONCE)


def _search(uow: UnitOfWork, broker: Broker, find: str) -> list[StoredCustomer]:
    if is_number(find):
        known = uow.customers.customer(broker.tenant_id, int(find))
        return [known] if known else []
    search = CustomerSearch(email=find if "@" in find else None, last_name=find if find and "@" not in find else None)
    return list(uow.customers.customers(broker.tenant_id, search, SHOWN_AT_ONCE + 1))


def broker_of(uow: UnitOfWork, user: StaffUser, number: str) -> Broker:
    """
    Return a broker whom somebody may see.

    Raises:
        BrokerUnknown: there is none, or it is another's; the caller cannot tell which (C-03).
    """
    if not is_number(number):
        raise BrokerUnknown
    broker = known_broker(uow, int(number))
    if user.reach not in {None, broker.tenant_id}:
        raise BrokerUnknown
    return broker


def is_number(text: str) -> bool:
    """Tell whether a text can be a number of ours."""
    return row_number(text) is not None
