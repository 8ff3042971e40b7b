"""What a person told us and left behind, in the database: contact data, consents, records."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from fallwerk.domain.identcase.attempt import Consent, Person, Record
from fallwerk.domain.identcase.model import Contact
from fallwerk.store.methods_tables import ident_consent, ident_person, ident_record
from fallwerk.store.orders import contact_bytes, contact_of, validation_bytes, validation_of
from fallwerk.store.sealing import normalised
from fallwerk.store.statements import upsert
from fallwerk.store.tables import ident_case

if TYPE_CHECKING:
    from fallwerk.store.unit import Unit


class Persons:
    """The repository of persons; see `domain.identcase.ports.PersonRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def of_case(self, tenant_id: int, case_id: str) -> Person:
        """Return what the person of a case told us."""
        key = {"tenant": tenant_id, "case": case_id}
        people, consents = self._unit.execute(PERSON, key).all(), self._unit.execute(CONSENTS, key).all()
        return self.read(tenant_id, case_id, people, consents)

    def read(self, tenant_id: int, case_id: str, people: Sequence[Any], consents: Sequence[Any]) -> Person:
        """Turn what `PERSON` and `CONSENTS` find into a person."""
        contact = None
        if people:
            sealed = bytes(people[0].data_sealed)
            contact = contact_of(self._unit.sealer.open(sealed, _context("person", tenant_id, case_id)))
        given = (Consent(row.kind, row.text_version, row.given_us, row.language) for row in consents)
        return Person(contact, tuple(given))

    def save_contact(self, tenant_id: int, case_id: str, contact: Contact) -> None:
        """Store what the person entered, and what they can be found by from now on."""
        sealed = self._unit.sealer.seal(contact_bytes(contact), _context("person", tenant_id, case_id))
        upsert(self._unit, ident_person, {"tenant_id": tenant_id, "case_id": case_id, "data_sealed": sealed})
        for column, kind, value in (
            ("find_last_name", "last name", contact.last_name),
            ("find_email", "email", contact.email),
        ):
            if value:
                found = self._unit.hashes.blind(tenant_id, kind, normalised(value))
                self._unit.execute(
                    update(ident_case).where(*_key(ident_case)).values({column: found}),
                    {"tenant": tenant_id, "case": case_id},
                )

    def add_consent(self, tenant_id: int, case_id: str, consent: Consent) -> None:
        """Store what the person agreed to."""
        values = {
            "tenant_id": tenant_id,
            "case_id": case_id,
            "consent_id": self._unit.new_id(),
            "kind": consent.kind,
            "text_version": consent.text_version,
            "language": consent.language,
            "given_us": consent.given_us,
        }
        self._unit.execute(insert(ident_consent), values)


class Records:
    """The repository of records; see `domain.identcase.ports.RecordRepository`."""

    def __init__(self, unit: "Unit") -> None:
        self._unit = unit

    def of_case(self, tenant_id: int, case_id: str) -> tuple[Record, ...]:
        """Return the records of a case, oldest first."""
        rows = self._unit.execute(RECORDS, {"tenant": tenant_id, "case": case_id}).all()
        return self.read(rows)

    def read(self, rows: Sequence[Any]) -> tuple[Record, ...]:
        """Turn what `RECORDS` finds into records."""
        return tuple(self._record(row) for row in rows)

    def save(self, tenant_id: int, case_id: str, record: Record) -> None:
        """Store a record, new or judged."""
        sealed = None
        if record.validation is not None:
            context = _record_context(tenant_id, case_id, record.record_id)
            sealed = self._unit.sealer.seal(validation_bytes(record.validation), context)
        values = {
            "tenant_id": tenant_id,
            "case_id": case_id,
            "record_id": record.record_id,
            "attempt": record.attempt,
            "type": record.type,
            "mime_type": record.mime_type,
            "blob_key": record.blob_key,
            "size_bytes": record.size_bytes,
            "submitted": record.submitted,
            "validation_sealed": sealed,
            "created_us": record.created_us,
        }
        upsert(self._unit, ident_record, values)

    def remove(self, tenant_id: int, case_id: str, record_id: int) -> None:
        """Delete a record's row."""
        self._unit.execute(
            delete(ident_record).where(*_key(ident_record), ident_record.c.record_id == bindparam("record")),
            {"tenant": tenant_id, "case": case_id, "record": record_id},
        )

    def _record(self, row: Any) -> Record:  # noqa: ANN401 - a row of the table
        validation = None
        if row.validation_sealed is not None:
            context = _record_context(row.tenant_id, row.case_id, row.record_id)
            validation = validation_of(self._unit.sealer.open(bytes(row.validation_sealed), context))
        return Record(
            record_id=row.record_id,
            attempt=row.attempt,
            type=row.type,
            mime_type=row.mime_type,
            blob_key=bytes(row.blob_key),
            size_bytes=row.size_bytes,
            created_us=row.created_us,
            submitted=bool(row.submitted),
            validation=validation,
        )


def _context(what: str, tenant_id: int, case_id: str) -> bytes:
    return f"{what}|{tenant_id}|{case_id}".encode()


def _record_context(tenant_id: int, case_id: str, record_id: int) -> bytes:
    return f"record|{tenant_id}|{case_id}|{record_id}".encode()


def _key(table: Any) -> tuple[Any, Any]:  # noqa: ANN401 - a table
    return table.c.tenant_id == bindparam("tenant"), table.c.case_id == bindparam("case")


PERSON: Final = select(ident_person.c.data_sealed).where(*_key(ident_person))
CONSENTS: Final = (
    select(ident_consent).where(*_key(ident_consent)).order_by(ident_consent.c.given_us, ident_consent.c.consent_id)
)
RECORDS: Final = (
    select(ident_record).where(*_key(ident_record)).order_by(ident_record.c.created_us, ident_record.c.record_id)
)
