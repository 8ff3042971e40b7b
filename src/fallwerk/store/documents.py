"""References to what lies in the blob store: one row per content and tenant, with its count."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, select, update

from fallwerk.domain.document.model import Blob, ObjectId, Upload
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.store.document_tables import blob
from fallwerk.store.statements import insert_of

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_c: Final = blob.c
_KEY: Final = (_c.tenant_id == bindparam("tenant"), _c.blob_key == bindparam("content"))
_GET: Final = select(_c.object_name, _c.key_sealed, _c.size_bytes).where(*_KEY)
_RELEASE: Final = (
    update(blob)
    .where(*_KEY)
    .values(reference_count=_c.reference_count - 1)
    .returning(_c.reference_count, _c.object_name)
)
_DELETE: Final = delete(blob).where(*_KEY)
_KNOWN: Final = select(_c.object_name).where(_c.object_name.in_(bindparam("names", expanding=True)))


class Blobs:
    """See `domain.document.ports.BlobRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def add(self, upload: Upload, *, now_us: int) -> None:
        """Refer to a content once more; a surplus object is deleted after the commit."""
        tenant_id, name = upload.object_id.tenant_id, upload.object_id.name
        values = {
            "tenant_id": tenant_id,
            "blob_key": upload.blob_key,
            "object_name": name,
            "key_sealed": self._unit.sealer.seal(upload.data_key, _context(tenant_id, upload.blob_key)),
            "size_bytes": upload.size_bytes,
            "reference_count": 1,
            "created_us": now_us,
        }
        # One statement: of two uploads of one content at once the second one waits here and finds the first one's row.
        kept = self._unit.execute(_add(is_sqlite=self._unit.is_sqlite), values).scalar_one()
        if kept != name:
            self.discard(upload, now_us=now_us)

    def discard(self, upload: Upload, *, now_us: int) -> None:
        """Have a surplus upload deleted after the commit."""
        self._delete_object(upload.object_id, now_us)

    def get(self, tenant_id: int, blob_key: bytes) -> Blob | None:
        """Return a tenant's content."""
        row = self._unit.execute(_GET, {"tenant": tenant_id, "content": blob_key}).one_or_none()
        if row is None:
            return None
        data_key = self._unit.sealer.open(bytes(row.key_sealed), _context(tenant_id, blob_key))
        return Blob(_object_of(row.object_name), blob_key, data_key, row.size_bytes)

    def release(self, tenant_id: int, blob_key: bytes, *, now_us: int) -> None:
        """Take one reference back; with the last one row and object go."""
        key = {"tenant": tenant_id, "content": blob_key}
        row = self._unit.execute(_RELEASE, key).one_or_none()
        if row is not None and row.reference_count <= 0:
            self._unit.execute(_DELETE, key)
            self._delete_object(_object_of(row.object_name), now_us)

    def _delete_object(self, object_id: ObjectId, now_us: int) -> None:
        self._unit.due.add(DueWork(object_id.tenant_id, "", DueKind.DELETE_OBJECT, now_us, object_id.number))

    def without_row(self, objects: Sequence[ObjectId]) -> list[ObjectId]:
        """Return those objects that no row knows."""
        known = set(self._unit.execute(_KNOWN, {"names": [found.name for found in objects]}).scalars())
        return [found for found in objects if found.name not in known]


@cache
def _add(*, is_sqlite: bool) -> Any:  # noqa: ANN401 - see `insert_of`
    statement = insert_of(blob, is_sqlite=is_sqlite).on_conflict_do_update(
        index_elements=["tenant_id", "blob_key"], set_={"reference_count": _c.reference_count + 1}
    )
    return statement.returning(_c.object_name)


def _object_of(name: str) -> ObjectId:
    found = ObjectId.of_name(name)
    if found is None:
        raise ValueError(f"{name!r} names no object")
    return found


def _context(tenant_id: int, blob_key: bytes) -> bytes:
    return b"blob|%d|%b" % (tenant_id, blob_key)
