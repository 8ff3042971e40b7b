"""Planning a new case: everything that can be decided before the store is asked."""

from dataclasses import dataclass, replace
from datetime import timedelta

from fallwerk.domain.account.model import ScrClient
from fallwerk.domain.audit.model import Actor
from fallwerk.domain.identcase.model import CaseId, CaseKind, CaseOrder, CaseStatus, IdentCase
from fallwerk.domain.identcase.rules import clear_incomplete_contact
from fallwerk.kit.clock import BERLIN, from_us, to_us
from fallwerk.kit.ids import new_case_id

_last_end: tuple[tuple[int, int], int] = ((0, 0), 0)


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case that is about to be stored, with the order it came from."""

    case: IdentCase
    order: CaseOrder
    actor: Actor
    client: ScrClient

    def with_new_id(self) -> "NewCase":
        """Return the same case under another id, for the loser of a collision."""
        case_id = CaseId(new_case_id())
        reference_id = self.case.reference_id if self.case.reference_given else case_id
        return replace(self, case=replace(self.case, case_id=case_id, reference_id=reference_id))


def plan_case(order: CaseOrder, *, client: ScrClient, kind: CaseKind, actor: Actor, now_us: int) -> NewCase:
    """
    Decide the id, the validity and the stored order of a new case.

    Source: START §2 Body, General Flow; S-15, S-31, S-32, S-40.
    """
    case_id = CaseId(new_case_id())
    return NewCase(
        case=IdentCase(
            tenant_id=client.tenant_id,
            case_id=case_id,
            kind=kind,
            status=CaseStatus.NEW,
            archived=False,
            reference_id=order.reference_id or case_id,
            reference_given=order.reference_id is not None,
            created_us=now_us,
            modified_us=now_us,
            closed_us=None,
            valid_until_us=valid_until_us(now_us, client.settings.validity_days),
        ),
        order=clear_incomplete_contact(order),
        actor=actor,
        client=client,
    )


def valid_until_us(start_us: int, days: int) -> int:
    """
    Return the end of a validity of whole days: the same second of the day, Europe/Berlin.

    Source: decisions 21, 37; S-32. The last answer is kept, since a busy second asks for the same one many times.
    """
    global _last_end  # noqa: PLW0603 - a one-place cache; a torn read is impossible, a lost one harmless
    key = (start_us // 1_000_000, days)
    known, end = _last_end
    if known == key:
        return end
    local = from_us(key[0] * 1_000_000).astimezone(BERLIN).replace(tzinfo=None)
    end = to_us((local + timedelta(days=days)).replace(tzinfo=BERLIN))
    _last_end = (key, end)
    return end
