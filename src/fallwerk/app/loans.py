"""The KEX APIs over loan cases: UPDATE, STATUS, and the neighbours that create and read what they change."""

from typing import Final

from fallwerk.apis.kex_status.routes import StatusRoutes
from fallwerk.apis.kex_update.routes import UpdateRoutes
from fallwerk.app.area import Area, Core
from fallwerk.app.oauth import Access
from fallwerk.dialects.kex.router import KexApi
from fallwerk.domain.loancase.demo import seed
from fallwerk.domain.partner.demo import DEMO_PARTNER
from fallwerk.neighbours.kex_antragsdokumente.routes import ApplicationDocumentRoutes
from fallwerk.neighbours.kex_export.routes import ExportRoutes
from fallwerk.neighbours.kex_import.routes import ImportRoutes
from fallwerk.own.admin.loancases import LoanCaseAdmin

PREFIX: Final = "/kreditsmart/"
IMPORT_PREFIX: Final = "/vorgang"


def area(core: Core, access: Access) -> Area:
    """Compose the area; its demo data needs the demo partners, so it stands behind theirs."""
    settings = core.settings
    update = UpdateRoutes(core.database, core.blobs, core.clock, settings.max_document_bytes)
    status = StatusRoutes(core.database, core.clock, settings.max_body_bytes)
    documents = ApplicationDocumentRoutes(core.database, core.blobs, core.clock)
    export = ExportRoutes(core.database)
    opening = ImportRoutes(core.database, core.clock, settings.max_body_bytes)
    operations = (*update.operations(), *status.operations(), *documents.operations(), *export.operations())
    # In production nobody's Vorgang is taken for granted: it must name its partner.
    default_partner = None if settings.is_production else DEMO_PARTNER
    admin = LoanCaseAdmin(core.database, core.blobs, core.clock, default_partner)
    return Area(
        mounts={PREFIX: KexApi(operations, access.bearer), IMPORT_PREFIX: KexApi(opening.operations(), access.bearer)},
        documents=("kex_update", "kex_status", "kex_import", "kex_antragsdokumente", "kex_export"),
        admin=admin.operations(),
        seeds=(seed,),
    )
