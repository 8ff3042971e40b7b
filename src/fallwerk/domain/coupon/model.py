"""A coupon: the sheet with which a person identifies in a post office."""

from dataclasses import dataclass

from fallwerk.domain.audit.model import Actor


@dataclass(frozen=True, slots=True)
class CouponSheet:
    """What is printed; everything is text as it was given, to be shown and never interpreted."""

    case_id: str
    reference_id: str
    accounting_number: str
    """Empty where the account has none."""
    valid_until_us: int
    issued_us: int
    language: str
    """`DE_DE` or `EN_UK`, as the order prefers (S-13)."""
    first_name: str
    last_name: str
    """Both are empty, with a line to fill in, where the person is not known yet (S-40)."""
    company: str
    """The account's display name; may be empty."""
    licence_wanted: bool
    """The class Mobility also looks at the driving licence."""


@dataclass(frozen=True, slots=True)
class Coupon:
    """A coupon as it is kept."""

    coupon_id: int
    tenant_id: int
    case_id: str
    created_us: int
    blob_key: bytes


@dataclass(frozen=True, slots=True)
class IssuedCoupon:
    """A new coupon with its file."""

    coupon_id: int
    sheet: CouponSheet
    file_type: str
    """As the account has it configured; names the file (decision 6)."""
    content: bytes
    """The PDF."""


@dataclass(frozen=True, slots=True)
class CouponWish:
    """Who asks for a coupon of which case, and when."""

    tenant_id: int
    case_id: str
    actor: Actor
    now_us: int
    named: bool = True
    """False leaves the person's name to be filled in: whoever asks has not shown that the case is theirs (W-01)."""
    mailed: bool = False
    """The person asked for it in the portal, so they may be mailed where it is; else the client hands it on."""
