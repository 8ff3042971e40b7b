"""What lies in the blob store, as the domain sees it: objects that a row knows, and uploads that none knows yet."""

from dataclasses import dataclass, field
from typing import Final

from fallwerk.kit.randomness import random_bytes

KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class ObjectId:
    """
    Names an object of the store: its tenant, and a random number below 2⁶³.

    The name says nothing about the content, so whoever sees the store cannot tell who holds the same document.
    """

    tenant_id: int
    number: int

    @property
    def name(self) -> str:
        """The object's path; the second folder keeps a local folder from holding all of a tenant's objects."""
        return f"{self.tenant_id}/{self.number >> 55:02x}/{self.number:016x}"

    @classmethod
    def new(cls, tenant_id: int) -> "ObjectId":
        """Name a new object."""
        return cls(tenant_id, int.from_bytes(random_bytes(8), "big") >> 1)

    @classmethod
    def of_name(cls, name: str) -> "ObjectId | None":
        """Read a path; None if it is not one of ours."""
        tenant, _, rest = name.partition("/")
        number = rest.rpartition("/")[2]
        try:
            found = cls(int(tenant), int(number, 16))
        except ValueError:
            return None
        return found if found.name == name else None


@dataclass(frozen=True, slots=True)
class Upload:
    """An object that was written just now; a transaction makes it a blob, otherwise it is swept after a day."""

    object_id: ObjectId
    blob_key: bytes
    """Keyed hash of the content under the tenant: equal content of one tenant has one key, everything else differs."""
    data_key: bytes = field(repr=False)
    size_bytes: int
    """Of the content."""
    sha256: bytes
    """Of the content; personal data like the content itself, to be kept sealed only."""


@dataclass(frozen=True, slots=True)
class Blob:
    """A content that a tenant holds, and how to read it."""

    object_id: ObjectId
    blob_key: bytes
    data_key: bytes = field(repr=False)
    size_bytes: int
