"""Objects: sealed in chunks, in a folder and in an S3-compatible store, whatever size and however they come."""

import asyncio
import os
from pathlib import Path

import pytest

from fallwerk.domain.document.errors import BlobStoreUnavailable, ContentDamaged
from fallwerk.domain.document.model import Blob, ObjectId
from fallwerk.store.blobs import BlobStore
from fallwerk.store.sealed_objects import CHUNK_BYTES, MAGIC, TAG_BYTES
from fallwerk.store.sealing import KeyedHashes
from tests.support.s3 import BUCKET, s3_store

HASHES = KeyedHashes(b"s" * 32, b"b" * 32)
SIZES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 12_000_000)
FAR_AHEAD_US = 2**62


@pytest.fixture(scope="session")
def s3():
    with s3_store() as environment:
        yield environment


@pytest.fixture(params=["folder", "s3"])
def blobs(request, tmp_path, monkeypatch):
    """The blob store over either kind of store."""
    if request.param == "folder":
        return BlobStore(f"file://{tmp_path}/blobs", HASHES)
    for name, value in request.getfixturevalue("s3").items():
        monkeypatch.setenv(name, value)
    return BlobStore(f"s3://{BUCKET}/{tmp_path.name}", HASHES)


@pytest.fixture
def folder(tmp_path):
    return BlobStore(f"file://{tmp_path}/blobs", HASHES)


def blob_of(upload):
    return Blob(upload.object_id, upload.blob_key, upload.data_key, upload.size_bytes)


def objects(tmp_path: Path):
    return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


async def parts_of(content, size=70_001):
    for start in range(0, len(content), size):
        yield content[start : start + size]


async def listed(blobs, older_than_us=FAR_AHEAD_US):
    return [found async for batch in blobs.orphans(older_than_us) for found in batch]


@pytest.mark.parametrize("size", SIZES)
def test_a_content_of_any_size_comes_back_whole_or_in_parts(blobs, size):
    content = os.urandom(size)

    async def use():
        whole = await blobs.upload(7, content)
        in_parts = await blobs.upload(7, parts_of(content))
        assert await blobs.read(blob_of(whole)) == await blobs.read(blob_of(in_parts)) == content
        assert whole.size_bytes == in_parts.size_bytes == size
        assert (whole.blob_key, whole.sha256) == (in_parts.blob_key, in_parts.sha256)
        assert whole.data_key != in_parts.data_key
        assert set(await listed(blobs)) == {whole.object_id, in_parts.object_id}

    asyncio.run(use())


@pytest.mark.req("C-03")
def test_equal_content_of_two_tenants_shares_neither_key_nor_name_nor_bytes(tmp_path, folder):
    content = b"the same document" * 1000

    async def use():
        return await folder.upload(7, content), await folder.upload(8, content)

    one, other = asyncio.run(use())
    assert one.sha256 == other.sha256
    assert len({one.blob_key, other.blob_key, one.sha256}) == 3
    first, second = (path.read_bytes() for path in objects(tmp_path))
    assert first[len(MAGIC) : 500] != second[len(MAGIC) : 500]


@pytest.mark.req("C-04")
def test_nothing_of_the_content_can_be_read_in_the_store(tmp_path, folder):
    asyncio.run(folder.upload(7, b"Erika Mustermann" * 200_000))
    (path,) = objects(tmp_path)
    assert b"Mustermann" not in path.read_bytes()
    assert (tmp_path / "blobs").stat().st_mode & 0o777 == 0o700


def drop_last_chunk(raw):
    return raw[: len(MAGIC) + CHUNK_BYTES + TAG_BYTES]


def swap_chunks(raw):
    start, size = len(MAGIC), CHUNK_BYTES + TAG_BYTES
    return raw[:start] + raw[start + size : start + 2 * size] + raw[start : start + size] + raw[start + 2 * size :]


@pytest.mark.parametrize(
    "damage",
    [
        drop_last_chunk,
        swap_chunks,
        lambda raw: raw[:-1],
        lambda raw: raw + raw[-100:],
        lambda raw: raw[:-5] + bytes([raw[-5] ^ 1]) + raw[-4:],
        lambda raw: b"FWB\x02" + raw[4:],
        lambda _: b"",
    ],
    ids=["chunk dropped", "chunks swapped", "cut", "longer", "bit flipped", "other format", "empty"],
)
def test_a_changed_object_does_not_open(tmp_path, folder, damage):
    upload = asyncio.run(folder.upload(7, os.urandom(2 * CHUNK_BYTES + 5)))
    (path,) = objects(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ContentDamaged):
        asyncio.run(folder.read(blob_of(upload)))


