"""Kinds of work that fall due later; every row is written in the transaction of the change it follows."""

from dataclasses import dataclass
from enum import StrEnum


class DueKind(StrEnum):
    """What the worker does when a row of `due_work` falls due."""

    EXPIRE = "expire"
    """The case's validity ends: declined 12, or closed without an identification (D-05, S-43)."""
    PICK_UP = "pick up"
    """Seven days at the post office are over: declined 21/330."""
    SHIPMENT = "shipment"
    """The waiting period for the shipment is over: declined 27/336."""
    NOTIFY = "notify"
    """A webhook is to be sent; the subject is its notification id."""
    ERASE = "erase"
    """The retention limit is reached: the case is deleted physically (D-50)."""
    DELETE_OBJECT = "delete object"
    """An object of the blob store lost its last reference; the subject is its number, there is no case."""
    MAIL = "mail"
    """A message to the person is to be sent; the subject is its number (W-06)."""
    REMIND = "remind"
    """The case's validity ends soon (W-03)."""
    COMPACT = "compact"
    """Pages freed by erasures are cleaned; of tenant 0."""


@dataclass(frozen=True, slots=True)
class DueWork:
    """One piece of due work; its key is tenant, case, kind and subject."""

    tenant_id: int
    case_id: str
    kind: DueKind
    due_us: int
    subject_id: int = 0
    tries: int = 0


@dataclass(frozen=True, slots=True)
class DueQueue:
    """How much work waits."""

    pending: int
    """All of it, due or not."""
    due: int
    lag_us: int
    """How long the oldest due piece has waited."""
