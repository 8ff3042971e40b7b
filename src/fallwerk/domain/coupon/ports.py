"""What the coupon services need from outside."""

from typing import Protocol

from fallwerk.domain.coupon.model import Coupon, CouponSheet


class CouponRepository(Protocol):
    """Coupons of all tenants; every call names its tenant."""

    def add(self, coupon: Coupon) -> None:
        """Store a new coupon."""

    def of_case(self, tenant_id: int, case_id: str) -> list[Coupon]:
        """Return the coupons of a case, oldest first."""


class CouponPrinter(Protocol):
    """Makes the sheet."""

    async def print(self, sheet: CouponSheet) -> bytes:
        """Return one A4 page as PDF/A."""
