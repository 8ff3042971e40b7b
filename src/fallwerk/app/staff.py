"""The people at the desks: who they are, how they sign in, the console they work at."""

from typing import TYPE_CHECKING, Final

from fallwerk.adapters.barcodes import read_codes
from fallwerk.adapters.passwords import Argon2Passwords
from fallwerk.apis.scr_delivery.mapping import render_list_form
from fallwerk.app.area import Area, Core
from fallwerk.app.calls import calls
from fallwerk.domain.portal.ports import CodeSender
from fallwerk.domain.staff.demo import seed
from fallwerk.domain.staff.service import SessionLimits, drop_old_sessions
from fallwerk.web.console.door import Door
from fallwerk.web.console.routes import ConsoleDeps, routes
from fallwerk.worker.housekeeping import Seldom

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallwerk.own.api import Operation

SECOND_US: Final = 1_000_000
SWEEP_S: Final = 300


def area(core: Core, sender: CodeSender | None = None) -> Area:
    """
    Compose the area.

    Args:
        sender: How TANs reach people; None: not at all.
    """
    settings = core.settings
    limits = SessionLimits(
        int(settings.session_idle_s * SECOND_US),
        int(settings.session_absolute_s * SECOND_US),
    )
    passwords = Argon2Passwords()
    door = Door(
        store=core.database,
        clock=core.clock,
        passwords=passwords,
        slowdown=core.slowdown,
        hash_of=core.database.context.hashes.secret,
        limits=limits,
        https=settings.public_base_url.startswith("https:"),
    )

    def admin() -> "Sequence[Operation]":
        from fallwerk.own.admin.staff import StaffRoutes  # noqa: PLC0415 - no start waits for it

        return StaffRoutes(core.database, core.clock, passwords).operations()

    async def sweep() -> None:
        now_us = core.clock.now_us()
        await core.database.write(lambda uow: drop_old_sessions(uow, limits, now_us))

    return Area(
        pages=routes(
            ConsoleDeps(
                store=core.database,
                clock=core.clock,
                door=door,
                sandbox=not settings.is_production,
                render=render_list_form,
                blobs=core.blobs,
                calls=calls(core),
                public_base_url=settings.public_base_url,
                read_codes=read_codes,
                sender=sender,
            )
        ),
        admin=admin,
        seeds=(seed,),
        every_beat=(Seldom(sweep, SWEEP_S),),
    )
