"""
The sandbox's demo Vorgänge, the same at every first start and after every reset.

Source: control-api.md "Demo data".
"""

from typing import Final

from fallwerk.domain.audit.model import SYSTEM
from fallwerk.domain.loancase.errors import LoanCaseNumberTaken
from fallwerk.domain.loancase.model import Environment
from fallwerk.domain.loancase.service import create_application, create_loan_case, delete_loan_case
from fallwerk.domain.partner.demo import DEMO_PARTNER
from fallwerk.domain.unit_of_work import UnitOfWork

PLAIN: Final = "123456"
WITH_APPLICATION: Final = "985132"
PROVIDER_NUMBER: Final = "12919351"
DELETED: Final = "GONE01"


def seed(uow: UnitOfWork, now_us: int) -> None:
    """
    Create the demo Vorgänge that are not there yet; one that exists stays as it is.

    Raises nothing of its own; call it in sandbox mode only, after the demo partners are there.
    """
    for case_number in (PLAIN, WITH_APPLICATION, DELETED):
        try:
            create_loan_case(
                uow,
                case_number,
                partner_id=DEMO_PARTNER,
                environment=Environment.TEST,
                now_us=now_us,
                actor=SYSTEM,
            )
        except LoanCaseNumberTaken:
            continue
        if case_number == WITH_APPLICATION:
            create_application(uow, case_number, PROVIDER_NUMBER, now_us=now_us, actor=SYSTEM)
        if case_number == DELETED:
            delete_loan_case(uow, case_number, now_us=now_us, actor=SYSTEM)
