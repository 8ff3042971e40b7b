"""User names with keyed hashes of their secrets, and the overlap of a rotation; for every kind of tenant."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ColumnElement, bindparam, delete, func, insert, select, update

from fallwerk.domain.account.model import Credential
from fallwerk.domain.account.ports import NewCredential
from fallwerk.store.tables import credential

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit

_c: Final = credential.c
OF_TENANT: Final = select(credential).where(_c.tenant_id == bindparam("tenant")).order_by(_c.credential_id)
_OF_USER: Final = OF_TENANT.where(_c.username == bindparam("user"))


def credentials_of(unit: "Unit", tenant_id: int, username: str | None = None) -> tuple[Credential, ...]:
    """Return a tenant's credentials, oldest first, optionally those of one user name."""
    statement = OF_TENANT if username is None else _OF_USER
    found = unit.execute(statement, {"tenant": tenant_id} | ({} if username is None else {"user": username}))
    return read_credentials(found.all())


def read_credentials(rows: Sequence[Any]) -> tuple[Credential, ...]:
    """Turn what `OF_TENANT` finds into credentials."""
    return tuple(
        Credential(row.username, bytes(row.secret_hash), bool(row.alive_only), row.valid_until_us) for row in rows
    )


def add_credentials(unit: "Unit", tenant_id: int, credentials: Iterable[NewCredential]) -> None:
    """Store new credentials beside the present ones."""
    for new in credentials:
        values = {
            "tenant_id": tenant_id,
            "credential_id": unit.new_id(),
            "username": new.username,
            "secret_hash": unit.hashes.secret(new.password),
            "alive_only": new.alive_only,
            "valid_until_us": None,
        }
        unit.execute(insert(credential), values)


def end_credentials(
    unit: "Unit", tenant_id: int, username: str | None = None, *, old_until_us: int, now_us: int
) -> None:
    """Let the present credentials end at `old_until_us` unless they end before, and delete those that have ended."""
    mine: list[ColumnElement[bool]] = [_c.tenant_id == tenant_id]
    if username is not None:
        mine.append(_c.username == username)
    unit.execute(delete(credential).where(*mine, _c.valid_until_us <= now_us))
    unit.execute(
        update(credential)
        .where(*mine, func.coalesce(_c.valid_until_us, old_until_us) >= old_until_us)
        .values(valid_until_us=old_until_us)
    )


def move_credentials(unit: "Unit", username: str, *, from_tenant_id: int, to_tenant_id: int) -> None:
    """Give a user name's credentials to another tenant."""
    mine = (_c.tenant_id == from_tenant_id, _c.username == username)
    unit.execute(update(credential).where(*mine).values(tenant_id=to_tenant_id))
