"""Staff users and their sessions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import orjson
from sqlalchemy import bindparam, delete, insert, or_, select, update

from fallwerk.domain.staff.model import OPERATOR, Home, HomeKind, Role, Session, StaffUser
from fallwerk.store.customer_tables import broker
from fallwerk.store.loan_tables import partner
from fallwerk.store.staff_tables import staff_session, staff_user
from fallwerk.store.statements import insert_new
from fallwerk.store.tables import scr_client

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_u: Final = staff_user.c
_s: Final = staff_session.c
_BY_NAME: Final = select(staff_user).where(_u.find_username == bindparam("name"))
_BY_NUMBER: Final = select(staff_user).where(_u.user_id == bindparam("user"))
_SESSION: Final = (
    select(_s.token_hash, _s.created_us.label("began_us"), _s.seen_us, staff_user)
    .join(staff_user, _u.user_id == _s.user_id)
    .where(_s.token_hash == bindparam("token"))
)
_EVERY_TENANT: Final = 0
"""Usernames are unique over all tenants, so their blind index is keyed for none."""
_LARGEST_NUMBER: Final = 2**31 - 1


class Staff:
    """See `domain.staff.ports.StaffRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def home(self, kind: HomeKind, name: str) -> Home | None:
        """Return a home by the name that its kind goes by."""
        found = self._unit.execute(_home_by_name(kind, name)).scalar() if _nameable(kind, name) else None
        return None if found is None else Home(kind, found, name)

    def add(self, user: StaffUser) -> bool:
        """Store a new user unless the name is taken."""
        values = {
            "tenant_id": user.home.tenant_id,
            "user_id": user.user_id,
            "home_kind": user.home.kind.value,
            "find_username": self._blind(user.username),
            "created_us": user.created_us,
            **self._changing(user),
        }
        return insert_new(self._unit, staff_user, values)

    def save(self, user: StaffUser) -> None:
        """Store everything of a user but name and home."""
        self._unit.execute(update(staff_user).where(_u.user_id == user.user_id).values(self._changing(user)))

    def _changing(self, user: StaffUser) -> dict[str, Any]:
        profile = orjson.dumps({"username": user.username, "name": user.name})
        return {
            "profile_sealed": self._unit.sealer.seal(profile, _context(user.home.tenant_id, user.user_id)),
            "roles": ",".join(user.roles),
            "active": user.active,
            "must_change": user.must_change,
            "password_hash": user.password_hash,
            "modified_us": user.modified_us,
        }

    def by_username(self, username: str, *, lock: bool = False) -> StaffUser | None:
        """Return a user by the normalised name."""
        statement = _BY_NAME.with_for_update() if lock else _BY_NAME
        row = self._unit.execute(statement, {"name": self._blind(username)}).one_or_none()
        return None if row is None else self._user(row)

    def by_id(self, user_id: int, *, lock: bool = False) -> StaffUser | None:
        """Return a user by number."""
        statement = _BY_NUMBER.with_for_update() if lock else _BY_NUMBER
        row = self._unit.execute(statement, {"user": user_id}).one_or_none()
        return None if row is None else self._user(row)

    def names(self, user_ids: Sequence[int]) -> dict[int, str]:
        """Return the names of those of some users that exist."""
        wanted = sorted(set(user_ids))
        rows = self._unit.execute(select(staff_user).where(_u.user_id.in_(wanted))).all() if wanted else []
        return {row.user_id: self._profile(row)["name"] for row in rows}

    def all(self) -> list[StaffUser]:
        """Return all users by username."""
        users = [self._user(row) for row in self._unit.execute(select(staff_user)).all()]
        return sorted(users, key=lambda user: user.username)

    def session(self, token_hash: bytes) -> Session | None:
        """Return a session with its user."""
        row = self._unit.execute(_SESSION, {"token": token_hash}).one_or_none()
        return None if row is None else Session(bytes(row.token_hash), row.began_us, row.seen_us, self._user(row))

    def add_session(self, session: Session) -> None:
        """Store a new session."""
        values = {
            "tenant_id": session.user.home.tenant_id,
            "token_hash": session.token_hash,
            "user_id": session.user.user_id,
            "created_us": session.created_us,
            "seen_us": session.seen_us,
        }
        self._unit.execute(insert(staff_session), values)

    def touch(self, token_hash: bytes, seen_us: int) -> None:
        """Note that a session was used."""
        self._unit.execute(update(staff_session).where(_s.token_hash == token_hash).values(seen_us=seen_us))

    def end_session(self, token_hash: bytes) -> None:
        """Delete a session."""
        self._unit.execute(delete(staff_session).where(_s.token_hash == token_hash))

    def end_sessions(self, user_id: int) -> None:
        """Delete every session of a user."""
        self._unit.execute(delete(staff_session).where(_s.user_id == user_id))

    def drop_sessions(self, *, created_before_us: int, seen_before_us: int) -> None:
        """Delete the sessions that are over."""
        over = or_(_s.created_us <= created_before_us, _s.seen_us <= seen_before_us)
        self._unit.execute(delete(staff_session).where(over))

    def _user(self, row: Any) -> StaffUser:  # noqa: ANN401 - a row of the table
        profile = self._profile(row)
        return StaffUser(
            user_id=row.user_id,
            home=self._home(HomeKind(row.home_kind), row.tenant_id),
            username=profile["username"],
            name=profile["name"],
            roles=tuple(Role(role) for role in row.roles.split(",")),
            active=bool(row.active),
            must_change=bool(row.must_change),
            password_hash=row.password_hash,
            created_us=row.created_us,
            modified_us=row.modified_us,
        )

    def _profile(self, row: Any) -> dict[str, str]:  # noqa: ANN401 - a row of the table
        opened = self._unit.sealer.open(bytes(row.profile_sealed), _context(row.tenant_id, row.user_id))
        return orjson.loads(opened)  # type: ignore[no-any-return]

    def _home(self, kind: HomeKind, tenant_id: int) -> Home:
        if kind is HomeKind.OPERATOR:
            return OPERATOR
        table, name = _HOMES[kind]
        found = self._unit.execute(select(name).where(table.c.tenant_id == tenant_id)).scalar()
        return Home(kind, tenant_id, "" if found is None else str(found))

    def _blind(self, username: str) -> bytes:
        return self._unit.hashes.blind(_EVERY_TENANT, "staff username", username)


_HOMES: Final = {
    HomeKind.SCR: (scr_client, scr_client.c.client_id),
    HomeKind.PARTNER: (partner, partner.c.partner_id),
    HomeKind.BROKER: (broker, broker.c.user_id),
}
"""Kind → the table of such tenants and the column of the name they go by."""


def _nameable(kind: HomeKind, name: str) -> bool:
    """Tell whether a name can be one of its kind; brokers go by numbers, and no database compares those with texts."""
    if kind is not HomeKind.BROKER:
        return "\0" not in name
    return name.isascii() and name.isdecimal() and len(name) <= 10 and int(name) <= _LARGEST_NUMBER  # noqa: PLR2004


def _home_by_name(kind: HomeKind, name: str) -> Any:  # noqa: ANN401 - a select
    table, column = _HOMES[kind]
    return select(table.c.tenant_id).where(column == (int(name) if kind is HomeKind.BROKER else name))


def _context(tenant_id: int, user_id: int) -> bytes:
    return b"staff|%d|%d" % (tenant_id, user_id)
