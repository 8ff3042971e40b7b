"""The portal: pages for the person whom a case is about."""

from fallwerk.app.area import Area, Core
from fallwerk.web.portal.cases import finder
from fallwerk.web.portal.frame import Deps
from fallwerk.web.portal.routes import routes
from fallwerk.web.portal.visits import Visits


def area(core: Core) -> Area:
    """Compose the area."""
    visits = Visits(
        core.database.context.hashes.secret,
        core.clock,
        secure=core.settings.public_base_url.startswith("https:"),
    )
    deps = Deps(
        find=finder(core.database),
        store=core.database,
        clock=core.clock,
        slowdown=core.slowdown,
        visits=visits,
        public_base_url=core.settings.public_base_url,
    )
    return Area(pages=routes(deps))
