"""Video calls: how browsers find each other, the same for both sides."""

from fallwerk.app.area import Core
from fallwerk.web.calls import Calls, Ice


def calls(core: Core) -> Calls:
    """Compose the sockets of one side."""
    settings = core.settings
    secret = settings.turn_secret.get_secret_value() if settings.turn_secret else ""
    return Calls(core.database, core.clock, Ice(settings.ice_urls, secret, settings.turn_only))
