"""The whole product of states, targets, codes and roles against a table written out by hand."""

import re
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.identcase import codes
from fallwerk.domain.identcase.lifecycle import (
    CASE_STATUS,
    DAY_US,
    DUE_STEPS,
    Advance,
    IllegalStep,
    LegalStep,
    Role,
    WantedStep,
    advance,
    event_wanted,
    is_legal,
    legal_steps,
    role_for,
    timers_ended,
    timers_started,
)
from fallwerk.domain.identcase.model import CaseStatus, Identification, IdentStatus, Method, PostOffice
from fallwerk.domain.notification.due import DueKind

SOURCE = Path(__file__).parents[3] / "src" / "fallwerk"
NOW = 1_790_000_000_000_000
BEFORE_DELIVERY = ("started", "dmc provided", "packaging announced", "incomplete")
UNDERWAY = ("delivery started", "rerouted to postoffice")


def written_out() -> set[tuple[str | None, str, int | None, int | None, str]]:
    """decisions.md "Life cycle of a delivery identification", one tuple per step: from, to, codes, who."""
    table: set[tuple[str | None, str, int | None, int | None, str]] = {
        (None, "started", None, None, "system"),
        ("started", "dmc provided", None, None, "system"),
        ("dmc provided", "packaging announced", None, None, "packaging"),
        ("incomplete", "packaging announced", None, None, "packaging"),
        ("packaging announced", "delivery started", None, None, "courier"),
        ("delivery started", "rerouted to postoffice", None, None, "courier"),
        ("delivery started", "success", None, None, "courier"),
        ("rerouted to postoffice", "success", None, None, "post office"),
        ("rerouted to postoffice", "declined", 21, 330, "system"),
    }
    table |= {("packaging announced", "incomplete", 23, reason, "packaging") for reason in range(320, 325)}
    table |= {(source, "declined", 12, None, "system") for source in (None, *BEFORE_DELIVERY, *UNDERWAY)}
    for reason in (325, 326, 327, 328, 335):
        table.add(("delivery started", "declined", 16, reason, "courier"))
        table.add(("rerouted to postoffice", "declined", 16, reason, "post office"))
    table |= {(source, "declined", 20, 329, "system") for source in BEFORE_DELIVERY}
    table |= {
        (source, "declined", 22, reason, "packaging")
        for source in ("packaging announced", "incomplete")
        for reason in (331, 332)
    }
    table |= {(source, "declined", 24, 337, "recipient") for source in UNDERWAY}
    table |= {
        (source, "declined", 25, reason, "system") for source in ("started", "dmc provided") for reason in (333, 339)
    }
    table |= {("delivery started", "declined", 26, reason, "courier") for reason in (334, 338)}
    table |= {(source, "declined", 27, 336, "system") for source in BEFORE_DELIVERY[1:]}
    return table


def at(status: str | IdentStatus | None) -> Identification | None:
    if status is None:
        return None
    return Identification(Method.DELIVERY, IdentStatus(status), NOW - 5, NOW - 3)


def take(source: str | None, step: WantedStep, actor: Role | None = None) -> Advance:
    return advance(at(source), step, actor=actor, now_us=NOW)


STATES = (None, *IdentStatus)
SUBS = (None, *codes.SUB_STATUSES, 0, 99)
REASONS = (None, *codes.SUB_STATUS_REASONS, 0, 999)


@pytest.mark.req("D-02", "D-03", "D-04")
def test_exactly_the_steps_of_the_table_are_legal_for_exactly_their_roles():
    found = set()
    for source, target, sub, reason, role in product(STATES, IdentStatus, SUBS, REASONS, Role):
        if is_legal(at(source), WantedStep(target, sub, reason), actor=role):
            found.add((source, target.value, sub, reason, role.value))
    assert found == written_out()


