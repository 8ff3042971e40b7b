"""What the desks need from outside."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.desk.model import Claim, Pile, Waiting, Wanted
from fallwerk.domain.identcase.model import IdentCase
from fallwerk.domain.identcase.ports import DeliveryOrder


class DeskRepository(Protocol):
    """What waits at the desks, over all tenants."""

    def pile(self, wanted: Wanted, limit: int) -> Pile:
        """Return the open cases that wait, oldest first."""

    def count(self, wanted: Wanted, limit: int) -> int:
        """Count the open cases that wait, up to a limit."""

    def delivery_order(self, tenant_id: int, case_id: str) -> DeliveryOrder | None:
        """Return recipient and place in its job of a delivery case."""

    def clients_of_accounting(self, accounting_number: str) -> Sequence[ScrClient]:
        """Return the SCR clients with an accounting number, by client id."""

    def by_reference(self, tenant_id: int, reference_id: str) -> IdentCase | None:
        """Return the case of a tenant that carries a reference id."""

    def claim(self, tenant_id: int, case_id: str) -> Claim | None:
        """Return who talks to the person of a case."""

    def put_claim(self, tenant_id: int, case_id: str, claim: Claim) -> None:
        """Note who talks to the person of a case."""

    def keep_claim(self, tenant_id: int, case_id: str, now_us: int) -> None:
        """Note that whoever talks to the person of a case is still there."""

    def held_by(self, user_id: int, seen_since_us: int) -> Sequence[tuple[int, str]]:
        """Return tenant and case of the calls of an agent whose page was heard of lately, the oldest first."""

    def claims(self, cases: Sequence[tuple[int, str]]) -> Mapping[tuple[int, str], Claim]:
        """Return who talks to the persons of some cases (tenant, case id)."""

    def of_cases(self, wanted: Wanted, cases: Sequence[tuple[int, str]]) -> Sequence[Waiting]:
        """Return those of some cases (tenant, case id) that wait, in no order."""

    def drop_claim(self, tenant_id: int, case_id: str) -> None:
        """Note that nobody does any more."""
