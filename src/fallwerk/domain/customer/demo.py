"""
The sandbox's demo brokers, the same at every first start and after every reset.

Source: control-api.md "Demo data". Tokens stand here because everybody knows them: production refuses a database that
holds demo data.
"""

from dataclasses import dataclass
from typing import Final

from fallwerk.domain.audit.model import SYSTEM, AuditEvent
from fallwerk.domain.customer.brokers import DAY_US, SECOND_US
from fallwerk.domain.customer.model import BrokerSettings, Obligations
from fallwerk.domain.unit_of_work import UnitOfWork

TWO_YEARS: Final = 730


@dataclass(frozen=True, slots=True)
class DemoBroker:
    """One demo broker with everything that its users are told."""

    user_id: int
    login_token: str
    days_left: int
    """Days until its token expires; negative when it has."""
    obligations: Obligations = Obligations.TABLE


DEMO_BROKERS: Final = (
    DemoBroker(4711, "5b0cbd7e-5f4c-5d0e-9d3e-0a1b2c3d4e5f", TWO_YEARS),
    DemoBroker(4712, "7d1f3a52-9c1b-5b7a-8f60-1a2b3c4d5e6f", TWO_YEARS, Obligations.EXAMPLE),
    DemoBroker(4713, "9e2a4b63-0d2c-5c8b-9a71-2b3c4d5e6f70", 10),
    DemoBroker(4714, "0f3b5c74-1e3d-5d9c-8b82-3c4d5e6f7081", -1),
)


def seed_brokers(uow: UnitOfWork, now_us: int) -> None:
    """
    Create the demo brokers that are not there yet; one that exists stays as it is.

    Raises nothing of its own; call it in sandbox mode only.
    """
    for demo in DEMO_BROKERS:
        broker = uow.brokers.add_broker(
            demo.user_id,
            BrokerSettings(obligations=demo.obligations, valid_days=TWO_YEARS),
            token=demo.login_token,
            valid_until_us=now_us // SECOND_US * SECOND_US + demo.days_left * DAY_US,
            demo=True,
            now_us=now_us,
        )
        if broker is not None:
            subject = str(demo.user_id)
            uow.audit.add(AuditEvent(broker.tenant_id, now_us, SYSTEM, "account.created", subject, {"demo": True}))
