"""The portal: pages for the person whom a case is about."""

from typing import TYPE_CHECKING, Final

from fallwerk.app.area import Area, Core
from fallwerk.app.calls import calls
from fallwerk.domain.portal.ports import CodeSender
from fallwerk.domain.portal.queue import forget_absent
from fallwerk.kit.darkroom import Darkroom
from fallwerk.settings import Settings
from fallwerk.web.portal.cases import finder
from fallwerk.web.portal.frame import Deps
from fallwerk.web.portal.routes import Equipment, routes
from fallwerk.web.portal.visits import Visits
from fallwerk.worker.housekeeping import Seldom

if TYPE_CHECKING:
    from fallwerk.adapters.eid_server import HttpEidServer

SWEEP_S: Final = 300


def area(core: Core, sender: CodeSender | None = None) -> Area:
    """
    Compose the area.

    Args:
        sender: How codes reach people; None: nobody is offered one.
    """
    settings = core.settings
    server = _eid_server(settings)
    visits = Visits(
        core.database.context.hashes.secret,
        core.clock,
        secure=core.settings.public_base_url.startswith("https:"),
    )
    deps = Deps(
        find=finder(core.database, sender),
        store=core.database,
        clock=core.clock,
        slowdown=core.slowdown,
        visits=visits,
        public_base_url=core.settings.public_base_url,
    )
    darkroom = Darkroom()
    equipment = Equipment(
        office=core.coupons,
        blobs=core.blobs,
        draw=darkroom.draw,
        calls=calls(core),
        eid_server=server,
        plays_cards=server is None and not settings.is_production,
        sender=sender,
    )

    async def stop() -> None:
        await darkroom.close()
        if server is not None:
            await server.close()

    async def sweep() -> None:
        now_us = core.clock.now_us()
        await core.database.write(lambda uow: forget_absent(uow, now_us))

    return Area(pages=routes(deps, equipment), every_beat=(Seldom(sweep, SWEEP_S),), stop=stop)


def _eid_server(settings: Settings) -> "HttpEidServer | None":
    if not settings.eid_server_url:
        return None
    from fallwerk.adapters.eid_server import HttpEidServer  # noqa: PLC0415 - its HTTP client costs start-up time

    return HttpEidServer(
        settings.eid_server_url, settings.eid_server_token.get_secret_value() if settings.eid_server_token else ""
    )
