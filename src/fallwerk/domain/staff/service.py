"""
Use cases around users and sessions; each function is exactly one transaction.

Passwords arrive hashed: hashing takes a tenth of a second, for which no transaction should wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from fallwerk.domain.audit.model import Actor, AuditEvent
from fallwerk.domain.staff.errors import HomeUnknown, StaffUnknown, UsernameTaken
from fallwerk.domain.staff.model import OPERATOR, Home, HomeKind, Role, Session, StaffUser
from fallwerk.domain.staff.rules import check_user, normal_username
from fallwerk.domain.unit_of_work import UnitOfWork

MINUTE_US: Final = 60_000_000
SEEN_EVERY_US: Final = MINUTE_US
"""A session's last use is noted once a minute: reading a page should not cost a write."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """When a session ends by itself, in microseconds of our clock."""

    idle_us: int
    absolute_us: int


@dataclass(frozen=True, slots=True)
class Failure:
    """A password that was wrong, or given for nobody."""

    action: str
    """`staff.sign_in_failed` or `staff.password_refused`."""
    actor: Actor
    at_us: int
    withheld: int = 0
    """Failures of this server process, by whomever, that were not noted since the last one that was."""


@dataclass(frozen=True, slots=True)
class NewStaff:
    """What is given for a new user."""

    username: str
    name: str
    roles: tuple[Role, ...]
    home_kind: HomeKind = HomeKind.OPERATOR
    home_name: str = ""


@dataclass(frozen=True, slots=True)
class StaffChange:
    """What is to change of a user; None leaves it."""

    name: str | None = None
    roles: tuple[Role, ...] | None = None
    active: bool | None = None


def actor_of(user: StaffUser, address: str) -> Actor:
    """Return a user as the audit log names them: by number, since a name is a personal datum."""
    return Actor(f"staff:{user.user_id}", address)


def create_user(uow: UnitOfWork, new: NewStaff, password_hash: str, *, actor: Actor, now_us: int) -> StaffUser:
    """
    Make a user whose generated password must be changed at the first sign-in.

    Source: W-04.

    Raises:
        HomeUnknown, StaffRefused, UsernameTaken: nothing was stored.
    """
    home = _home(uow, new.home_kind, new.home_name)
    username = normal_username(new.username)
    check_user(username, new.name, new.roles, home.kind)
    user = StaffUser(
        user_id=uow.new_id(),
        home=home,
        username=username,
        name=new.name.strip(),
        roles=new.roles,
        active=True,
        must_change=True,
        password_hash=password_hash,
        created_us=now_us,
        modified_us=now_us,
    )
    if not uow.staff.add(user):
        raise UsernameTaken
    _note(uow, user, "staff.created", actor=actor, now_us=now_us, details={"roles": _listed(user.roles)})
    return user


def change_user(uow: UnitOfWork, username: str, change: StaffChange, *, actor: Actor, now_us: int) -> StaffUser:
    """
    Change name or roles, disable or enable; whoever is disabled is signed out at once.

    Raises:
        StaffUnknown, StaffRefused: nothing was changed.
    """
    user = _known(uow, username)
    changed = replace(
        user,
        name=user.name if change.name is None else change.name.strip(),
        roles=user.roles if change.roles is None else change.roles,
        active=user.active if change.active is None else change.active,
        modified_us=now_us,
    )
    check_user(changed.username, changed.name, changed.roles, changed.home.kind)
    names = [name for name in ("name", "roles", "active") if getattr(user, name) != getattr(changed, name)]
    if not names:
        return user
    uow.staff.save(changed)
    if not changed.active:
        uow.staff.end_sessions(user.user_id)
    details: dict[str, str | int | bool | None] = {"changed": ",".join(names), "active": changed.active}
    _note(
        uow, changed, "staff.changed", actor=actor, now_us=now_us, details={**details, "roles": _listed(changed.roles)}
    )
    return changed


def reset_password(uow: UnitOfWork, username: str, password_hash: str, *, actor: Actor, now_us: int) -> StaffUser:
    """
    Put a generated password in place, which must be changed; every session of the user ends.

    Raises:
        StaffUnknown: nothing was changed.
    """
    user = _known(uow, username)
    changed = replace(user, password_hash=password_hash, must_change=True, modified_us=now_us)
    uow.staff.save(changed)
    uow.staff.end_sessions(user.user_id)
    _note(uow, changed, "staff.password_reset", actor=actor, now_us=now_us)
    return changed


