"""
Partial indexes of the tables, for the migrations.

They stand apart because naming a condition per engine makes SQLAlchemy load every driver it knows, which a starting
server has no use for: it finds the indexes in the database.
"""

from sqlalchemy import Index, text

from fallwerk.store.tables import audit_event, due_work, idempotency, ident_case, identification

Index(
    "ix_ident_case_list",
    ident_case.c.tenant_id,
    ident_case.c.kind,
    ident_case.c.archived,
    ident_case.c.status,
    ident_case.c.created_us,
    ident_case.c.case_id,
    sqlite_where=ident_case.c.kind == "delivery",
    postgresql_where=ident_case.c.kind == "delivery",
)
_moved = (ident_case.c.kind == "start") & (ident_case.c.status != "new")
Index(
    "ix_ident_case_list_start",
    ident_case.c.tenant_id,
    ident_case.c.archived,
    ident_case.c.status,
    ident_case.c.created_us,
    ident_case.c.case_id,
    sqlite_where=_moved,
    postgresql_where=_moved,
)
Index(
    "ix_due_work_lease_owner",
    due_work.c.lease_owner,
    sqlite_where=due_work.c.lease_owner.is_not(None),
    postgresql_where=due_work.c.lease_owner.is_not(None),
)
Index(
    "ix_audit_event_unsealed",
    audit_event.c.event_id,
    sqlite_where=audit_event.c.seal_number.is_(None),
    postgresql_where=audit_event.c.seal_number.is_(None),
)
Index(
    "ix_idempotency_case",
    idempotency.c.tenant_id,
    idempotency.c.case_id,
    sqlite_where=idempotency.c.case_id.is_not(None),
    postgresql_where=idempotency.c.case_id.is_not(None),
)
_OPEN = text("status NOT IN ('success', 'declined')")
Index(
    "ix_identification_open",
    identification.c.method,
    identification.c.status,
    identification.c.modified_us,
    sqlite_where=_OPEN,
    postgresql_where=_OPEN,
)
