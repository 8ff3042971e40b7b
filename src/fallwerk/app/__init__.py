"""
The composition root: the only place that joins store, adapters and worker to what the domain asks for.

`create_app` makes the ASGI application of one server process; starting it opens the store and begins to work.
"""

from fallwerk.app.announcement import announce
from fallwerk.app.commands import ServerRuns, admin_alone, back_up, dev_certificates, restore
from fallwerk.app.server import create_app
from fallwerk.app.store import master_keys, open_database
from fallwerk.app.system import Fallwerk

__all__ = [
    "Fallwerk",
    "ServerRuns",
    "admin_alone",
    "announce",
    "back_up",
    "create_app",
    "dev_certificates",
    "master_keys",
    "open_database",
    "restore",
]
