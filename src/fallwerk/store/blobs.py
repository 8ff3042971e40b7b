"""Where documents, coupons and pictures will lie: a local folder by default, an S3-compatible store by address."""

import asyncio
import uuid
from pathlib import Path
from typing import Any

import structlog

log = structlog.get_logger()

PROBE = b"fallwerk"


class BlobStore:
    """
    A bucket of sealed objects.

    Args:
        url: `file:///folder`, `s3://bucket/prefix`, `gs://…` or `az://…`; credentials come from the environment.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._opened: Any = None

    def _store(self) -> Any:  # noqa: ANN401 - the library's stores share no type
        if self._opened is None:
            from obstore.store import LocalStore, from_url  # noqa: PLC0415 - costs start-up time, needed later

            if self._url.startswith("file://"):
                folder = Path(self._url.removeprefix("file://"))
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._opened = LocalStore(folder)
            else:
                self._opened = from_url(self._url)
        return self._opened

    async def check(self) -> bool:
        """Write, read and delete for real; False if the store cannot do so right now. Never raises."""
        path = f"probe/{uuid.uuid4().hex}"
        try:
            store = self._store()
            await store.put_async(path, PROBE)
            found = await (await store.get_async(path)).bytes_async()
            await store.delete_async(path)
        except Exception as error:  # noqa: BLE001 - whatever a store's client raises, the store is not available
            log.warning("blobs.not_available", reason=type(error).__name__)
            return False
        return bytes(found) == PROBE

    async def wipe(self) -> None:
        """Delete every object; the sandbox's reset."""
        store = self._store()
        async for batch in store.list():
            await asyncio.gather(*(store.delete_async(found["path"]) for found in batch))
