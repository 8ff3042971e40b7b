"""The people at the desks: users, what they may be, and their sessions."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

OPERATOR_TENANT: Final = 0
"""The tenant of whoever runs the system."""


class Role(StrEnum):
    """What somebody does for a living here; what it allows stands in `permissions.py`."""

    ADMIN = "admin"
    PACKAGING = "packaging"
    COURIER = "courier"
    COUNTER = "counter"
    AGENT = "agent"
    REVIEWER = "reviewer"
    CLERK = "clerk"


class Action(StrEnum):
    """What can be allowed or not; each route of the console names the one it needs."""

    MANAGE_USERS = "users.manage"
    PACK = "packaging.work"
    DELIVER = "delivery.work"
    IDENTIFY = "counter.work"
    ANSWER_CALLS = "video.work"
    REVIEW = "review.work"
    READ_LOANS = "loans.read"
    COMMENT_LOANS = "loans.comment"
    READ_CUSTOMERS = "customers.read"


class HomeKind(StrEnum):
    """Whose people somebody belongs to."""

    OPERATOR = "operator"
    SCR = "scr"
    PARTNER = "partner"
    BROKER = "broker"


@dataclass(frozen=True, slots=True)
class Home:
    """The tenant that somebody belongs to: an SCR client, a partner, a broker, or the operator of all."""

    kind: HomeKind
    tenant_id: int
    name: str
    """Client id, partner id or broker's number; empty for the operator."""


OPERATOR: Final = Home(HomeKind.OPERATOR, OPERATOR_TENANT, "")


@dataclass(frozen=True, slots=True)
class StaffUser:
    """Somebody who can sign in; times are microseconds since 1970."""

    user_id: int
    home: Home
    username: str
    name: str
    """As colleagues read it beside what the person did."""
    roles: tuple[Role, ...]
    active: bool
    must_change: bool
    """The password was generated and seen by somebody else: nothing is allowed before it is changed."""
    password_hash: str = field(repr=False)
    created_us: int
    modified_us: int

    @property
    def reach(self) -> int | None:
        """Return the one tenant whose data this person may see, None for the operator's people: all of them."""
        return None if self.home.kind is HomeKind.OPERATOR else self.home.tenant_id


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser; times are microseconds since 1970."""

    token_hash: bytes = field(repr=False)
    created_us: int
    seen_us: int
    user: StaffUser
