"""Who did what, when, from where; ids only, never personal data (C-02)."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a kind and a name as `scr:1234ABCD/user` or `system`, and the address the call came from."""

    name: str
    address: str = ""


SYSTEM = Actor("system")
"""Timers and the worker."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One change; `subject` is an id, `details` hold ids, states and setting names only."""

    tenant_id: int
    at_us: int
    actor: Actor
    action: str
    subject: str
    details: dict[str, str | int | bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class UnsealedEvents:
    """Events that no seal covers yet."""

    events: int
    oldest_us: int | None


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a verification of a tenant's chain found."""

    tenant_id: int
    seals: int
    events: int
    unsealed: int
    broken_at: int | None
    """Number of the first seal whose hash does not match its events, None if the chain holds."""


@dataclass(frozen=True, slots=True)
class AuditedTenant:
    """Somebody with a chain of their own; `kind` is `scr`, `partner`, `broker` or `system`, the name is their id."""

    tenant_id: int
    kind: str
    name: str | None


SYSTEM_CHAIN = AuditedTenant(0, "system", None)
"""Where the system notes what concerns no tenant, or all."""
