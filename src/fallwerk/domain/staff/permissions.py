"""The one table of who may do what (W-04), and which roles the people of a tenant can have."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from fallwerk.domain.staff.model import Action, HomeKind, Role

PERMISSIONS: Final[Mapping[Role, frozenset[Action]]] = MappingProxyType(
    {
        Role.ADMIN: frozenset({Action.MANAGE_USERS, Action.READ_LOANS, Action.READ_CUSTOMERS}),
        Role.PACKAGING: frozenset({Action.PACK}),
        Role.COURIER: frozenset({Action.DELIVER}),
        Role.COUNTER: frozenset({Action.IDENTIFY}),
        Role.AGENT: frozenset({Action.ANSWER_CALLS}),
        Role.REVIEWER: frozenset({Action.REVIEW}),
        Role.CLERK: frozenset({Action.READ_LOANS, Action.COMMENT_LOANS, Action.READ_CUSTOMERS}),
    }
)
"""Role → what it allows; several roles allow what any of them does."""

ROLES_OF: Final[Mapping[HomeKind, frozenset[Role]]] = MappingProxyType(
    {
        HomeKind.OPERATOR: frozenset(Role),
        HomeKind.SCR: frozenset({Role.PACKAGING, Role.COURIER, Role.COUNTER, Role.AGENT, Role.REVIEWER}),
        HomeKind.PARTNER: frozenset({Role.CLERK}),
        HomeKind.BROKER: frozenset({Role.CLERK}),
    }
)
"""Kind of home → roles that make sense there; only the operator's people manage users."""

_NOT_THERE: Final[Mapping[HomeKind, frozenset[Action]]] = MappingProxyType(
    {
        HomeKind.OPERATOR: frozenset(),
        HomeKind.SCR: frozenset(),
        HomeKind.PARTNER: frozenset({Action.READ_CUSTOMERS}),
        HomeKind.BROKER: frozenset({Action.READ_LOANS, Action.COMMENT_LOANS}),
    }
)
"""Kind of home → what its people cannot do whatever their role: a partner has no customers, a broker no loan cases."""


def allowed(home: HomeKind, roles: Iterable[Role]) -> frozenset[Action]:
    """Return everything that somebody of some home may do with some roles."""
    granted = frozenset(action for role in roles for action in PERMISSIONS[role])
    return granted - _NOT_THERE[home]
