"""The SCR APIs: cases of START and DELIVERY."""

from collections.abc import Awaitable, Callable
from typing import Final

from fallwerk.apis.scr_delivery.routes import DeliveryRoutes
from fallwerk.apis.scr_start.alive import AliveCheck
from fallwerk.apis.scr_start.routes import StartRoutes
from fallwerk.app.area import Area, Core
from fallwerk.dialects.scr.accounts import ScrAccounts
from fallwerk.dialects.scr.router import ScrApi
from fallwerk.domain.identcase.attempt import Attempt, CaseFile
from fallwerk.neighbours.scr_results.routes import ResultRoutes

PREFIX: Final = "/api/scr/"


def _result_document(file: CaseFile, attempt: Attempt) -> bytes:
    """Load the renderer when the first document is asked for: no start waits for it."""
    from fallwerk.render.result_document import result_document  # noqa: PLC0415 - see above

    return result_document(file, attempt)


def area(core: Core, available: Callable[[], Awaitable[bool]]) -> Area:
    """
    Compose the area.

    Args:
        available: Tells whether every component is available (S-80).
    """
    alive = AliveCheck(available, clock=core.clock, shared=core.shared)
    start = StartRoutes(core.database, core.clock, alive, core.settings.public_base_url, core.coupons)
    delivery = DeliveryRoutes(core.database, core.clock)
    results = ResultRoutes(core.database, core.blobs, core.clock, _result_document)
    accounts = ScrAccounts(
        core.database,
        hash_of=core.database.context.hashes.secret,
        clock=core.clock,
        slowdown=core.slowdown,
        generation=lambda: core.shared.generation,
        fresh_s=core.settings.account_cache_s,
    )
    operations = (*start.operations(), *delivery.operations(), *results.operations())
    return Area(
        mounts={PREFIX: ScrApi(operations, accounts, max_body_bytes=core.settings.max_body_bytes)},
        documents=("scr_start", "scr_delivery", "scr_results"),
    )
