"""
What can stand in the way of a coupon.

DomainError
├── CouponNotActive
├── BasicInWrongStatus
├── CouponLimitReached
├── identcase.errors.CaseUnknown
└── identcase.errors.CaseClosed
"""

from fallwerk.domain.errors import DomainError


class CouponNotActive(DomainError):
    """The account does not have coupons activated (S-63)."""


class BasicInWrongStatus(DomainError):
    """The case is open, but its identification in the post office is over or under way elsewhere (S-64)."""


class CouponLimitReached(DomainError):
    """The case has as many coupons as its account allows (S-65)."""
