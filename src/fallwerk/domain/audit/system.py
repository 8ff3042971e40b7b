"""What is done to the system as a whole, noted in its own chain (C-02); each function is exactly one transaction."""

from typing import Final

from fallwerk.domain.audit.model import SYSTEM_CHAIN, Actor, AuditEvent
from fallwerk.domain.unit_of_work import UnitOfWork

KEYS: Final = "master keys"
BACKUP: Final = "backup"


def note_rotation_begun(uow: UnitOfWork, *, actor: Actor, now_us: int) -> None:
    """Note that the master key is being replaced; one that is cut off leaves this event alone."""
    uow.audit.add(AuditEvent(SYSTEM_CHAIN.tenant_id, now_us, actor, "keys.rotation_begun", KEYS))


def note_rotation(uow: UnitOfWork, key_id: int, *, actor: Actor, now_us: int) -> None:
    """Note that the master key was replaced and the old one is gone."""
    uow.audit.add(AuditEvent(SYSTEM_CHAIN.tenant_id, now_us, actor, "keys.rotated", KEYS, {"masterKey": key_id}))


def note_backup(uow: UnitOfWork, *, rows: int, keys_encrypted: bool, actor: Actor, now_us: int) -> None:
    """Note that the whole system was written into a file."""
    details: dict[str, str | int | bool | None] = {"rows": rows, "keysEncrypted": keys_encrypted}
    uow.audit.add(AuditEvent(SYSTEM_CHAIN.tenant_id, now_us, actor, "backup.created", BACKUP, details))


def restored(rows: int, *, actor: Actor, now_us: int) -> AuditEvent:
    """Make the event of a restored system; the restore itself writes it, with everything else or not at all."""
    return AuditEvent(SYSTEM_CHAIN.tenant_id, now_us, actor, "backup.restored", BACKUP, {"rows": rows})
