"""Coupons in the database; their files lie in the blob store."""

from typing import TYPE_CHECKING, Final

from sqlalchemy import bindparam, func, insert, select

from fallwerk.domain.coupon.model import Coupon
from fallwerk.store.document_tables import coupon

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_c: Final = coupon.c
_OF_CASE: Final = (_c.tenant_id == bindparam("tenant"), _c.case_id == bindparam("case"))
_LIST: Final = select(coupon).where(*_OF_CASE).order_by(_c.created_us, _c.coupon_id)
_ADD: Final = insert(coupon)
COUNT: Final = select(func.count().label("issued")).select_from(coupon).where(*_OF_CASE)


class Coupons:
    """See `domain.coupon.ports.CouponRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def add(self, new: Coupon) -> None:
        """Store a new coupon."""
        values = {
            "tenant_id": new.tenant_id,
            "case_id": new.case_id,
            "coupon_id": new.coupon_id,
            "created_us": new.created_us,
            "blob_key": new.blob_key,
        }
        self._unit.later(_ADD, values)

    def of_case(self, tenant_id: int, case_id: str) -> list[Coupon]:
        """Return the coupons of a case, oldest first."""
        rows = self._unit.execute(_LIST, {"tenant": tenant_id, "case": case_id}).all()
        return [Coupon(row.coupon_id, row.tenant_id, row.case_id, row.created_us, bytes(row.blob_key)) for row in rows]
