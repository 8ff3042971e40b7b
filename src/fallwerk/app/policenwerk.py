"""The Policenwerk API: brokers and their customers."""

from functools import partial
from typing import TYPE_CHECKING, Final

from fallwerk.app.area import Area, Core
from fallwerk.domain.customer.demo import seed_brokers
from fallwerk.kit.late import LateApp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp

    from fallwerk.own.api import Operation

PREFIX: Final = "/api/customer"


def area(core: Core) -> Area:
    """Compose the area; no start waits for its modules."""
    return Area(
        mounts={PREFIX: LateApp(partial(_api, core))},
        documents=("policenwerk_customer",),
        admin=partial(_admin, core),
        seeds=(seed_brokers,),
    )


def _admin(core: Core) -> "Sequence[Operation]":
    from fallwerk.own.admin.brokers import BrokerRoutes  # noqa: PLC0415 - see `area`

    return BrokerRoutes(core.database, core.clock, core.settings.max_body_bytes).operations()


def _api(core: Core) -> "ASGIApp":
    from fallwerk.apis.policenwerk_customer.routes import CustomerRoutes  # noqa: PLC0415 - see `area`
    from fallwerk.dialects.policenwerk.accounts import BrokerAccounts  # noqa: PLC0415 - see `area`
    from fallwerk.dialects.policenwerk.router import PolicenwerkApi  # noqa: PLC0415 - see `area`

    accounts = BrokerAccounts(
        core.database,
        hash_of=core.database.context.hashes.secret,
        clock=core.clock,
        slowdown=core.slowdown,
        generation=lambda: core.shared.generation,
        fresh_s=core.settings.account_cache_s,
    )
    operations = CustomerRoutes(core.database, core.clock).operations()
    return PolicenwerkApi(operations, accounts, max_body_bytes=core.settings.max_body_bytes)