@pytest.mark.req("D-02", "D-03", "D-04")
def test_a_simulation_may_take_every_step_of_the_table_and_no_other():
    table = {step[:4] for step in written_out()}
    for source, target, sub, reason in product(STATES, IdentStatus, SUBS, REASONS):
        step = WantedStep(target, sub, reason)
        if (source, target.value, sub, reason) in table:
            assert take(source, step).identification.status is target
        else:
            with pytest.raises(IllegalStep) as raised:
                take(source, step)
            assert raised.value.current == source
            assert raised.value.wanted is step
            assert raised.value.legal == legal_steps(at(source))


@pytest.mark.req("D-02")
def test_the_legal_next_steps_are_the_tables_in_its_order():
    assert legal_steps(at("packaging announced")) == (
        LegalStep(IdentStatus.INCOMPLETE, 23, (320, 321, 322, 323, 324)),
        LegalStep(IdentStatus.DELIVERY_STARTED, None, ()),
        LegalStep(IdentStatus.DECLINED, 12, ()),
        LegalStep(IdentStatus.DECLINED, 20, (329,)),
        LegalStep(IdentStatus.DECLINED, 22, (331, 332)),
        LegalStep(IdentStatus.DECLINED, 27, (336,)),
    )
    assert legal_steps(at("packaging announced"), actor=Role.COURIER) == (
        LegalStep(IdentStatus.DELIVERY_STARTED, None, ()),
    )
    assert legal_steps(None) == (LegalStep(IdentStatus.STARTED, None, ()), LegalStep(IdentStatus.DECLINED, 12, ()))


@pytest.mark.req("D-04")
@pytest.mark.parametrize("final", ["success", "declined"])
def test_nothing_follows_a_final_state(final):
    assert legal_steps(at(final)) == ()
    assert CASE_STATUS[IdentStatus(final)] is CaseStatus.CLOSED


@pytest.mark.req("D-02")
def test_a_role_is_refused_what_another_role_may_do():
    with pytest.raises(IllegalStep) as raised:
        take("delivery started", WantedStep(IdentStatus.SUCCESS), Role.POST_OFFICE)
    assert raised.value.legal == ()
    with pytest.raises(IllegalStep):
        take("rerouted to postoffice", WantedStep(IdentStatus.SUCCESS), Role.COURIER)


@pytest.mark.req("D-01")
def test_each_status_fixes_the_status_of_the_case():
    assert {status.value: case.value for status, case in CASE_STATUS.items()} == {
        "started": "in progress",
        "dmc provided": "in progress",
        "packaging announced": "in progress",
        "incomplete": "in progress",
        "delivery started": "in progress",
        "rerouted to postoffice": "in progress",
        "success": "closed",
        "declined": "closed",
    }
    for source, target, sub, reason, _ in written_out():
        made = take(source, WantedStep(IdentStatus(target), sub, reason))
        assert made.case_status is CASE_STATUS[IdentStatus(target)]


@pytest.mark.req("D-01")
@pytest.mark.parametrize("status", [IdentStatus.REVIEW_PENDING, IdentStatus.COUPON_REQUESTED])
def test_states_of_other_methods_are_never_set(status):
    for source in STATES:
        with pytest.raises(IllegalStep):
            take(source, WantedStep(status))


@pytest.mark.req("D-01", "D-03")
def test_a_step_sets_status_codes_and_times_and_keeps_the_creation():
    made = take("dmc provided", WantedStep(IdentStatus.PACKAGING_ANNOUNCED), Role.PACKAGING)
    assert made == Advance(
        Identification(Method.DELIVERY, IdentStatus.PACKAGING_ANNOUNCED, created_us=NOW - 5, modified_us=NOW),
        CaseStatus.IN_PROGRESS,
        None,
    )
    incomplete = advance(
        made.identification, WantedStep(IdentStatus.INCOMPLETE, 23, 323), actor=Role.PACKAGING, now_us=NOW + 1
    ).identification
    assert (incomplete.sub_status, incomplete.sub_status_reason, incomplete.modified_us) == (23, 323, NOW + 1)
    repaired = advance(
        incomplete, WantedStep(IdentStatus.PACKAGING_ANNOUNCED), actor=Role.PACKAGING, now_us=NOW + 2
    ).identification
    assert (repaired.sub_status, repaired.sub_status_reason) == (None, None)


