"""What keeps the blob store in step with the database; it has no interface of its own."""

from typing import Final

from fallwerk.app.area import Area, Core
from fallwerk.worker.housekeeping import Seldom
from fallwerk.worker.objects import ObjectDuties

SWEEP_S: Final = 6 * 3600.0


def area(core: Core) -> Area:
    """Compose the area."""
    duties = ObjectDuties(core.database, core.blobs, core.clock)
    return Area(handlers=duties.handlers(), every_beat=(Seldom(duties.begin_sweep, SWEEP_S),), stop=duties.stop)
