"""What a user's name, roles and password may be; pure."""

import re
from collections.abc import Iterator
from typing import Final

from fallwerk.domain.staff.errors import PasswordRefused, StaffFault, StaffRefused
from fallwerk.domain.staff.model import HomeKind, Role
from fallwerk.domain.staff.permissions import ROLES_OF

SHORTEST_PASSWORD: Final = 12
LONGEST_PASSWORD: Final = 256
"""Long enough for any sentence, short enough that hashing it is no attack."""
LONGEST_NAME: Final = 100

_USERNAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._@+-]{0,98}[a-z0-9])?")


def normal_username(username: str) -> str:
    """Return a username as it is stored and compared: small letters, no blanks around it."""
    return username.strip().lower()


def check_user(username: str, name: str, roles: tuple[Role, ...], home: HomeKind) -> None:
    """
    Judge what was given for a user.

    Raises:
        StaffRefused: with every fault.
    """
    faults = tuple(_faults(username, name, roles, home))
    if faults:
        raise StaffRefused(faults)


def _faults(username: str, name: str, roles: tuple[Role, ...], home: HomeKind) -> Iterator[StaffFault]:
    if not _USERNAME.fullmatch(username):
        yield StaffFault("username", "A username has 1 to 100 characters a-z, 0-9 and . _ @ + - inside.")
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        yield StaffFault("name", f"A name has 1 to {LONGEST_NAME} characters on one line.")
    if len(set(roles)) != len(roles):
        yield StaffFault("roles", "A role is named more than once.")
    elif not roles or not set(roles) <= ROLES_OF[home]:
        yield StaffFault("roles", f"The roles are one or more of: {', '.join(r for r in Role if r in ROLES_OF[home])}.")


def check_password(password: str, username: str) -> None:
    """
    Judge a password that somebody chose.

    Length is what counts; rules about signs only make people write them down.

    Raises:
        PasswordRefused: with the reason.
    """
    if len(password) < SHORTEST_PASSWORD:
        raise PasswordRefused("too_short")
    if len(password) > LONGEST_PASSWORD:
        raise PasswordRefused("too_long")
    if password.strip().lower() == username:
        raise PasswordRefused("is_username")
