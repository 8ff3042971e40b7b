"""Where documents, coupons and pictures lie: a local folder by default, an object store by address; always sealed."""

import asyncio
import contextlib
import os
import re
import uuid
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import structlog

from fallwerk.domain.document.errors import BlobStoreUnavailable, ContentDamaged
from fallwerk.domain.document.model import KEY_BYTES, Blob, ObjectId, Upload
from fallwerk.domain.document.ports import Content
from fallwerk.kit.randomness import random_bytes
from fallwerk.store.sealed_objects import CHUNK_BYTES, MAGIC, SEALED_CHUNK_BYTES, ChunkOpener, ChunkSealer, Part
from fallwerk.store.sealing import KeyedHashes

log = structlog.get_logger()

PROBE: Final = b"fallwerk"
PROBES: Final = "probe/"
CHECK_S: Final = 5.0
"""A store that takes longer for a probe's few bytes is not available."""
AT_ONCE_BYTES: Final = 64 * 1024
"""Up to this size sealing takes less time than another thread would cost."""
PART_BYTES: Final = 5 * 1024 * 1024
"""The least that object stores take as a part of a larger object."""
BATCH: Final = 500
_STAGED: Final = re.compile(r"#\d+$")
"""Names under which the local store writes what is not whole yet."""
_RETRY: Final = {"max_retries": 3, "retry_timeout": timedelta(seconds=10)}


class BlobStore:
    """
    A bucket of sealed objects; see `domain.document.ports.BlobStore`.

    Args:
        url: `file:///folder`, `s3://bucket/prefix`, `gs://…` or `az://…`; credentials come from the environment.
    """

    def __init__(self, url: str, hashes: KeyedHashes) -> None:
        self._url = url
        self._hashes = hashes
        self._opened: Any = None
        self._known: set[Path] = set()
        """Folders that are known to be on the disk, at most 256 per tenant."""
        self._folder = Path(url.removeprefix("file://")) if url.startswith("file://") else None

    def _store(self) -> Any:  # noqa: ANN401 - the library's stores share no type
        if self._opened is None:
            from obstore.store import LocalStore, from_url  # noqa: PLC0415 - costs start-up time, needed later

            if self._folder is not None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._opened = LocalStore(self._folder)
            else:
                self._opened = from_url(self._url, client_options=_client_options(), retry_config=_RETRY)  # type: ignore[call-overload]
        return self._opened

    async def check(self) -> bool:
        """Write, read and delete for real; False if the store cannot do so right now. Never raises."""
        path = f"{PROBES}{uuid.uuid4().hex}"
        try:
            async with asyncio.timeout(CHECK_S):
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
            await asyncio.gather(*(_deleted(store, found["path"]) for found in batch))

    async def upload(self, tenant_id: int, content: Content) -> Upload:
        """Write a content sealed under a key of its own, with bounded memory."""
        object_id, data_key = ObjectId.new(tenant_id), random_bytes(KEY_BYTES)
        sealer = ChunkSealer(data_key)
        source = _Source(_sealed(sealer, content))
        try:
            with _refusals():
                await self._put(object_id.name, source)
        except BlobStoreUnavailable:
            if source.error is not None:
                raise source.error from None
            raise
        digest = sealer.sha256
        key = self._hashes.content(tenant_id, digest)
        return Upload(object_id, key, data_key, sealer.size_bytes, digest)

    async def _put(self, name: str, source: "_Source") -> None:
        store = self._store()
        first, second = await anext(source), await anext(source, None)
        if second is None:
            await store.put_async(name, first, use_multipart=False)
        else:
            # Parts are sent one by one: several at a time would only hold more of them in memory.
            parts = _chained((first, second), source)
            await store.put_async(name, parts, chunk_size=PART_BYTES, max_concurrency=1)
        if self._folder is not None:
            await asyncio.to_thread(self._make_durable, self._folder, name)

    def _make_durable(self, folder: Path, name: str) -> None:
        """Bring an object and what leads to it to the disk: its row is going to be durable as well."""
        path = folder / name
        _sync(path)
        _sync(path.parent)
        # The folders above gain an entry only when the one below is new.
        if path.parent not in self._known:
            for above in path.parent.relative_to(folder).parents:
                _sync(folder / above)
            self._known.add(path.parent)

    async def stream(self, blob: Blob) -> AsyncIterator[bytes]:
        """Read a content part by part."""
        opener, waiting, begun = ChunkOpener(blob.data_key), bytearray(), False
        with _refusals(missing=ContentDamaged("the object is missing")):
            result = await self._store().get_async(blob.object_id.name)
            async for part in result.stream(min_chunk_size=SEALED_CHUNK_BYTES):
                waiting += part
                if not begun and waiting.startswith(MAGIC):
                    begun = True
                    del waiting[: len(MAGIC)]
                # What may be the last chunk is kept until it is known whether more follows.
                while len(waiting) > SEALED_CHUNK_BYTES:
                    sealed = bytes(waiting[:SEALED_CHUNK_BYTES])
                    del waiting[:SEALED_CHUNK_BYTES]
                    yield await asyncio.to_thread(opener.open, sealed, last=False)
        yield await _off_loop(len(waiting), lambda: opener.open(bytes(waiting), last=True))

    async def read(self, blob: Blob) -> bytes:
        """Read all of a content."""
        return b"".join([part async for part in self.stream(blob)])

    async def delete(self, object_id: ObjectId) -> None:
        """Delete an object; one that is gone already is no error."""
        with _refusals():
            await _deleted(self._store(), object_id.name)

    async def orphans(self, older_than_us: int) -> AsyncIterator[list[ObjectId]]:
        """List objects written before an instant, in batches; what the local store left half written is deleted."""
        if self._folder is not None:
            await asyncio.to_thread(_remove_staged, self._folder, older_than_us / 1_000_000)
        with _refusals():
            async for batch in self._store().list(chunk_size=BATCH):
                old = [
                    found["path"] for found in batch if found["last_modified"].timestamp() * 1_000_000 < older_than_us
                ]
                yield [found for found in map(ObjectId.of_name, old) if found is not None]


