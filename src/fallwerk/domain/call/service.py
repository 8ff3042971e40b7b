"""
A video call's signalling: who sits at either end, and what they tell each other.

Source: issue "video". Everything goes through the store, because the two browsers may be connected to two server
processes. The newest browser of a side has the seat, so that a second tab, or a reloaded page, goes on and the older
one is told.
"""

from typing import Final

from fallwerk.domain.audit.model import SYSTEM, AuditEvent
from fallwerk.domain.call.model import Look, Place, Seat, Side, Signal
from fallwerk.domain.call.tan import view_of
from fallwerk.domain.unit_of_work import UnitOfWork

AWAY_US: Final = 10 * 1_000_000
"""A seat that was silent for this long is empty: its server process died without a word."""
PENDING: Final = 200
"""Signals that may wait for one side; a call needs about thirty."""


def take_seat(uow: UnitOfWork, place: Place, *, system_us: int) -> int:
    """Sit down and return the seat's id; whoever had the place before loses it."""
    seat = Seat(uow.new_id(), system_us)
    uow.calls.sit(place, seat)
    return seat.seat_id


def keep_seat(uow: UnitOfWork, place: Place, seat_id: int, read_up_to: int, *, system_us: int, now_us: int) -> None:
    """Say that the browser is still there; an agent's keeps the call with that."""
    uow.calls.keep(place, Seat(seat_id, system_us), read_up_to)
    if place.side is Side.AGENT:
        uow.desks.keep_claim(place.tenant_id, place.case_id, now_us)


def leave_seat(uow: UnitOfWork, place: Place, seat_id: int) -> None:
    """Stand up."""
    uow.calls.leave(place, seat_id)


def look(uow: UnitOfWork, place: Place, seat_id: int, after_id: int, *, system_us: int, now_us: int) -> Look:
    """See who is there and what was said."""
    seats = uow.calls.seats(place.tenant_id, place.case_id)
    mine, other = seats.get(place.side), seats.get(place.side.other)
    there = other is not None and _is_there(other, system_us)
    claim = uow.desks.claim(place.tenant_id, place.case_id)
    is_taken = claim is not None and (claim.is_held(now_us) or _is_there(seats.get(Side.AGENT), system_us))
    return Look(
        is_mine=mine is not None and mine.seat_id == seat_id,
        # Nobody is connected with an agent who has not taken the call, or has given it back.
        other_id=other.seat_id if other is not None and there and is_taken else None,
        is_taken=is_taken,
        signals=uow.calls.signals(place, after_id),
        tan=view_of(uow.tans.get(place.tenant_id, place.case_id) if is_taken else None, None, claim, now_us=now_us),
    )


def send_signal(uow: UnitOfWork, place: Place, seat_id: int, body: str, *, system_us: int) -> bool:
    """
    Tell the other side something; who has lost the seat says nothing any more.

    Returns:
        False if more waits for the other side than any call needs.
    """
    seats = uow.calls.seats(place.tenant_id, place.case_id)
    mine = seats.get(place.side)
    if mine is None or mine.seat_id != seat_id or place.side.other not in seats:
        return True
    to = Place(place.tenant_id, place.case_id, place.side.other)
    if uow.calls.pending(to) >= PENDING:
        return False
    uow.calls.add(to, Signal(uow.new_id(), body), at_us=system_us)
    return True


def free_lost_call(uow: UnitOfWork, place: Place, *, system_us: int, now_us: int) -> bool:
    """Give a person whose agent vanished back to the queue, in the old place, which is its front; False: no need to."""
    if is_agent_there(uow, place.tenant_id, place.case_id, system_us=system_us):
        return False
    if uow.desks.claim(place.tenant_id, place.case_id) is None:
        return False
    uow.desks.drop_claim(place.tenant_id, place.case_id)
    uow.audit.add(AuditEvent(place.tenant_id, now_us, SYSTEM, "video.agent_lost", place.case_id))
    return True


def is_agent_there(uow: UnitOfWork, tenant_id: int, case_id: str, *, system_us: int) -> bool:
    """Tell whether an agent's browser is connected."""
    return _is_there(uow.calls.seats(tenant_id, case_id).get(Side.AGENT), system_us)


def _is_there(seat: Seat | None, system_us: int) -> bool:
    return seat is not None and system_us < seat.seen_us + AWAY_US
