"""
The sandbox's demo clients, the same at every first start and after every reset.

Source: control-api.md "Demo data". Passwords stand here because everybody knows them: production refuses a database
that holds demo data.
"""

from dataclasses import dataclass
from typing import Final

from fallwerk.domain.account.model import IdentClass, ScrSettings
from fallwerk.domain.account.ports import NewCredential
from fallwerk.domain.audit.model import SYSTEM, AuditEvent
from fallwerk.domain.identcase.model import Method
from fallwerk.domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True)
class DemoClient:
    """One demo client with everything that its users are told."""

    client_id: str
    data_password: str
    credentials: tuple[NewCredential, ...]
    settings: ScrSettings


DEMO_CLIENTS: Final = (
    DemoClient(
        client_id="1234ABCD",
        data_password="EAHqr_9NvCw2BuI23$a.0vRsS",  # noqa: S106 - known to everybody
        credentials=(
            NewCredential("demo-scr", "demo-scr-password"),
            NewCredential("demo-alive", "demo-alive-password", alive_only=True),
        ),
        settings=ScrSettings(
            ident_class=IdentClass.STANDARD,
            methods=(Method.BASIC, Method.VIDEO, Method.PHOTO, Method.EID),
            coupon_active=True,
            coupon_max=3,
            accounting_number="87122222143703",
            webhook_active=True,
            webhook_events=("notification", "final"),
            webhook_retry=True,
            webhook_hosts=("*",),
            webhook_http_allowed=True,
            webhook_reference_id=True,
            webhook_custom1=True,
            # Another attempt after a declined one is possible by the method basic, so that 90307 can be seen.
            declined_closes=(Method.VIDEO, Method.PHOTO, Method.EID),
            delivery_active=True,
        ),
    ),
    DemoClient(
        client_id="5678EFGH",
        data_password="second-data-password",  # noqa: S106 - known to everybody
        credentials=(NewCredential("demo-scr-2", "demo-scr-2-password"),),
        settings=ScrSettings(
            ident_class=IdentClass.GWG,
            methods=(Method.VIDEO, Method.EID),
            coupon_active=False,
            webhook_active=False,
            webhook_http_allowed=True,
        ),
    ),
)


def seed(uow: UnitOfWork, now_us: int) -> None:
    """
    Create the demo clients that are not there yet; one that exists stays as it is.

    Raises nothing of its own; call it in sandbox mode only.
    """
    for demo in DEMO_CLIENTS:
        client = uow.accounts.add_scr_client(
            demo.client_id,
            demo.settings,
            data_password=demo.data_password,
            credentials=demo.credentials,
            demo=True,
            now_us=now_us,
        )
        if client is not None:
            uow.audit.add(
                AuditEvent(client.tenant_id, now_us, SYSTEM, "account.created", demo.client_id, {"demo": True})
            )
