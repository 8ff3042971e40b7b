"""
What can stand in the way of a coupon.

DomainError
├── CouponNotActive
├── BasicInWrongStatus
├── CouponLimitReached
├── NoCoupon
├── NoAddress
├── TooManyMails
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


class NoCoupon(DomainError):
    """No coupon of the case waits to be used: none was made, or the identification in the post office is over."""


class NoAddress(DomainError):
    """Nobody has said where a mail to the person goes."""


class TooManyMails(DomainError):
    """The coupon was mailed often enough for a day."""