@pytest.mark.req("D-05")
def test_the_expiry_of_a_new_case_creates_the_identification_it_declines():
    made = take(None, DUE_STEPS[DueKind.EXPIRE], Role.SYSTEM)
    assert made.identification == Identification(
        Method.DELIVERY, IdentStatus.DECLINED, created_us=NOW, modified_us=NOW, sub_status=12
    )
    assert (made.case_status, made.event) == (CaseStatus.CLOSED, IdentStatus.DECLINED)


@pytest.mark.req("D-21")
def test_only_success_and_abnormalities_identify_the_person():
    identifying = {
        (target, sub)
        for source, target, sub, reason, _ in written_out()
        if take(source, WantedStep(IdentStatus(target), sub, reason)).identification.identified_us == NOW
    }
    assert identifying == {("success", None), ("declined", 16)}
    assert take("started", WantedStep(IdentStatus.DMC_PROVIDED)).identification.identified_us is None


@pytest.mark.req("D-22")
def test_a_post_office_counts_for_a_success_after_rerouting_only():
    office = PostOffice("Poststr.50", "26897 Esterwegen")
    with_office = {
        (source, target)
        for source, target, sub, reason, _ in written_out()
        if take(source, WantedStep(IdentStatus(target), sub, reason, office)).identification.post_office == office
    }
    assert with_office == {("rerouted to postoffice", "success")}
    assert (
        take("delivery started", WantedStep(IdentStatus.SUCCESS, post_office=office)).identification.post_office is None
    )


@pytest.mark.req("D-60")
def test_started_rerouted_success_and_declined_notify():
    events = {take(s, WantedStep(IdentStatus(t), sub, reason)).event for s, t, sub, reason, _ in written_out()}
    assert events == {None, "started", "rerouted to postoffice", "success", "declined"}
    for source, target, sub, reason, _ in written_out():
        event = take(source, WantedStep(IdentStatus(target), sub, reason)).event
        assert event in {None, target}


@pytest.mark.req("D-60")
@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ((), ()),
        (("final",), ("success", "declined")),
        (("notification",), ("started", "rerouted to postoffice")),
        (("declined",), ("declined",)),
        (("notification", "success"), ("started", "rerouted to postoffice", "success")),
        (("dmc provided", "incomplete"), ()),
    ],
)
def test_events_are_wanted_by_name_or_by_type(asked, sent):
    assert {status.value for status in IdentStatus if event_wanted(asked, status)} == set(sent)


def test_the_real_role_of_a_step_is_known():
    for source, target, sub, reason, role in written_out():
        assert role_for(at(source), WantedStep(IdentStatus(target), sub, reason)) == role
    assert role_for(at("success"), WantedStep(IdentStatus.STARTED)) is None


@pytest.mark.req("D-05")
def test_waiting_periods_start_with_their_state_and_last_whole_days():
    settings = ScrSettings(post_office_days=3, shipment_wait_days=5)
    assert timers_started(IdentStatus.REROUTED, settings, NOW) == ((DueKind.PICK_UP, NOW + 3 * DAY_US),)
    assert timers_started(IdentStatus.DMC_PROVIDED, settings, NOW) == ((DueKind.SHIPMENT, NOW + 5 * DAY_US),)
    others = set(IdentStatus) - {IdentStatus.REROUTED, IdentStatus.DMC_PROVIDED}
    assert all(timers_started(status, settings, NOW) == () for status in others)
    defaults = ScrSettings()
    assert timers_started(IdentStatus.REROUTED, defaults, 0) == ((DueKind.PICK_UP, 7 * 86_400_000_000),)
    assert timers_started(IdentStatus.DMC_PROVIDED, defaults, 0) == ((DueKind.SHIPMENT, 14 * 86_400_000_000),)


