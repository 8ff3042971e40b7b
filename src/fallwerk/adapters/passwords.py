"""People's passwords: argon2id, hashed in threads so that the event loop never waits for one (W-04)."""

import asyncio
import secrets
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB: Final = 47_104
PASSES: Final = 1
LANES: Final = 1
"""OWASP's first choice for argon2id: 46 MiB, one pass, one lane."""
AT_ONCE: Final = 2
"""Hashes that one process computes at a time: each takes the memory above, and strangers can ask for them."""


class Argon2Passwords:
    """See `domain.staff.ports.Passwords`."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(AT_ONCE)

    @cached_property
    def _hasher(self) -> "PasswordHasher":
        # The library is loaded when somebody signs in, not when a server starts.
        from argon2 import PasswordHasher  # noqa: PLC0415

        return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)

    @cached_property
    def _nobodys(self) -> str:
        """Return a hash that no password matches: an unknown user must take as long as a known one."""
        return self._hasher.hash(secrets.token_urlsafe(32))

    async def hash(self, password: str) -> str:
        """Return the encoded hash."""
        async with self._turns:
            return await asyncio.to_thread(lambda: self._hasher.hash(_utf8(password)))

    async def matches(self, encoded: str | None, password: str) -> bool:
        """Tell whether a password is the one that was hashed; None costs the same and matches nothing."""
        async with self._turns:
            return await asyncio.to_thread(self._matches, encoded, password)

    def _matches(self, encoded: str | None, password: str) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

        # Both are made before the comparison, so that the first sign-in after a start tells nothing either.
        nobodys = self._nobodys
        try:
            return self._hasher.verify(nobodys if encoded is None else encoded, _utf8(password))
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, encoded: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._hasher.check_needs_rehash(encoded)


def _utf8(password: str) -> bytes:
    # A form can carry half a character, which is no text but must fail like any other wrong password.
    return password.encode("utf-8", "surrogatepass")
