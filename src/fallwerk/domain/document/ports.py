"""What the use cases around documents need from outside."""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from typing import Protocol

from fallwerk.domain.document.model import Blob, ObjectId, Upload

Content = bytes | AsyncIterable[bytes]
"""All of a content, or its parts as they come in."""


class BlobRepository(Protocol):
    """Which contents a tenant holds and how often; part of the transaction."""

    def add(self, upload: Upload, *, now_us: int) -> None:
        """
        Refer to an uploaded content once more.

        If the tenant holds this content already the upload is surplus, and its object is deleted after the commit.
        """

    def discard(self, upload: Upload, *, now_us: int) -> None:
        """Have an upload that nothing is going to refer to deleted after the commit."""

    def get(self, tenant_id: int, blob_key: bytes) -> Blob | None:
        """Return a tenant's content, None if nothing refers to it."""

    def release(self, tenant_id: int, blob_key: bytes, *, now_us: int) -> None:
        """Take one reference back; with the last one the row goes, and the object is deleted after the commit."""

    def without_row(self, objects: Sequence[ObjectId]) -> list[ObjectId]:
        """Return those objects that no row knows."""


class BlobStore(Protocol):
    """The objects themselves; none of it is part of a transaction."""

    async def upload(self, tenant_id: int, content: Content) -> Upload:
        """
        Write a content, sealed under a key of its own, with bounded memory.

        Returns:
            What `BlobRepository.add` wants in the transaction that refers to it.

        Raises:
            BlobStoreUnavailable: nothing was kept. What the content's own parts raise is passed on.
        """

    def stream(self, blob: Blob) -> AsyncIterator[bytes]:
        """
        Read a content part by part.

        Raises:
            BlobStoreUnavailable: it cannot be read right now.
            ContentDamaged: the object is missing, cut off or changed; parts may have been given already.
        """

    async def read(self, blob: Blob) -> bytes:
        """Read all of a content; fails as `stream` does."""

    async def delete(self, object_id: ObjectId) -> None:
        """
        Delete an object; one that is gone already is no error.

        Raises:
            BlobStoreUnavailable: it cannot be deleted right now.
        """

    def orphans(self, older_than_us: int) -> AsyncIterator[list[ObjectId]]:
        """
        List objects written before an instant, in batches.

        Args:
            older_than_us: Microseconds since 1970 of the machine's clock, not of ours.
        """
