"""Cases of START with everything that belongs to them: eight statements, one wait for the database."""

from typing import TYPE_CHECKING

from fallwerk.domain.identcase.attempt import CaseFile
from fallwerk.domain.identcase.model import CaseKind
from fallwerk.store import accounts, attempts, coupons, credentials, persons
from fallwerk.store.cases import CASE, LOCKED_CASE, case_of, context_of
from fallwerk.store.credentials import read_credentials
from fallwerk.store.orders import order_of

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit


class CaseFiles:
    """See `domain.identcase.ports.CaseFileRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def get(self, tenant_id: int, case_id: str, *, lock: bool = False) -> CaseFile | None:
        """Return a case with its account, attempts, person and records."""
        unit = self._unit
        # What is asked after the case is read once the case is held: each statement sees what was committed before it.
        cases, clients, secrets, tries, people, consents, records, issued = unit.ask(
            (
                LOCKED_CASE if lock else CASE,
                accounts.BY_TENANT,
                credentials.OF_TENANT,
                attempts.OF_CASE,
                persons.PERSON,
                persons.CONSENTS,
                persons.RECORDS,
                coupons.COUNT,
            ),
            {"tenant": tenant_id, "case": case_id},
        )
        if not cases or cases[0].kind != CaseKind.START:
            return None
        (case,), (client,) = cases, clients
        return CaseFile(
            case=case_of(case),
            order=order_of(unit.sealer.open(case.order_sealed, context_of("order", tenant_id, case_id))),
            client=unit.accounts.read(client, read_credentials(secrets)),
            attempts=unit.attempts.read(tries),
            person=unit.persons.read(tenant_id, case_id, people, consents),
            records=unit.records.read(records),
            coupon_count=issued[0].issued,
        )
