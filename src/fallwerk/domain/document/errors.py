"""
What can stand in the way of a document.

StoreUnavailable
└── BlobStoreUnavailable
"""

from fallwerk.domain.errors import StoreUnavailable


class BlobStoreUnavailable(StoreUnavailable):
    """The blob store cannot be reached, or refuses what it is asked for; nothing was acknowledged."""


class ContentDamaged(Exception):
    """An object that a row knows is missing, cut off or changed: a failure of the system, no fact of the domain."""
