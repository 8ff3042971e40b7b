"""Rules across the fields of an order; pure."""

from dataclasses import replace

from fallwerk.domain.identcase.model import CaseOrder


def clear_incomplete_contact(order: CaseOrder) -> CaseOrder:
    """
    Drop the whole contact data if the person's first or last name is missing, so that the portal asks for all of it.

    Source: S-40; decisions 31 and "SCR in general" (the address goes too). A name of blanks only is no name.
    """
    contact = order.contact
    if contact is None or ((contact.first_name or "").strip() and (contact.last_name or "").strip()):
        return order
    return replace(order, contact=None)
