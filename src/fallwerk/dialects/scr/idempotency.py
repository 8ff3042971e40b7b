"""`Idempotency-Key` on creating calls of the SCR APIs (C-11)."""

from typing import Final

from fallwerk.dialects.scr.faults import BadRequest, Fault
from fallwerk.dialects.scr.router import Call
from fallwerk.domain.idempotency import IdempotentCall

HEADER: Final = "Idempotency-Key"
LONGEST: Final = 255


def read_idempotency(call: Call, operation: str) -> IdempotentCall | None:
    """
    Return the call under its key, None if it came without one.

    Raises:
        BadRequest: the key is empty, too long, not printable ASCII, or given twice.
    """
    values = [value for name, value in call.headers if name == b"idempotency-key"]
    if not values:
        return None
    key = values[0].decode("latin-1").strip()
    if len(values) > 1 or not 0 < len(key) <= LONGEST or not key.isascii() or not key.isprintable():
        raise BadRequest(Fault(HEADER, f"The key must be 1 to {LONGEST} printable ASCII characters, given once."))
    return IdempotentCall(call.caller.client.tenant_id, operation, key, call.body)
