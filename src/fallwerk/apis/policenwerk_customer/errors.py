"""How callers of CUSTOMER hear of the domain's facts: nothing beyond what every operation can meet."""

from typing import Final

from fallwerk.dialects.policenwerk.envelope import ErrorTable

WIRE: Final[ErrorTable] = {}