def _client_options() -> dict[str, Any]:
    """Bound every request; options given here make the library overlook this variable of the environment."""
    plain = os.environ.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true"}
    return {"timeout": "60s", "connect_timeout": "5s", "allow_http": plain}


class _Source:
    """The sealed parts of a content; keeps what its caller's parts raise, which the store's client would wrap."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts
        self.error: BaseException | None = None

    def __aiter__(self) -> "_Source":
        return self

    async def __anext__(self) -> bytes:
        try:
            return await anext(self._parts)
        except StopAsyncIteration:
            raise
        except BaseException as error:
            self.error = error
            raise


async def _sealed(sealer: ChunkSealer, content: Content) -> AsyncIterator[bytes]:
    async for chunk, last in _chunks(content):
        yield await _off_loop(len(chunk), lambda: sealer.seal(chunk, last=last))  # noqa: B023 - run at once


async def _chunks(content: Content) -> AsyncIterator[tuple[Part, bool]]:
    """Cut a content into chunks and say which one is the last."""
    if isinstance(content, bytes):
        view = memoryview(content)
        for start in range(0, max(1, len(view)), CHUNK_BYTES):
            yield view[start : start + CHUNK_BYTES], start + CHUNK_BYTES >= len(view)
        return
    waiting = bytearray()
    async for part in content:
        waiting += part
        # What may be the last chunk is kept until it is known whether more follows.
        while len(waiting) > CHUNK_BYTES:
            chunk = bytes(waiting[:CHUNK_BYTES])
            del waiting[:CHUNK_BYTES]
            yield chunk, False
    yield waiting, True


async def _chained(first: tuple[bytes, ...], rest: AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    for part in first:
        yield part
    async for part in rest:
        yield part


async def _off_loop(size: int, work: Callable[[], bytes]) -> bytes:
    """Do it here if it is short, otherwise in a thread: the ciphers let go of the interpreter lock."""
    return work() if size <= AT_ONCE_BYTES else await asyncio.to_thread(work)


async def _deleted(store: Any, path: str) -> None:  # noqa: ANN401 - the library's stores share no type
    with contextlib.suppress(FileNotFoundError):
        await store.delete_async(path)


@contextlib.contextmanager
def _refusals(missing: Exception | None = None) -> Iterator[None]:
    """Turn whatever a store's client raises into the domain's fact."""
    from obstore.exceptions import BaseError  # noqa: PLC0415 - costs start-up time, needed later

    try:
        yield
    except FileNotFoundError as error:
        if missing is not None:
            raise missing from None
        raise BlobStoreUnavailable(type(error).__name__) from error
    except (BaseError, OSError) as error:
        raise BlobStoreUnavailable(type(error).__name__) from error


def _sync(entry: Path) -> None:
    """Bring a file or a folder's entries to the disk."""
    descriptor = os.open(entry, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_staged(folder: Path, older_than_s: float) -> None:
    for path in folder.rglob("*"):
        if _STAGED.search(path.name):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < older_than_s:
                    path.unlink()
