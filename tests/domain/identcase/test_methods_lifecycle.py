"""The whole product of methods, states, targets, codes and roles against a table written out by hand."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallwerk.domain.identcase import codes as delivery_codes
from fallwerk.domain.identcase import methods_codes as codes
from fallwerk.domain.identcase.lifecycle import IllegalStep, Role, StatusType, WantedStep, event_wanted
from fallwerk.domain.identcase.methods_lifecycle import (
    NOTIFIED,
    RecordedBySameActor,
    Taken,
    advance,
    is_legal,
    is_open,
    legal_steps,
    role_for,
)
from fallwerk.domain.identcase.model import CaseStatus, Identification, IdentStatus, Method

NOW = 1_790_000_000_000_000
METHODS = (Method.BASIC, Method.VIDEO, Method.PHOTO, Method.EID)
STATES = (None, *IdentStatus)
ROLES = (None, *Role)
SUBS = (None, *codes.SUB_STATUSES, 12, 16)
REASONS = (None, *codes.SUB_STATUS_REASONS, 325)
CLOSED, IN_PROGRESS = CaseStatus.CLOSED, CaseStatus.IN_PROGRESS

Row = tuple[str, str | None, str, int | None, int | None, str]


def written_out() -> set[Row]:
    """decisions.md "Life cycle of the other methods", one tuple per step: method, from, to, codes, who."""
    table: set[Row] = set()
    for method in ("basic", "video", "photo", "eid"):
        table |= {(method, source, "started", None, None, "user") for source in (None, "declined")}
    table |= {("basic", source, "started", None, None, "post office") for source in (None, "declined")}
    counter = ("started", "coupon requested", "incomplete")
    table |= {("basic", source, "coupon requested", None, None, "user") for source in (None, *counter)}
    early = ("started", "incomplete")
    pending = ("started", "incomplete", "review pending")
    for source in counter:
        table.add(("basic", source, "success", None, None, "post office"))
        table |= {("basic", source, "incomplete", 9020, reason, "post office") for reason in (9121, 9122, 9123, 9129)}
        table |= {("basic", source, "declined", 9010, reason, "post office") for reason in range(9101, 9110)}
    for source in early:
        table.add(("video", source, "review pending", None, None, "agent"))
        table.add(("photo", source, "review pending", None, None, "user"))
        table.add(("eid", source, "success", None, None, "card"))
        for reason in (9131, 9132, 9133, 9134, 9135, 9139):
            table |= {("video", source, "incomplete", 9030, reason, role) for role in ("agent", "system")}
        table |= {("eid", source, "incomplete", 9050, reason, "card") for reason in (9151, 9152, 9153, 9154, 9159)}
        table |= {("eid", source, "declined", 9060, reason, "card") for reason in (9161, 9162, 9163, 9169)}
    for method in ("video", "photo"):
        table.add((method, "review pending", "success", None, None, "reviewer"))
        table |= {(method, "review pending", "declined", 9010, reason, "reviewer") for reason in range(9101, 9110)}
    for reason in (9141, 9142, 9143, 9149):
        table.add(("photo", "review pending", "incomplete", 9040, reason, "reviewer"))
    for method, opened in (("basic", counter), ("video", pending), ("photo", pending), ("eid", early)):
        table |= {(method, source, "declined", 9000, None, "system") for source in opened}
        table |= {(method, source, "declined", 9001, None, "user") for source in opened}
    return table


TABLE = written_out()
UNROLED = {row[:5] for row in TABLE}


def at(method: Method, status: str | None) -> Identification | None:
    """An attempt that has reached a status."""
    if status is None:
        return None
    return Identification(method, IdentStatus(status), created_us=NOW - 5, modified_us=NOW - 3)


def take(method: Method, source: str | None, step: WantedStep, role: Role | None = None, **more: object) -> Taken:
    """Take a step of an open case."""
    options: dict[str, object] = {"case_status": IN_PROGRESS, "declined_closes": True, **more}
    return advance(method, at(method, source), step, actor=role, now_us=NOW, **options)  # type: ignore[arg-type]


@pytest.mark.req("S-46", "S-48")
@pytest.mark.parametrize("method", METHODS)
def test_exactly_the_steps_written_out_are_legal_for_exactly_their_roles(method):
    for source, target, sub, reason in product(STATES, IdentStatus, SUBS, REASONS):
        step, current = WantedStep(target, sub, reason), at(method, source)
        unroled = (method.value, source, target.value, sub, reason) in UNROLED
        assert is_legal(method, current, step, case_status=IN_PROGRESS, actor=None) is unroled, step
        if unroled:
            for role in Role:
                wanted = (method.value, source, target.value, sub, reason, role.value) in TABLE
                assert is_legal(method, current, step, case_status=IN_PROGRESS, actor=role) is wanted, (step, role)


@pytest.mark.parametrize("method", METHODS)
def test_an_illegal_step_tells_what_is_legal_and_a_closed_case_takes_none(method):
    for source, role in product(STATES, ROLES):
        with pytest.raises(IllegalStep) as refused:
            take(method, source, WantedStep(IdentStatus.DMC_PROVIDED), role)
        legal = {(step.status.value, step.sub_status) for step in refused.value.legal}
        who = {role.value} if role else {known.value for known in Role}
        assert legal == {row[2:4] for row in TABLE if row[:2] == (method.value, source) and row[5] in who}
    for source, target in product(STATES, IdentStatus):
        with pytest.raises(IllegalStep) as refused:
            take(method, source, WantedStep(target), case_status=CLOSED)
        assert refused.value.legal == ()
        assert legal_steps(method, at(method, source), case_status=CLOSED) == ()


@pytest.mark.req("S-48")
def test_every_step_sets_the_case_status_and_the_event_of_its_state():
    for method, source, target, sub, reason, role in TABLE:
        step = WantedStep(IdentStatus(target), sub, reason)
        for closes in (True, False):
            made = take(Method(method), source, step, Role(role), declined_closes=closes)
            ends = target == "success" or (target == "declined" and (closes or sub == 9000))
            assert made.case_status is (CLOSED if ends else IN_PROGRESS), (method, source, step)
        notifies = target in {"coupon requested", "incomplete", "review pending", "success", "declined"}
        same = source == target and sub is None
        assert made.event == (target if notifies and not same else None)
        assert made.identification.identified_us == (NOW if target == "success" else None)
        assert made.fresh is (source in {None, "declined"})
        assert made.identification.created_us == (NOW if made.fresh else NOW - 5)
        assert (made.identification.sub_status, made.identification.sub_status_reason) == (sub, reason)


@pytest.mark.req("S-48")
def test_a_second_incomplete_with_another_reason_is_told_and_the_same_again_is_not():
    before = replace(at(Method.EID, "incomplete"), sub_status=9050, sub_status_reason=9152)  # type: ignore[type-var]
    for reason, event in ((9152, None), (9151, IdentStatus.INCOMPLETE)):
        made = advance(
            Method.EID,
            before,
            WantedStep(IdentStatus.INCOMPLETE, 9050, reason),
            case_status=IN_PROGRESS,
            actor=Role.CARD,
            declined_closes=True,
            now_us=NOW,
        )
        assert made.event is event


@pytest.mark.req("W-05")
@pytest.mark.parametrize("method", [Method.VIDEO, Method.PHOTO])
@pytest.mark.parametrize("role", [Role.REVIEWER, None])
def test_who_recorded_a_result_cannot_confirm_or_decline_it(method, role):
    for step in (WantedStep(IdentStatus.SUCCESS), WantedStep(IdentStatus.DECLINED, 9010, 9101)):
        with pytest.raises(RecordedBySameActor):
            take(method, "review pending", step, role, same_actor=True)
        assert take(method, "review pending", step, role, same_actor=False).case_status is CLOSED
    # Giving up and expiry are no confirmation.
    take(method, "review pending", WantedStep(IdentStatus.DECLINED, 9001), Role.USER, same_actor=True)


@pytest.mark.req("S-48")
def test_statuses_of_these_methods_are_wanted_by_name_or_type():
    def wanted(*asked: str) -> set[str]:
        return {status.value for status in IdentStatus if event_wanted(asked, status, NOTIFIED)}

    assert wanted("final") == {"success", "declined"}
    assert wanted("notification") == {"coupon requested", "incomplete", "review pending"}
    assert wanted("review pending", "declined") == {"review pending", "declined"}
    assert wanted("started", "rerouted to postoffice") == set()
    assert set(NOTIFIED.values()) == set(StatusType)


def test_the_real_role_of_a_step_is_known():
    for method, source, target, sub, reason, _ in TABLE:
        step = WantedStep(IdentStatus(target), sub, reason)
        role = role_for(Method(method), at(Method(method), source), step)
        assert role is not None
        assert (method, source, target, sub, reason, role.value) in TABLE
    assert role_for(Method.EID, at(Method.EID, "success"), WantedStep(IdentStatus.STARTED)) is None


@pytest.mark.req("R-06")
def test_codes_are_our_own_and_each_has_its_description_and_place():
    assert min(codes.SUB_STATUSES) == 9000
    assert all(9000 <= code < 9100 for code in codes.SUB_STATUSES)
    assert all(9100 <= code < 9200 for code in codes.SUB_STATUS_REASONS)
    assert not {*codes.SUB_STATUSES, *codes.SUB_STATUS_REASONS} & {
        *delivery_codes.SUB_STATUSES,
        *delivery_codes.SUB_STATUS_REASONS,
    }
    assert codes.REASONS_OF.keys() == codes.SUB_STATUSES.keys()
    placed = [reason for reasons in codes.REASONS_OF.values() for reason in reasons]
    assert sorted(placed) == sorted(codes.SUB_STATUS_REASONS)
    assert codes.sub_status(9010).description == "Identity not confirmed"
    assert codes.sub_status_reason(9104).description == "Document is expired or invalid"


@pytest.mark.req("S-48")
@given(st.data())
def test_any_walk_keeps_to_the_table_and_a_success_ends_it(data):
    method = data.draw(st.sampled_from(METHODS))
    current: Identification | None = None
    case = CaseStatus.NEW
    for _ in range(12):
        legal = legal_steps(method, current, case_status=case)
        if not legal:
            assert case is CLOSED
            break
        chosen = data.draw(st.sampled_from(legal))
        reason = data.draw(st.sampled_from(chosen.sub_status_reasons)) if chosen.sub_status_reasons else None
        step = WantedStep(chosen.status, chosen.sub_status, reason)
        taken = advance(method, current, step, case_status=case, actor=None, declined_closes=False, now_us=NOW)
        assert (
            method.value,
            current and current.status.value,
            chosen.status.value,
            chosen.sub_status,
            reason,
        ) in UNROLED
        current, case = taken.identification, taken.case_status
        assert is_open(current) is (current.status not in {IdentStatus.SUCCESS, IdentStatus.DECLINED})
