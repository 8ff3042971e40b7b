"""
The sandbox's demo user (control-api.md "Demo data"): `admin`, who may everything.

The hash stands here because everybody knows the password `demo-admin-password`; computing it would cost every start a
tenth of a second. Production makes no demo data.
"""

from typing import Final

from fallwerk.domain.audit.model import SYSTEM, AuditEvent
from fallwerk.domain.staff.model import OPERATOR, OPERATOR_TENANT, Role, StaffUser
from fallwerk.domain.unit_of_work import UnitOfWork

DEMO_USERNAME: Final = "admin"
DEMO_PASSWORD: Final = "demo-admin-password"  # noqa: S105 - known to everybody
DEMO_HASH: Final = "$argon2id$v=19$m=47104,t=1,p=1$n6huvJWVu3IeLo82B8qcgQ$cMUdiDsTPOdKHO1zdoZ9grNJIAuOlPvROmWxG8WOJik"


def seed(uow: UnitOfWork, now_us: int) -> None:
    """Make the demo user unless somebody of that name is there; call it in sandbox mode only."""
    user = StaffUser(
        user_id=uow.new_id(),
        home=OPERATOR,
        username=DEMO_USERNAME,
        name="Demo Admin",
        roles=tuple(Role),
        active=True,
        must_change=False,
        password_hash=DEMO_HASH,
        created_us=now_us,
        modified_us=now_us,
    )
    if uow.staff.add(user):
        subject = f"staff:{user.user_id}"
        uow.audit.add(AuditEvent(OPERATOR_TENANT, now_us, SYSTEM, "staff.created", subject, {"demo": True}))
