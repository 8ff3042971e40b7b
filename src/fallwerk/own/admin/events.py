"""Audit events of one tenant, for every collection of the admin API that has tenants (C-02)."""

from collections.abc import Callable

from starlette.responses import Response

from fallwerk.domain.unit_of_work import Transactions, UnitOfWork
from fallwerk.own.admin.limits import read_before, read_limit
from fallwerk.own.admin.mapping import event_json
from fallwerk.own.api import Call, json_answer


async def events_of(store: Transactions, call: Call, tenant_of: Callable[[UnitOfWork], int]) -> Response:
    """
    List a tenant's audit events, newest first, at most `limit`, optionally of one `subject` or from `before` one on.

    Raises:
        Problem: 400, the limit or the event is none.
        DomainError: what `tenant_of` says of a tenant that does not exist.
    """
    limit, subject = read_limit(call.query.get("limit")), call.query.get("subject") or None
    before = read_before(call.query.get("before"))
    found = await store.read(lambda uow: uow.audit.events(tenant_of(uow), subject, limit, before))
    return json_answer([event_json(event) for event in found])
