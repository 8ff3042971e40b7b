"""Seats and signals of video calls."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from fallwerk.domain.call.model import Place, Seat, Side, Signal
from fallwerk.store.call_tables import call_seat, call_signal
from fallwerk.store.statements import upsert

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_seat: Final = call_seat.c
_signal: Final = call_signal.c
_SEAT: Final = (
    _seat.tenant_id == bindparam("tenant"),
    _seat.case_id == bindparam("case"),
    _seat.side == bindparam("at"),
    _seat.seat_id == bindparam("seat"),
)
_FOR_PLACE: Final = (
    _signal.tenant_id == bindparam("tenant"),
    _signal.case_id == bindparam("case"),
    _signal.side == bindparam("at"),
)
_SEATS: Final = select(call_seat).where(_seat.tenant_id == bindparam("tenant"), _seat.case_id == bindparam("case"))
_UNREAD: Final = (
    select(call_signal).where(*_FOR_PLACE, _signal.signal_id > bindparam("after")).order_by(_signal.signal_id)
)


class Calls:
    """See `domain.call.ports.CallRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def sit(self, place: Place, seat: Seat) -> None:
        """Replace the row."""
        self._unit.execute(delete(call_signal).where(*_FOR_PLACE), _at(place))
        values = {"seat_id": seat.seat_id, "seen_us": seat.seen_us}
        key = {"tenant_id": place.tenant_id, "case_id": place.case_id, "side": place.side.value}
        upsert(self._unit, call_seat, {**key, **values})

    def keep(self, place: Place, seat: Seat, read_up_to: int) -> None:
        """Touch the row."""
        touch = update(call_seat).where(*_SEAT).values(seen_us=seat.seen_us).returning(_seat.seat_id)
        if self._unit.execute(touch, {**_at(place), "seat": seat.seat_id}).first() is not None:
            read = delete(call_signal).where(*_FOR_PLACE, _signal.signal_id <= bindparam("up_to"))
            self._unit.execute(read, {**_at(place), "up_to": read_up_to})

    def leave(self, place: Place, seat_id: int) -> None:
        """Delete the row."""
        gone = delete(call_seat).where(*_SEAT).returning(_seat.seat_id)
        if self._unit.execute(gone, {**_at(place), "seat": seat_id}).first() is not None:
            self._unit.execute(delete(call_signal).where(*_FOR_PLACE), _at(place))

    def seats(self, tenant_id: int, case_id: str) -> Mapping[Side, Seat]:
        """Read the rows."""
        rows = self._unit.execute(_SEATS, {"tenant": tenant_id, "case": case_id})
        return {Side(row.side): Seat(row.seat_id, row.seen_us) for row in rows}

    def add(self, place: Place, signal: Signal, *, at_us: int) -> None:
        """Insert, sealed."""
        sealed = self._unit.sealer.seal(signal.body.encode(), _context(place, signal.signal_id))
        values = {"tenant_id": place.tenant_id, "case_id": place.case_id, "side": place.side.value}
        self._unit.execute(
            insert(call_signal),
            {"signal_id": signal.signal_id, **values, "body_sealed": sealed, "created_us": at_us},
        )

    def signals(self, place: Place, after_id: int) -> tuple[Signal, ...]:
        """Read and open."""
        rows = self._unit.execute(_UNREAD, {**_at(place), "after": after_id})
        return tuple(
            Signal(
                row.signal_id, self._unit.sealer.open(bytes(row.body_sealed), _context(place, row.signal_id)).decode()
            )
            for row in rows
        )

    def pending(self, place: Place) -> int:
        """Count."""
        counted = select(func.count()).select_from(call_signal).where(*_FOR_PLACE)
        return int(self._unit.execute(counted, _at(place)).scalar_one())


def _at(place: Place) -> dict[str, Any]:
    return {"tenant": place.tenant_id, "case": place.case_id, "at": place.side.value}


def _context(place: Place, signal_id: int) -> bytes:
    return f"signal|{place.tenant_id}|{place.case_id}|{signal_id}".encode()
