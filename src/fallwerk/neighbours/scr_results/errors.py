"""How callers of the results hear of the domain's facts."""

from typing import Final

from fallwerk.dialects.scr.envelope import ErrorTable, Wire
from fallwerk.domain.identcase.errors import CaseUnknown

WIRE: Final[ErrorTable] = {CaseUnknown: Wire(404, "not found", "Case not found.", errorcode="90011")}
