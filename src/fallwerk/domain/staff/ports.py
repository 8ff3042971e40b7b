"""What the staff services need from outside."""

from collections.abc import Sequence
from typing import Protocol

from fallwerk.domain.staff.model import Home, HomeKind, Session, StaffUser


class Passwords(Protocol):
    """Hashes passwords with argon2id, off the event loop (W-04)."""

    async def hash(self, password: str) -> str:
        """Return the encoded hash."""

    async def matches(self, encoded: str | None, password: str) -> bool:
        """Tell whether a password is the one that was hashed; None costs the same and matches nothing."""

    def outdated(self, encoded: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""


class StaffRepository(Protocol):
    """Users and their sessions."""

    def home(self, kind: HomeKind, name: str) -> Home | None:
        """Return a home by the client id, partner id or broker's number; None if there is none."""

    def add(self, user: StaffUser) -> bool:
        """Store a new user; False if the name is taken."""

    def save(self, user: StaffUser) -> None:
        """Store everything of a user but name and home."""

    def by_username(self, username: str, *, lock: bool = False) -> StaffUser | None:
        """Return a user by the name, which is compared without regard to case; `lock` holds it until the end."""

    def by_id(self, user_id: int, *, lock: bool = False) -> StaffUser | None:
        """Return a user by number."""

    def names(self, user_ids: Sequence[int]) -> dict[int, str]:
        """Return the names of those of some users that exist."""

    def all(self) -> list[StaffUser]:
        """Return all users by username."""

    def session(self, token_hash: bytes) -> Session | None:
        """Return a session with its user."""

    def add_session(self, session: Session) -> None:
        """Store a new session."""

    def touch(self, token_hash: bytes, seen_us: int) -> None:
        """Note that a session was used."""

    def end_session(self, token_hash: bytes) -> None:
        """Delete a session."""

    def end_sessions(self, user_id: int) -> None:
        """Delete every session of a user."""

    def drop_sessions(self, *, created_before_us: int, seen_before_us: int) -> None:
        """Delete the sessions that are over."""