@pytest.mark.req("D-05")
def test_the_end_of_a_waiting_period_declines_only_where_that_is_still_legal():
    picked = {status for status in STATES if is_legal(at(status), DUE_STEPS[DueKind.PICK_UP], actor=Role.SYSTEM)}
    assert picked == {"rerouted to postoffice"}
    shipped = {status for status in STATES if is_legal(at(status), DUE_STEPS[DueKind.SHIPMENT], actor=Role.SYSTEM)}
    assert shipped == {"dmc provided", "packaging announced", "incomplete"}
    assert DUE_STEPS[DueKind.PICK_UP] == WantedStep(IdentStatus.DECLINED, 21, 330)
    assert DUE_STEPS[DueKind.SHIPMENT] == WantedStep(IdentStatus.DECLINED, 27, 336)
    assert DUE_STEPS[DueKind.EXPIRE] == WantedStep(IdentStatus.DECLINED, 12)


@pytest.mark.req("D-05")
@pytest.mark.parametrize(
    ("before", "after", "ended"),
    [
        (None, "started", set()),
        ("dmc provided", "packaging announced", set()),
        ("packaging announced", "delivery started", {DueKind.SHIPMENT}),
        ("incomplete", "declined", {DueKind.SHIPMENT, DueKind.EXPIRE}),
        ("rerouted to postoffice", "success", {DueKind.PICK_UP, DueKind.EXPIRE}),
        (None, "declined", {DueKind.EXPIRE}),
    ],
)
def test_due_work_that_a_step_made_pointless_is_named(before, after, ended):
    reached = at(after)
    assert reached is not None
    assert set(timers_ended(at(before), reached)) == ended


def test_an_identification_by_another_method_is_refused_loudly():
    other = replace(at("started"), method=Method.VIDEO)
    with pytest.raises(ValueError, match="video"):
        advance(other, WantedStep(IdentStatus.DMC_PROVIDED), actor=None, now_us=NOW)


@pytest.mark.req("D-02")
def test_nothing_but_the_life_cycle_and_the_store_makes_an_identification():
    makers = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if re.search(r"\bIdentification\(|\bstatus=IdentStatus\.", path.read_text())
    }
    gates = {"domain/identcase/lifecycle.py", "domain/identcase/methods_lifecycle.py"}
    assert {maker for maker in makers if not maker.startswith("store/")} == gates


@pytest.mark.req("D-03")
def test_every_code_of_the_document_has_its_description_and_place():
    assert sorted(codes.SUB_STATUSES) == [12, 16, *range(20, 28)]
    assert sorted(codes.SUB_STATUS_REASONS) == list(range(320, 340))
    placed = [reason for reasons in codes.REASONS_OF.values() for reason in reasons]
    assert sorted(placed) == list(range(320, 340))
    assert codes.REASONS_OF.keys() == codes.SUB_STATUSES.keys()
    assert codes.sub_status(16).description == "Identification with abnormalities"
    assert codes.sub_status_reason(325).description == "First name does not match provided data"


WANTED = st.builds(
    WantedStep, st.sampled_from(IdentStatus), st.sampled_from(SUBS), st.sampled_from(REASONS), st.just(PostOffice("a"))
)


@pytest.mark.req("D-02", "D-04")
@given(st.data())
def test_any_walk_keeps_to_the_table_and_ends_in_a_final_state(data):
    current: Identification | None = None
    closed_at: Identification | None = None
    for number in range(40):
        legal = legal_steps(current)
        taken = data.draw(st.sampled_from(legal)) if legal and data.draw(st.booleans()) else None
        step = (
            data.draw(WANTED)
            if taken is None
            else WantedStep(
                taken.status,
                taken.sub_status,
                data.draw(st.sampled_from(taken.sub_status_reasons)) if taken.sub_status_reasons else None,
            )
        )
        if not is_legal(current, step, actor=None):
            assert taken is None
            with pytest.raises(IllegalStep) as refused:
                advance(current, step, actor=None, now_us=NOW + number)
            assert refused.value.legal == legal
            continue
        made = advance(current, step, actor=None, now_us=NOW + number)
        assert closed_at is None
        assert made.identification.created_us <= made.identification.modified_us == NOW + number
        current = made.identification
        if made.case_status is CaseStatus.CLOSED:
            closed_at = current
    assert closed_at is None or current is closed_at
