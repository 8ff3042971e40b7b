"""What every change of a case has in common, whichever life cycle moves it."""

from dataclasses import replace
from typing import Final

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.identcase.lifecycle import DAY_US
from fallwerk.domain.identcase.model import CaseStatus, IdentCase
from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.domain.unit_of_work import UnitOfWork

LATEST_RETENTION_DAYS: Final = 90


def with_status(case: IdentCase, status: CaseStatus, now_us: int) -> IdentCase:
    """Return the case with the status that its identification fixes; an unchanged one keeps its time (D-23)."""
    if case.status is status:
        return case
    closed_us = now_us if status is CaseStatus.CLOSED else None
    return replace(case, status=status, modified_us=now_us, closed_us=closed_us)


def erasure_of(case: IdentCase, client: ScrClient) -> DueWork:
    """The physical deletion of a closed case at its account's limit (D-50)."""
    days = min(client.settings.retention_days, LATEST_RETENTION_DAYS)
    closed_us = case.modified_us if case.closed_us is None else case.closed_us
    return DueWork(case.tenant_id, case.case_id, DueKind.ERASE, closed_us + days * DAY_US)


def client_of(uow: UnitOfWork, tenant_id: int) -> ScrClient:
    """Return the client a case belongs to; a case without one cannot be."""
    client = uow.accounts.scr_client_of(tenant_id)
    if client is None:
        msg = f"tenant {tenant_id} has no account"
        raise LookupError(msg)
    return client
