"""
Facts that any part of the domain may state; no status codes.

DomainError
├── StoreUnavailable      the store cannot take or give anything right now
├── identcase.errors.…    see there
├── account.errors.…      see there
└── staff.errors.…        see there
"""


class DomainError(Exception):
    """Something that is so; each API's `errors.py` says how its callers hear of it."""


class StoreUnavailable(DomainError):
    """The store cannot be reached, is full, or is locked; nothing was acknowledged."""


class StoreOverloaded(StoreUnavailable):
    """More work is waiting for the store than it can take; nothing was written."""