def test_a_missing_object_is_damage_and_deleting_it_again_is_none(blobs):
    async def use():
        upload = await blobs.upload(7, b"content")
        await blobs.delete(upload.object_id)
        await blobs.delete(upload.object_id)
        with pytest.raises(ContentDamaged):
            await blobs.read(blob_of(upload))
        assert await listed(blobs) == []

    asyncio.run(use())


@pytest.mark.parametrize("sent", [10, 3_000_000, 12_000_000])
def test_what_the_parts_raise_is_passed_on_and_no_object_is_left(blobs, sent):
    class Broken(Exception):
        pass

    async def parts():
        async for part in parts_of(os.urandom(sent)):
            yield part
        raise Broken

    async def use():
        with pytest.raises(Broken):
            await blobs.upload(7, parts())
        assert await listed(blobs) == []

    asyncio.run(use())


@pytest.mark.req("S-80")
def test_a_store_that_cannot_be_reached_is_unavailable(tmp_path, folder):
    (tmp_path / "blobs").write_bytes(b"not a folder")

    async def use():
        assert await folder.check() is False
        with pytest.raises(BlobStoreUnavailable):
            await folder.upload(7, b"content")
        with pytest.raises(BlobStoreUnavailable):
            await folder.delete(ObjectId.new(7))

    asyncio.run(use())


def test_an_object_store_that_is_away_is_unavailable_within_seconds(s3, monkeypatch):
    for name, value in {**s3, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}.items():
        monkeypatch.setenv(name, value)
    away = BlobStore(f"s3://{BUCKET}/away", HASHES)

    async def use():
        async with asyncio.timeout(20):
            assert await away.check() is False
            with pytest.raises(BlobStoreUnavailable):
                await away.upload(7, b"content")

    asyncio.run(use())


def test_an_object_written_lately_is_no_orphan_and_what_was_left_half_written_is_removed(tmp_path, folder):
    async def use():
        upload = await folder.upload(7, b"content")
        staged = tmp_path / "blobs" / "7" / "half#1"
        staged.write_bytes(b"half")
        (path,) = (path for path in objects(tmp_path) if path != staged)
        for old in (path, staged):
            os.utime(old, (1_000_000, 1_000_000))
        assert await listed(folder, 900_000 * 1_000_000) == []
        assert staged.exists()
        assert await listed(folder, 1_100_000 * 1_000_000) == [upload.object_id]
        assert not staged.exists()

    asyncio.run(use())


def test_names_of_others_are_no_objects_of_ours():
    object_id = ObjectId.new(12)
    assert ObjectId.of_name(object_id.name) == object_id
    for name in ("", "probe/x", "12", "12/00/1", f"012/{object_id.name[3:]}", object_id.name + "0", "x/y/z"):
        assert ObjectId.of_name(name) is None


@pytest.mark.parametrize("how", ["bytes", "parts"])
def test_ten_megabytes_need_a_bounded_amount_of_memory(tmp_path, how):
    """Measured in a process of its own: what the tests' process holds would hide it."""
    script = f"""
import asyncio, base64, os, re
from fallwerk.store.blobs import BlobStore
from fallwerk.store.sealing import KeyedHashes
blobs = BlobStore("file://{tmp_path}/blobs", KeyedHashes(b"s" * 32, b"b" * 32))
def kilobytes(name):
    return int(re.search(name + r":\\s+(\\d+)", open("/proc/self/status").read())[1])
async def parts(encoded):
    for start in range(0, len(encoded), 1 << 18):
        yield base64.b64decode(encoded[start : start + (1 << 18)])
async def use():
    await blobs.upload(7, os.urandom(2_000_000))
    encoded = base64.b64encode(os.urandom(10 << 20))
    open("/proc/self/clear_refs", "w").write("5")
    before = kilobytes("VmRSS")
    content = base64.b64decode(encoded) if "{how}" == "bytes" else parts(encoded)
    await blobs.upload(7, content)
    print(kilobytes("VmHWM") - before)
asyncio.run(use())
"""
    import subprocess  # noqa: PLC0415 - only here
    import sys  # noqa: PLC0415 - only here

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert 1024 <= int(done.stdout) <= 40 * 1024
