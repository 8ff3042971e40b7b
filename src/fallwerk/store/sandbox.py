"""The sandbox's state in the database: clock offset, lease on changing it, ordered faults, and a clean slate."""

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, delete, insert, select, text, update

from fallwerk.domain.sandbox.model import CallFault, Component, OrderedFaults
from fallwerk.store.all_tables import metadata
from fallwerk.store.loan_tables import signing_key
from fallwerk.store.statements import insert_for, upsert
from fallwerk.store.tables import id_block, sandbox_fault, sandbox_state, system_secret

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

OFFSET: Final = "clock offset"
TURN: Final = "clock lease"

KEPT: Final = frozenset({id_block.name, system_secret.name, sandbox_state.name, signing_key.name})
"""
Without id blocks row ids would repeat, without the keys a running process could not verify what it writes. Tokens stay
good through a reset, since their clients are there again.
"""
_WIPED: Final = tuple(table for table in reversed(metadata.sorted_tables) if table.name not in KEPT)

_f: Final = sandbox_fault.c
_s: Final = sandbox_state.c
_STATE: Final = select(_s.value).where(_s.name == bindparam("state"))
_CONSUME: Final = (
    update(sandbox_fault)
    .where(_f.fault_id == bindparam("fault"), _f.remaining > 0)
    .values(remaining=_f.remaining - 1)
    .returning(_f.remaining)
)
_RENEW: Final = (
    update(sandbox_state)
    .where(_s.name == TURN, _s.value == bindparam("held"))
    .values(value=bindparam("until"))
    .returning(_s.value)
)


class Sandbox:
    """See `domain.sandbox.ports.SandboxRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def offset_us(self) -> int:
        """Return the stored offset of the clock."""
        return self._unit.execute(_STATE, {"state": OFFSET}).scalar() or 0

    def set_offset_us(self, offset_us: int) -> None:
        """Store the offset of the clock."""
        upsert(self._unit, sandbox_state, {"name": OFFSET, "value": offset_us})

    def take_turn(self, *, now_us: int, until_us: int) -> bool:
        """Take the lease unless somebody holds it."""
        statement = insert_for(self._unit, sandbox_state)
        taken = statement.on_conflict_do_update(
            index_elements=["name"], set_={"value": statement.excluded.value}, where=_s.value <= now_us
        ).returning(_s.value)
        return self._unit.execute(taken, {"name": TURN, "value": until_us}).first() is not None

    def renew_turn(self, *, held_until_us: int, until_us: int) -> bool:
        """Prolong the lease if it is still ours."""
        return self._unit.execute(_RENEW, {"held": held_until_us, "until": until_us}).first() is not None

    def end_turn(self, held_until_us: int) -> None:
        """Give the lease back if it is still ours."""
        self._unit.execute(delete(sandbox_state).where(_s.name == TURN, _s.value == held_until_us))

    def faults(self) -> OrderedFaults:
        """Return what is ordered, in its order."""
        rows = self._unit.execute(select(sandbox_fault).order_by(_f.fault_id)).all()
        return OrderedFaults(
            calls=tuple(
                CallFault(row.fault_id, row.method, row.path_prefix, row.status, row.delay_ms, row.remaining)
                for row in rows
                if row.component is None
            ),
            components=frozenset(Component(row.component) for row in rows if row.component is not None),
        )

    def order(self, fault: CallFault) -> None:
        """Store a fault of calls."""
        values = {
            "fault_id": fault.fault_id,
            "method": fault.method,
            "path_prefix": fault.path_prefix,
            "status": fault.status,
            "delay_ms": fault.delay_ms,
            "remaining": fault.remaining,
        }
        self._unit.execute(insert(sandbox_fault), values)

    def consume(self, fault_id: int) -> bool:
        """Take one of the fault's times, in one statement: the row's lock orders the processes."""
        left = self._unit.execute(_CONSUME, {"fault": fault_id}).scalar()
        if left == 0:
            self._unit.execute(delete(sandbox_fault).where(_f.fault_id == fault_id))
        return left is not None

    def set_component(self, component: Component, *, available: bool) -> None:
        """Declare a component unavailable, or available again."""
        self._unit.execute(delete(sandbox_fault).where(_f.component == component.value))
        if not available:
            values = {"fault_id": self._unit.new_id(), "delay_ms": 0, "remaining": 0, "component": component.value}
            self._unit.execute(insert(sandbox_fault), values)

    def clear_faults(self) -> None:
        """Forget every fault."""
        self._unit.execute(delete(sandbox_fault))

    def wipe(self) -> None:
        """Delete every row but keys, id blocks and the lease of whoever wipes."""
        if self._unit.is_sqlite:
            for table in _WIPED:
                self._unit.execute(delete(table))
        else:
            # Deleting a million rows one by one would leave as many dead ones behind.
            self._unit.execute(text(f"TRUNCATE {', '.join(table.name for table in _WIPED)}"))
        self._unit.execute(delete(sandbox_state).where(_s.name != TURN))
        self._unit.accounts.changed()