def begin_session(uow: UnitOfWork, user: StaffUser, token_hash: bytes, *, address: str, now_us: int) -> Session:
    """
    Sign somebody in whose password was just verified.

    Raises:
        StaffUnknown: disabled or given another password while it was verified.
    """
    present = uow.staff.by_id(user.user_id, lock=True)
    if present is None or not present.active or present.password_hash != user.password_hash:
        raise StaffUnknown
    session = Session(token_hash, now_us, now_us, present)
    uow.staff.add_session(session)
    _note(uow, present, "staff.signed_in", actor=actor_of(present, address), now_us=now_us)
    return session


def note_failure(uow: UnitOfWork, user: StaffUser | None, failure: Failure) -> None:
    """
    Note that somebody did not show who they are; what they typed is kept nowhere.

    Source: W-04, C-02.

    Args:
        user: Whose name was given; None: nobody's, which the operator's log holds.
    """
    details: dict[str, str | int | bool | None] = {"withheld": failure.withheld} if failure.withheld else {}
    tenant_id = OPERATOR.tenant_id if user is None else user.home.tenant_id
    subject = "staff:unknown" if user is None else f"staff:{user.user_id}"
    uow.audit.add(AuditEvent(tenant_id, failure.at_us, failure.actor, failure.action, subject, details))


def live_session(uow: UnitOfWork, token_hash: bytes, limits: SessionLimits, now_us: int) -> Session | None:
    """Return the session that a token opens, None if there is none, it is over, or its user was disabled."""
    session = uow.staff.session(token_hash)
    if session is None or not session.user.active or is_over(session, limits, now_us):
        return None
    return session


def is_over(session: Session, limits: SessionLimits, now_us: int) -> bool:
    """Tell whether a session was idle for too long or is too old; our clock may have been moved forward."""
    return now_us >= session.seen_us + limits.idle_us or now_us >= session.created_us + limits.absolute_us


def end_session(uow: UnitOfWork, session: Session, *, address: str, now_us: int) -> None:
    """Sign out."""
    uow.staff.end_session(session.token_hash)
    _note(uow, session.user, "staff.signed_out", actor=actor_of(session.user, address), now_us=now_us)


def choose_password(
    uow: UnitOfWork, user: StaffUser, password_hash: str, token_hash: bytes, *, address: str, now_us: int
) -> Session:
    """
    Put a password in place that the user chose; every session ends and a new one begins.

    Raises:
        StaffUnknown: disabled or given another password meanwhile; nothing was changed.
    """
    present = uow.staff.by_id(user.user_id, lock=True)
    if present is None or not present.active or present.password_hash != user.password_hash:
        raise StaffUnknown
    changed = replace(present, password_hash=password_hash, must_change=False, modified_us=now_us)
    uow.staff.save(changed)
    uow.staff.end_sessions(user.user_id)
    session = Session(token_hash, now_us, now_us, changed)
    uow.staff.add_session(session)
    _note(uow, changed, "staff.password_changed", actor=actor_of(changed, address), now_us=now_us)
    return session


def renew_hash(uow: UnitOfWork, user: StaffUser, password_hash: str) -> None:
    """Replace a hash that was made with outdated parameters, unless the password was changed meanwhile."""
    present = uow.staff.by_id(user.user_id, lock=True)
    if present is not None and present.password_hash == user.password_hash:
        uow.staff.save(replace(present, password_hash=password_hash))


def drop_old_sessions(uow: UnitOfWork, limits: SessionLimits, now_us: int) -> None:
    """Delete the sessions that ended by themselves."""
    uow.staff.drop_sessions(created_before_us=now_us - limits.absolute_us, seen_before_us=now_us - limits.idle_us)


def _home(uow: UnitOfWork, kind: HomeKind, name: str) -> Home:
    if kind is HomeKind.OPERATOR:
        return OPERATOR
    home = uow.staff.home(kind, name)
    if home is None:
        raise HomeUnknown
    return home


def _known(uow: UnitOfWork, username: str) -> StaffUser:
    user = uow.staff.by_username(normal_username(username), lock=True)
    if user is None:
        raise StaffUnknown
    return user


def _listed(roles: tuple[Role, ...]) -> str:
    return ",".join(roles)


def _note(
    uow: UnitOfWork,
    user: StaffUser,
    action: str,
    *,
    actor: Actor,
    now_us: int,
    details: Mapping[str, str | int | bool | None] | None = None,
) -> None:
    subject = f"staff:{user.user_id}"
    uow.audit.add(AuditEvent(user.home.tenant_id, now_us, actor, action, subject, dict(details or {})))
