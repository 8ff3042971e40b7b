"""The KEX APIs over loan cases: UPDATE and STATUS."""

from typing import Final

from fallwerk.apis.kex_status.routes import StatusRoutes
from fallwerk.apis.kex_update.routes import UpdateRoutes
from fallwerk.app.area import Area, Core
from fallwerk.app.oauth import Access
from fallwerk.dialects.kex.router import KexApi
from fallwerk.domain.loancase.demo import seed
from fallwerk.domain.partner.demo import DEMO_PARTNER
from fallwerk.own.admin.loancases import LoanCaseAdmin

PREFIX: Final = "/kreditsmart/"


def area(core: Core, access: Access) -> Area:
    """Compose the area; its demo data needs the demo partners, so it stands behind theirs."""
    settings = core.settings
    update = UpdateRoutes(core.database, core.blobs, core.clock, settings.max_document_bytes)
    status = StatusRoutes(core.database, core.clock, settings.max_body_bytes)
    # In production nobody's Vorgang is taken for granted: it must name its partner.
    default_partner = None if settings.is_production else DEMO_PARTNER
    admin = LoanCaseAdmin(core.database, core.blobs, core.clock, default_partner)
    return Area(
        mounts={PREFIX: KexApi((*update.operations(), *status.operations()), access.bearer)},
        documents=("kex_update", "kex_status"),
        admin=admin.operations(),
        seeds=(seed,),
    )
