"""Tables of what is kept in the blob store: objects with their references, and the coupons of a case."""

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, Table, Text

from fallwerk.store.tables import metadata

blob: Final = Table(
    "blob",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("blob_key", LargeBinary, primary_key=True),
    Column("object_name", Text, nullable=False),
    Column("key_sealed", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("reference_count", Integer, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Index("uq_blob_object_name", "object_name", unique=True),
)
"""
One row per content and tenant. `blob_key` is the keyed hash of the content, so that equal content is stored once and
nobody else can tell who holds what; `key_sealed` is the key of the object's own encryption, so that a rotation of the
master key touches no object.
"""

coupon: Final = Table(
    "coupon",
    metadata,
    Column("tenant_id", BigInteger, primary_key=True, autoincrement=False),
    Column("case_id", Text, primary_key=True),
    Column("coupon_id", BigInteger, primary_key=True, autoincrement=False),
    Column("created_us", BigInteger, nullable=False),
    Column("blob_key", LargeBinary, nullable=False),
)
