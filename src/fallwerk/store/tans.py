"""TANs of video calls, one row per case."""

import hmac
from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, select, update

from fallwerk.domain.call.model import Tan
from fallwerk.domain.portal.model import Factor
from fallwerk.store.call_tables import call_tan
from fallwerk.store.statements import upsert

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_KEY: Final = (call_tan.c.tenant_id == bindparam("tenant"), call_tan.c.case_id == bindparam("case"))
_ROW: Final = select(call_tan).where(*_KEY)
_KEPT: Final = (
    *("attempt", "user_id", "taken_us", "until_us", "failures"),
    *("confirmed_us", "sent_us", "times_sent", "sending_since_us"),
)


class Tans:
    """See `domain.call.ports.TanRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def get(self, tenant_id: int, case_id: str) -> Tan | None:
        """Read the row."""
        row = self._unit.execute(_ROW, {"tenant": tenant_id, "case": case_id}).one_or_none()
        if row is None:
            return None
        return Tan(factor=Factor(row.factor), **{name: getattr(row, name) for name in _KEPT})

    def save(self, tenant_id: int, case_id: str, tan: Tan) -> None:
        """Insert or replace the counts; the hash stays."""
        kept = {name: getattr(tan, name) for name in _KEPT}
        key = {"tenant_id": tenant_id, "case_id": case_id}
        upsert(self._unit, call_tan, {**key, "factor": tan.factor.value, **kept})

    def set_digits(self, tenant_id: int, case_id: str, tan: Tan, digits: str) -> None:
        """Store a hash."""
        hashed = update(call_tan).where(*_KEY).values(digits_hash=self._hash(tenant_id, case_id, tan, digits))
        self._unit.execute(hashed, {"tenant": tenant_id, "case": case_id})

    def is_digits(self, tenant_id: int, case_id: str, tan: Tan, digits: str) -> bool:
        """Compare hashes."""
        row = self._unit.execute(_ROW, {"tenant": tenant_id, "case": case_id}).one_or_none()
        known = bytes(row.digits_hash) if row is not None and row.digits_hash is not None else b""
        return hmac.compare_digest(known, self._hash(tenant_id, case_id, tan, digits))

    def _hash(self, tenant_id: int, case_id: str, tan: Tan, digits: str) -> bytes:
        call = f"{tenant_id}|{case_id}|{tan.attempt}|{tan.user_id}|{tan.taken_us}"
        return self._unit.hashes.secret(f"call tan|{call}|{digits}")
