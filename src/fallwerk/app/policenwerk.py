"""The Policenwerk API: brokers and their customers."""

from fallwerk.apis.policenwerk_customer.routes import CustomerRoutes
from fallwerk.app.area import Area, Core
from fallwerk.dialects.policenwerk.accounts import BrokerAccounts
from fallwerk.dialects.policenwerk.router import PREFIX, PolicenwerkApi
from fallwerk.domain.customer.demo import seed_brokers
from fallwerk.own.admin.brokers import BrokerRoutes


def area(core: Core) -> Area:
    """Compose the area."""
    accounts = BrokerAccounts(
        core.database,
        hash_of=core.database.context.hashes.secret,
        clock=core.clock,
        slowdown=core.slowdown,
        generation=lambda: core.shared.generation,
        fresh_s=core.settings.account_cache_s,
    )
    operations = CustomerRoutes(core.database, core.clock).operations()
    return Area(
        mounts={PREFIX: PolicenwerkApi(operations, accounts, max_body_bytes=core.settings.max_body_bytes)},
        documents=("policenwerk_customer",),
        admin=BrokerRoutes(core.database, core.clock, core.settings.max_body_bytes).operations(),
        seeds=(seed_brokers,),
    )
