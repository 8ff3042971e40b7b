"""
Rotation of the master key: a new one seals, everything is sealed anew, the old one is deleted.

It runs beside the service, batch by batch; each value stays readable throughout, because all keys open until the last
value has moved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from sqlalchemy import Column, Table, and_, bindparam, func, select, tuple_, update

from fallwerk.store.call_tables import call_signal
from fallwerk.store.customer_tables import customer
from fallwerk.store.database import Database
from fallwerk.store.document_tables import blob
from fallwerk.store.keys import KeyFile, new_key
from fallwerk.store.loan_tables import loan_case, loan_comment, loan_document, loan_status_change, signing_key
from fallwerk.store.mail_tables import mail, sandbox_mail
from fallwerk.store.mails import mail_context
from fallwerk.store.methods_tables import ident_person, ident_record
from fallwerk.store.schema import secret_context
from fallwerk.store.sealing import HEADER_BYTES
from fallwerk.store.staff_tables import staff_user
from fallwerk.store.tables import (
    delivery_order,
    idempotency,
    ident_case,
    identification,
    notification,
    scr_client,
    system_secret,
)
from fallwerk.store.unit import Unit

log = structlog.get_logger()

BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed values, with what each value is bound to."""

    table: Table
    column: Column[Any]
    context: Callable[[Any], bytes]


def _of_case(what: str) -> Callable[[Any], bytes]:
    return lambda row: f"{what}|{row.tenant_id}|{row.case_id}".encode()


SEALED: Final = (
    SealedColumn(system_secret, system_secret.c.value_sealed, lambda row: secret_context(row.name)),
    SealedColumn(scr_client, scr_client.c.secrets_sealed, lambda row: f"secrets|{row.tenant_id}".encode()),
    SealedColumn(ident_case, ident_case.c.order_sealed, _of_case("order")),
    SealedColumn(ident_case, ident_case.c.result_sealed, _of_case("result")),
    SealedColumn(identification, identification.c.details_sealed, _of_case("details")),
    SealedColumn(ident_person, ident_person.c.data_sealed, _of_case("person")),
    SealedColumn(
        ident_record,
        ident_record.c.validation_sealed,
        lambda row: f"record|{row.tenant_id}|{row.case_id}|{row.record_id}".encode(),
    ),
    SealedColumn(delivery_order, delivery_order.c.recipient_sealed, _of_case("recipient")),
    SealedColumn(
        notification,
        notification.c.target_sealed,
        lambda row: f"notification|{row.tenant_id}|{row.case_id}|{row.notification_id}".encode(),
    ),
    SealedColumn(
        mail, mail.c.content_sealed, lambda row: mail_context("mail", row.tenant_id, row.case_id, row.mail_id)
    ),
    SealedColumn(
        sandbox_mail,
        sandbox_mail.c.letter_sealed,
        lambda row: mail_context("letter", row.tenant_id, row.case_id, row.mail_id),
    ),
    SealedColumn(
        idempotency,
        idempotency.c.response_sealed,
        lambda row: b"answer|%d|%b|%b" % (row.tenant_id, row.operation.encode(), bytes(row.key_hash)),
    ),
    SealedColumn(blob, blob.c.key_sealed, lambda row: b"blob|%d|%b" % (row.tenant_id, bytes(row.blob_key))),
    SealedColumn(signing_key, signing_key.c.private_sealed, lambda row: f"signing key|{row.key_id}".encode()),
    SealedColumn(
        loan_case, loan_case.c.data_sealed, lambda row: f"loan case|{row.tenant_id}|{row.case_number}".encode()
    ),
    SealedColumn(
        loan_status_change,
        loan_status_change.c.note_sealed,
        lambda row: f"note|{row.tenant_id}|{row.application_number}|{row.change_id}".encode(),
    ),
    SealedColumn(
        loan_comment, loan_comment.c.text_sealed, lambda row: f"comment|{row.tenant_id}|{row.comment_id}".encode()
    ),
    SealedColumn(
        loan_document, loan_document.c.meta_sealed, lambda row: f"document|{row.tenant_id}|{row.document_id}".encode()
    ),
    SealedColumn(customer, customer.c.data_sealed, lambda row: f"customer|{row.tenant_id}|{row.customer_id}".encode()),
    SealedColumn(
        call_signal,
        call_signal.c.body_sealed,
        lambda row: f"signal|{row.tenant_id}|{row.case_id}|{row.signal_id}".encode(),
    ),
    SealedColumn(staff_user, staff_user.c.profile_sealed, lambda row: f"staff|{row.tenant_id}|{row.user_id}".encode()),
)
"""Every sealed column there is; a test compares this list with the tables'."""


