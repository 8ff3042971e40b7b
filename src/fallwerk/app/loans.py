"""The KEX APIs over loan cases: UPDATE, STATUS, and the neighbours that create and read what they change."""

from functools import partial
from typing import TYPE_CHECKING, Final

from fallwerk.app.area import Area, Core
from fallwerk.domain.loancase.demo import seed
from fallwerk.domain.partner.demo import DEMO_PARTNER
from fallwerk.kit.late import LateApp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import ASGIApp

    from fallwerk.app.oauth import Access
    from fallwerk.own.api import Operation

PREFIX: Final = "/kreditsmart/"
IMPORT_PREFIX: Final = "/vorgang"


def area(core: Core, access: "Access") -> Area:
    """
    Compose the area; no start waits for its modules.

    Its demo data needs the demo partners, so it stands behind theirs.
    """
    return Area(
        mounts={PREFIX: LateApp(partial(_api, core, access)), IMPORT_PREFIX: LateApp(partial(_import, core, access))},
        documents=("kex_update", "kex_status", "kex_import", "kex_antragsdokumente", "kex_export"),
        admin=partial(_admin, core),
        seeds=(seed,),
    )


def _api(core: Core, access: "Access") -> "ASGIApp":
    from fallwerk.apis.kex_status.routes import StatusRoutes  # noqa: PLC0415 - see `area`
    from fallwerk.apis.kex_update.routes import UpdateRoutes  # noqa: PLC0415 - see `area`
    from fallwerk.dialects.kex.router import KexApi  # noqa: PLC0415 - see `area`
    from fallwerk.neighbours.kex_antragsdokumente.routes import ApplicationDocumentRoutes  # noqa: PLC0415 - see `area`
    from fallwerk.neighbours.kex_export.routes import ExportRoutes  # noqa: PLC0415 - see `area`

    settings = core.settings
    routes = (
        UpdateRoutes(core.database, core.blobs, core.clock, settings.max_document_bytes),
        StatusRoutes(core.database, core.clock, settings.max_body_bytes),
        ApplicationDocumentRoutes(core.database, core.blobs, core.clock),
        ExportRoutes(core.database),
    )
    return KexApi([operation for group in routes for operation in group.operations()], access.bearer)


def _import(core: Core, access: "Access") -> "ASGIApp":
    from fallwerk.dialects.kex.router import KexApi  # noqa: PLC0415 - see `area`
    from fallwerk.neighbours.kex_import.routes import ImportRoutes  # noqa: PLC0415 - see `area`

    opening = ImportRoutes(core.database, core.clock, core.settings.max_body_bytes)
    return KexApi(opening.operations(), access.bearer)


def _admin(core: Core) -> "Sequence[Operation]":
    from fallwerk.own.admin.loancases import LoanCaseAdmin  # noqa: PLC0415 - see `area`

    # In production nobody's Vorgang is taken for granted: it must name its partner.
    default_partner = None if core.settings.is_production else DEMO_PARTNER
    return LoanCaseAdmin(core.database, core.blobs, core.clock, default_partner).operations()
