"""Saving a customer; one transaction."""

from dataclasses import asdict, dataclass
from typing import Final

from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.customer.errors import CustomerUnknown
from fallwerk.domain.customer.model import Customer, StoredCustomer
from fallwerk.domain.customer.rules import email_identity
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.ids import new_customer_id

ATTEMPTS: Final = 10
"""Draws of a customer id; with 9 × 10^11 of them one nearly always is enough."""


@dataclass(frozen=True, slots=True)
class SavedCustomer:
    """Which customer a call was about."""

    customer_id: int
    created: bool


def save_customer(
    uow: UnitOfWork, customer: Customer, *, tenant_id: int, email: str, now_us: int, actor: Actor
) -> SavedCustomer:
    """
    Create a broker's customer, or update the one that has the e-mail address already.

    Source: CUSTOMER "E-Mail Adresse"; P-07, P-08, C-02.

    Args:
        customer: Well-formed already; what it does not know stays as it is in an update.
        email: The customer's own; it tells the broker's customers apart, whatever its case.

    Returns:
        The loser of two simultaneous first requests updates the winner's customer.
    """
    identity = email_identity(email)
    for _ in range(ATTEMPTS):
        customer_id = new_customer_id()
        if uow.customers.add(tenant_id, customer_id, identity, customer, now_us):
            uow.audit.add(AuditEvent(tenant_id, now_us, actor, "customer.created", str(customer_id)))
            return SavedCustomer(customer_id, created=True)
        known = uow.customers.locked_by_email(tenant_id, identity)
        if known is not None:
            _update(uow, known, customer, AuditEvent(tenant_id, now_us, actor, "customer.changed", ""))
            return SavedCustomer(known.customer_id, created=False)
    msg = "no free customer id was found"
    raise RuntimeError(msg)


def _update(uow: UnitOfWork, known: StoredCustomer, sent: Customer, event: AuditEvent) -> None:
    """Put what was sent over what is known; a call that changes nothing leaves no trace."""
    before = asdict(known.customer)
    after = {name: before[name] if value is None else value for name, value in asdict(sent).items()}
    changed = ",".join(name for name, value in after.items() if value != before[name])
    if changed:
        uow.customers.save(event.tenant_id, known.customer_id, Customer(**after), event.at_us)
        # Names of fields only: the log is kept longer than any person's data.
        details: dict[str, str | int | bool | None] = {"fields": changed}
        subject = str(known.customer_id)
        uow.audit.add(AuditEvent(event.tenant_id, event.at_us, event.actor, event.action, subject, details))


def known_customer(uow: UnitOfWork, tenant_id: int, customer_id: int) -> StoredCustomer:
    """
    Return a customer.

    Raises:
        CustomerUnknown: the broker has none with this id.
    """
    found = uow.customers.customer(tenant_id, customer_id)
    if found is None:
        raise CustomerUnknown
    return found