async def rotate(database: Database, file: KeyFile, settle: Callable[[], Any]) -> int:
    """
    Replace the master key and delete the old ones; return the new key's id.

    Source: C-04.

    Args:
        settle: Waits until every other process has taken up a changed key file.
    """
    sealer = database.context.sealer
    present = file.read()
    key = new_key(max(old.key_id for old in present) % 0xFFFF + 1)
    # Every process must be able to open what the new key seals before the first one seals with it.
    for keys in ((*present, key), (key, *present)):
        file.replace(keys)
        sealer.replace(keys)
        await settle()
    # A process may have sealed with the old key until it took up the new one, so one more round looks for leftovers.
    while await reseal(database):
        log.info("keys.resealed", newest=key.key_id)
    file.replace((key,))
    sealer.replace((key,))
    await settle()
    return key.key_id


async def reseal(database: Database) -> int:
    """Seal every value anew that is not under the newest key; return how many there were."""
    changed = 0
    for sealed in SEALED:
        last: tuple[Any, ...] | None = None
        while True:
            last, count = await database.write(lambda unit, s=sealed, at=last: _batch(unit, s, at))  # type: ignore[misc]
            changed += count
            if last is None:
                break
    return changed


def _batch(unit: Unit, sealed: SealedColumn, after: tuple[Any, ...] | None) -> tuple[tuple[Any, ...] | None, int]:
    """Seal one batch anew, in the order of the primary key; return where it ended, None at the table's end."""
    keys = list(sealed.table.primary_key.columns)
    old = func.substr(sealed.column, 1, HEADER_BYTES) != unit.sealer.newest_header
    # A value that is being computed by another transaction is empty, and sealed under a current key when it is there.
    statement = select(sealed.table).where(sealed.column.is_not(None), func.length(sealed.column) > 0, old)
    if after is not None:
        statement = statement.where(tuple_(*keys) > tuple_(*after))
    rows = unit.execute(statement.order_by(*keys).limit(BATCH).with_for_update()).all()
    if not rows:
        return None, 0
    unit.execute(_update(sealed, keys), [_sealed_anew(unit, sealed, keys, row) for row in rows])
    return tuple(getattr(rows[-1], key.name) for key in keys), len(rows)


def _sealed_anew(unit: Unit, sealed: SealedColumn, keys: Sequence[Column[Any]], row: Any) -> dict[str, Any]:  # noqa: ANN401
    context = sealed.context(row)
    plaintext = unit.sealer.open(bytes(getattr(row, sealed.column.name)), context)
    values = {f"key_{key.name}": getattr(row, key.name) for key in keys}
    return {**values, "value": unit.sealer.seal(plaintext, context)}


def _update(sealed: SealedColumn, keys: Sequence[Column[Any]]) -> Any:  # noqa: ANN401 - an update statement
    matches = and_(*(key == bindparam(f"key_{key.name}") for key in keys))
    return update(sealed.table).where(matches).values({sealed.column.name: bindparam("value")})


def waiting(unit: Unit) -> int:
    """Count the values that an older key still seals."""
    total = 0
    for sealed in SEALED:
        old = func.substr(sealed.column, 1, HEADER_BYTES) != unit.sealer.newest_header
        counted = select(func.count()).select_from(sealed.table)
        total += unit.execute(counted.where(old, func.length(sealed.column) > 0)).scalar_one()
    return total
