"""How callers of the Antragsdokumente hear of the domain's facts (public-facts.md "Europace KEX neighbours"; N-02)."""

from typing import Final

from fallwerk.dialects.kex.applications import APPLICATION_ERRORS
from fallwerk.dialects.problem import ErrorTable

WIRE: Final[ErrorTable] = APPLICATION_ERRORS
