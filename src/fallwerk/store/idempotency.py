"""First answers by key, sealed; a row's own uniqueness makes the second of two calls wait for the first."""

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select, update

from fallwerk.domain.idempotency import Answer, IdempotencyKeyReused, IdempotentCall
from fallwerk.store.statements import insert_new
from fallwerk.store.tables import idempotency

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_c: Final = idempotency.c
_KEY: Final = (
    _c.tenant_id == bindparam("tenant"),
    _c.operation == bindparam("op"),
    _c.key_hash == bindparam("key"),
)
UNANSWERED: Final = 0


class Idempotency:
    """See `domain.idempotency.IdempotencyRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def claim(self, call: IdempotentCall, *, now_us: int, expires_us: int) -> Answer | None:
        """Take the key or return its first answer."""
        key = self._key(call)
        self._unit.execute(delete(idempotency).where(*_KEY, _c.expires_us <= now_us), key)
        values = {
            "tenant_id": call.tenant_id,
            "operation": call.operation,
            "key_hash": key["key"],
            "request_hash": self._unit.hashes.request(call.request),
            "status": UNANSWERED,
            "response_sealed": b"",
            "case_id": None,
            "expires_us": expires_us,
        }
        if insert_new(self._unit, idempotency, values):
            return None
        return self._answer(call, self._unit.execute(select(idempotency).where(*_KEY), key).one())

    def find(self, call: IdempotentCall, *, now_us: int) -> Answer | None:
        """Return the first answer of a key without taking it."""
        found = select(idempotency).where(*_KEY, _c.expires_us > now_us)
        row = self._unit.execute(found, self._key(call)).one_or_none()
        return None if row is None else self._answer(call, row)

    def _answer(self, call: IdempotentCall, row: Any) -> Answer:  # noqa: ANN401 - a row of the table
        if bytes(row.request_hash) != self._unit.hashes.request(call.request):
            raise IdempotencyKeyReused
        return Answer(row.status, self._unit.sealer.open(row.response_sealed, self._context(call)), row.case_id)

    def keep(self, call: IdempotentCall, answer: Answer) -> None:
        """Store the answer of the call that claimed the key."""
        statement = update(idempotency).where(*_KEY)
        sealed = self._unit.sealer.seal(answer.body, self._context(call))
        self._unit.execute(
            statement.values(status=answer.status, response_sealed=sealed, case_id=answer.case_id), self._key(call)
        )

    def expire(self, now_us: int) -> None:
        """Delete answers whose time is over."""
        self._unit.execute(delete(idempotency).where(_c.expires_us <= now_us))

    def _key(self, call: IdempotentCall) -> dict[str, int | str | bytes]:
        return {"tenant": call.tenant_id, "op": call.operation, "key": self._unit.hashes.request(call.key.encode())}

    def _context(self, call: IdempotentCall) -> bytes:
        # The key's hash, not the key: re-sealing after a rotation knows the row only.
        key = self._unit.hashes.request(call.key.encode())
        return b"answer|%d|%b|%b" % (call.tenant_id, call.operation.encode(), key)
