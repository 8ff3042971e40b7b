"""Every table of the system, for whoever goes through all of them: migrations, backup, wipe, tests."""

from fallwerk.store import (  # noqa: F401 - each adds its tables
    call_tables,
    customer_tables,
    document_tables,
    loan_tables,
    mail_tables,
    methods_tables,
    portal_tables,
    staff_tables,
)
from fallwerk.store.tables import metadata

__all__ = ["metadata"]
