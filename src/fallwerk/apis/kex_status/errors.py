"""How callers of STATUS hear of the domain's facts (STATUS "HTTP Status Errors"; A-01, A-02)."""

from typing import Final

from fallwerk.dialects.kex.applications import APPLICATION_ERRORS
from fallwerk.dialects.problem import ErrorTable

WIRE: Final[ErrorTable] = APPLICATION_ERRORS
