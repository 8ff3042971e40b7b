"""
The life cycle of delivery cases against a model of it: random stories over HTTP, all judged by the tables here.

The tables are written by hand from the decisions' "Life cycle of a delivery identification", not from the product.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.api.conftest import EVERYTHING, Account, Running
from tests.support.receiver import Receiver

BERLIN: Final = ZoneInfo("Europe/Berlin")
VALIDITY_DAYS: Final = 30
RETENTION_DAYS: Final = 10
POST_OFFICE_DAYS: Final = 7
SHIPMENT_DAYS: Final = 14

NEW: Final = "new"
STARTED: Final = "started"
DMC: Final = "dmc provided"
ANNOUNCED: Final = "packaging announced"
INCOMPLETE: Final = "incomplete"
DELIVERY: Final = "delivery started"
REROUTED: Final = "rerouted to postoffice"
SUCCESS: Final = "success"
DECLINED: Final = "declined"
FINAL: Final = {SUCCESS, DECLINED}
CASE_STATUS: Final = {NEW: "new", SUCCESS: "closed", DECLINED: "closed"}
"""All others are `in progress`."""
NOTIFIED: Final = {STARTED, REROUTED, SUCCESS, DECLINED}

Target = tuple[str, int | None]
STEPS: Final[tuple[tuple[str, Target, tuple[int, ...]], ...]] = (
    (NEW, (STARTED, None), ()),
    (STARTED, (DMC, None), ()),
    (DMC, (ANNOUNCED, None), ()),
    (ANNOUNCED, (INCOMPLETE, 23), (320, 321, 322, 323, 324)),
    (INCOMPLETE, (ANNOUNCED, None), ()),
    (ANNOUNCED, (DELIVERY, None), ()),
    (DELIVERY, (REROUTED, None), ()),
    (DELIVERY, (SUCCESS, None), ()),
    (REROUTED, (SUCCESS, None), ()),
    *((source, (DECLINED, 12), ()) for source in (NEW, STARTED, DMC, ANNOUNCED, INCOMPLETE, DELIVERY, REROUTED)),
    *((source, (DECLINED, 16), (325, 326, 327, 328, 335)) for source in (DELIVERY, REROUTED)),
    *((source, (DECLINED, 20), (329,)) for source in (STARTED, DMC, ANNOUNCED, INCOMPLETE)),
    (REROUTED, (DECLINED, 21), (330,)),
    *((source, (DECLINED, 22), (331, 332)) for source in (ANNOUNCED, INCOMPLETE)),
    *((source, (DECLINED, 24), (337,)) for source in (DELIVERY, REROUTED)),
    *((source, (DECLINED, 25), (333, 339)) for source in (STARTED, DMC)),
    (DELIVERY, (DECLINED, 26), (334, 338)),
    *((source, (DECLINED, 27), (336,)) for source in (DMC, ANNOUNCED, INCOMPLETE)),
)
LEGAL: Final[dict[str, dict[Target, tuple[int, ...]]]] = {
    state: {target: reasons for source, target, reasons in STEPS if source == state}
    for state in (NEW, STARTED, DMC, ANNOUNCED, INCOMPLETE, DELIVERY, REROUTED, SUCCESS, DECLINED)
}
SUB_STATUSES: Final = (None, 12, 16, 20, 21, 22, 23, 24, 25, 26, 27, 99)
REASONS: Final = (None, *range(320, 340), 999)


@dataclass(frozen=True)
class Step:
    """What is wanted of an identification."""

    status: str
    sub_status: int | None = None
    reason: int | None = None

    @property
    def body(self) -> dict[str, Any]:
        wanted = {"status": self.status, "subStatus": self.sub_status, "subStatusReason": self.reason}
        return {name: value for name, value in wanted.items() if value is not None}


def allows(state: str, step: Step) -> bool:
    """Tell whether the table has a step: a reason is given exactly where there are reasons."""
    reasons = LEGAL[state].get((step.status, step.sub_status))
    return reasons is not None and (step.reason in reasons if reasons else step.reason is None)


def legal_steps(state: str) -> list[Step]:
    return [
        Step(status, sub_status, reason)
        for (status, sub_status), reasons in LEGAL[state].items()
        for reason in reasons or (None,)
    ]


_TO_ANNOUNCED: Final = (Step(DMC), Step(ANNOUNCED))
WALKS: Final[dict[str, tuple[Step, ...]]] = {
    NEW: (),
    STARTED: (),
    DMC: (Step(DMC),),
    ANNOUNCED: _TO_ANNOUNCED,
    INCOMPLETE: (*_TO_ANNOUNCED, Step(INCOMPLETE, 23, 323)),
    DELIVERY: (*_TO_ANNOUNCED, Step(DELIVERY)),
    REROUTED: (*_TO_ANNOUNCED, Step(DELIVERY), Step(REROUTED)),
}
"""Ways from the release to each open state."""


@dataclass
class Case:
    """One case of the model. Instants are those at which the test knew that it had happened."""

    case_id: str
    custom1: str | None
    created: datetime
    step: Step = field(default_factory=lambda: Step(NEW))
    closed: datetime | None = None
    archived: bool = False
    post_office: dict[str, str] | None = None
    timers: dict[str, datetime] = field(default_factory=dict)
    notified: int = 0
    modified: str = ""
    """As the server told it after the last change of the case's status."""

    @property
    def status(self) -> str:
        return CASE_STATUS.get(self.step.status, "in progress")

    def take(self, step: Step, now: datetime, post_office: dict[str, str] | None = None) -> None:
        """Do what follows from a legal step."""
        if (self.step.status, step.status) == (REROUTED, SUCCESS):
            self.post_office = post_office
        before, self.step = self.status, step
        if self.status != before:
            self.modified = ""
        self.notified += step.status in NOTIFIED
        if step.status == DMC:
            self.timers["shipment"] = now + timedelta(days=SHIPMENT_DAYS)
        if step.status == REROUTED:
            self.timers["pick up"] = now + timedelta(days=POST_OFFICE_DAYS)
        if step.status in {DELIVERY, REROUTED, *FINAL}:
            self.timers.pop("shipment", None)
        if step.status in FINAL:
            self.closed = now
            self.timers = {"erase": now + timedelta(days=RETENTION_DAYS)}

    def next_due(self) -> tuple[datetime, str]:
        return min((due, name) for name, due in self.timers.items())


TIMED_STEPS: Final = {
    "expire": Step(DECLINED, 12),
    "pick up": Step(DECLINED, 21, 330),
    "shipment": Step(DECLINED, 27, 336),
}


def end_of_validity(created: datetime) -> datetime:
    """The same second of the day, in Berlin."""
    local = created.replace(microsecond=0).astimezone(BERLIN).replace(tzinfo=None)
    return (local + timedelta(days=VALIDITY_DAYS)).replace(tzinfo=BERLIN).astimezone(UTC)


def day_begins(day: date) -> datetime:
    return datetime.combine(day, time(), BERLIN).astimezone(UTC)


def any_step() -> st.SearchStrategy[Step]:
    statuses = st.sampled_from([STARTED, DMC, ANNOUNCED, INCOMPLETE, DELIVERY, REROUTED, SUCCESS, DECLINED])
    wild = st.builds(Step, statuses, st.sampled_from(SUB_STATUSES), st.sampled_from(REASONS))
    tame = st.sampled_from(sorted({step for state in LEGAL for step in legal_steps(state)}, key=str))
    return tame | wild


FILTERS: Final = st.fixed_dictionaries(
    {}, optional={name: st.booleans() for name in ("new", "inProgress", "closed", "archived")}
)
CHOICES: Final = st.integers(0, 999)
"""Takes one of what there is at that moment: what can be drawn must not depend on the clock of the day."""
OFFICES: Final = (None, {"streetAddress": "Marktplatz 1", "city": "Bonn"}, {"city": "Köln"})
DATES: Final = ("createdFrom", "createdUntil", "closedFrom", "closedUntil")


class DeliveryMachine(RuleBasedStateMachine):
    """Random stories of one account."""

    server: ClassVar[Running]
    receiver: ClassVar[Receiver]
    cases = Bundle("cases")

    @initialize(target=cases)
    def begin(self) -> Any:
        """Begin with a case in every open state: chance alone would rarely get there in time."""
        self.receiver.forget()
        self.account: Account = self.server.account(
            **EVERYTHING,
            validityDays=VALIDITY_DAYS,
            retentionDays=RETENTION_DAYS,
            postOfficeDays=POST_OFFICE_DAYS,
            shipmentWaitDays=SHIPMENT_DAYS,
        )
        self.model: dict[str, Case] = {}
        self.notifications: Counter[str] = Counter()
        self.erased: set[str] = set()
        return multiple(*(self.order(state, None) for state in WALKS))

    # What a story is made of.

    @rule(
        target=cases,
        state=st.sampled_from(sorted(WALKS)),
        custom1=st.sampled_from([None, "contract 77", "Müller & Söhne"]),
    )
    def order(self, state: str, custom1: str | None) -> str:
        order_data: dict[str, Any] = {"processData": {"webHookUrl": self.receiver.url}}
        if custom1 is not None:
            order_data["customData"] = {"custom1": custom1, "custom2": "never returned"}
        case_id = self.account.order(order_data, release=state != NEW)
        case = Case(case_id, custom1, self.now())
        case.timers["expire"] = end_of_validity(case.created)
        self.model[case_id] = case
        if state != NEW:
            self.take(case, Step(STARTED))
        for step in WALKS[state]:
            self.simulate(case_id, step)
        return case_id

    @rule(case_id=cases, choice=CHOICES, office=st.sampled_from(OFFICES))
    def go_on(self, case_id: str, choice: int, office: dict[str, str] | None) -> None:
        case = self.model.get(case_id)
        steps = legal_steps(case.step.status) if case is not None else []
        if steps:
            self.simulate(case_id, steps[choice % len(steps)], office)

    @rule(case_id=cases, step=any_step(), by_admin=st.booleans())
    def try_anything(self, case_id: str, step: Step, by_admin: bool) -> None:
        if by_admin and step.status == STARTED:
            self.release(case_id)
        else:
            self.simulate(case_id, step)

    @rule(choice=CHOICES, early=st.booleans())
    def wait(self, choice: int, early: bool) -> None:
        """Pass to the end of one of the periods that run, or an hour less."""
        ends = sorted(due for case in self.model.values() for due in case.timers.values())
        if ends:
            seconds = int((ends[choice % len(ends)] - self.now()).total_seconds()) + 2
            self.pass_time(timedelta(seconds=max(0, seconds - 3600 if early else seconds)))

    @rule(case_ids=st.lists(cases, max_size=4), nested=st.booleans())
    def archive(self, case_ids: list[str], nested: bool) -> None:
        path = "/cases/delivery/archive" if nested else "/cases/archive"
        response = self.account.request("PATCH", path, json=[*case_ids, "NOSUCHCASE00"])
        assert response.status_code == 200
        named = [self.model[case_id] for case_id in dict.fromkeys(case_ids) if case_id in self.model]
        closed = [case for case in named if case.status == "closed"]
        for case in closed:
            case.archived = True
        assert [(entry["caseId"], entry["caseStatus"]["archived"]) for entry in response.json()] == [
            (case.case_id, True) for case in closed
        ]

    @rule(case_id=cases, filters=FILTERS, choices=st.dictionaries(st.sampled_from(DATES), CHOICES, max_size=2))
    def read(self, case_id: str, filters: dict[str, bool], choices: dict[str, int]) -> None:
        self.compare(case_id)
        instants = [at for case in self.model.values() for at in (case.created, case.closed) if at is not None]
        days = [at.astimezone(BERLIN).date() for at in instants] or [date(2026, 11, 24)]
        dates = {name: days[choice % len(days)] for name, choice in choices.items()}
        parameters = {
            **{name: str(value).lower() for name, value in filters.items()},
            **{name: day.isoformat() for name, day in dates.items()},
        }
        response = self.account.get("/cases/delivery", params=parameters)
        assert response.status_code == 200
        assert [result["caseId"] for result in response.json()] == [
            case.case_id for case in self.model.values() if is_listed(case, filters, dates)
        ]
        for result in response.json():
            self.check_result(self.model[result["caseId"]], result)

    # What holds after every step.

    @invariant()
    def every_result_is_the_models(self) -> None:
        """One list of everything: a case status belongs to its identification status, and no case is too many."""
        response = self.account.get("/cases/delivery?new=true&inProgress=true&closed=true&archived=true")
        results = response.json()
        assert [result["caseId"] for result in results] == list(self.model)
        for result in results:
            self.check_result(self.model[result["caseId"]], result)

    @invariant()
    def every_notifying_step_was_notified_once(self) -> None:
        expected = self.notifications + Counter({case.case_id: case.notified for case in self.model.values()})
        arrived = self.receiver.wait_for(expected.total())
        assert Counter(notification.json["caseId"] for notification in arrived) == expected
        for notification in arrived:
            case = self.model.get(notification.json["caseId"])
            if case is not None:
                assert notification.json.get("custom1") == case.custom1

    def teardown(self) -> None:
        """Let the story end: whatever was open is closed by its validity, and then everything is deleted."""
        if hasattr(self, "model"):
            self.pass_time(timedelta(days=VALIDITY_DAYS + RETENTION_DAYS + 1))
            self.every_notifying_step_was_notified_once()
            assert self.model == {}
            assert self.account.get("/cases/delivery?archived=true").json() == []
            for case_id in self.erased:
                self.compare(case_id)

    # How it is done.

    def now(self) -> datetime:
        return datetime.fromisoformat(self.server.sandbox("GET", "/clock").json()["now"])

    def take(self, case: Case, step: Step, office: dict[str, str] | None = None) -> None:
        case.take(step, self.now(), office)

    def release(self, case_id: str) -> None:
        case = self.model.get(case_id)
        response = self.server.admin("POST", f"/cases/{case_id}/release")
        if case is None:
            assert response.status_code == 404
        elif case.step.status == NEW:
            assert response.status_code == 200
            self.take(case, Step(STARTED))
        else:
            assert response.status_code == 409

    def simulate(self, case_id: str, step: Step, office: dict[str, str] | None = None) -> None:
        extra = {} if office is None else {"postOffice": office}
        response = self.server.sandbox(
            "POST", f"/cases/{case_id}/simulate", json={"method": "delivery", **step.body, **extra}
        )
        case = self.model.get(case_id)
        if case is None:
            assert response.status_code == 404
        elif allows(case.step.status, step):
            assert response.status_code == 200, response.text
            self.take(case, step, office)
            self.check_result(case, response.json())
        else:
            assert response.status_code == 409, response.text
            found = response.json()["legalNext"]
            assert {(one["status"], one["subStatus"]): tuple(one["subStatusReasons"]) for one in found} == LEGAL[
                case.step.status
            ]

    def pass_time(self, duration: timedelta) -> None:
        self.server.advance(duration.total_seconds())
        now = self.now()
        for case in list(self.model.values()):
            while case.case_id in self.model and case.next_due()[0] <= now:
                self.fall_due(case)

    def fall_due(self, case: Case) -> None:
        due, name = case.next_due()
        del case.timers[name]
        if name == "erase":
            del self.model[case.case_id]
            self.erased.add(case.case_id)
            self.notifications[case.case_id] += case.notified
        elif allows(case.step.status, TIMED_STEPS[name]):
            case.take(TIMED_STEPS[name], due)

    def compare(self, case_id: str) -> None:
        response = self.account.get(f"/cases/delivery/{case_id}")
        case = self.model.get(case_id)
        if case is None:
            assert response.status_code == 404
            assert response.json()["errors"][0]["errorcode"] == "90011"
            return
        assert response.status_code == 200
        result = response.json()
        self.check_result(case, result)
        assert result.get("additionalDataDelivery") == result.get("identification", {}).get("additionalDataDelivery")

    def check_result(self, case: Case, result: dict[str, Any]) -> None:
        assert result["caseId"] == case.case_id
        assert (result["caseStatus"]["status"], result["caseStatus"]["archived"]) == (case.status, case.archived)
        assert result.get("orderData") == (case.custom1 and {"customData": {"custom1": case.custom1}})
        case.modified = case.modified or result["caseStatus"]["modified"]
        assert result["caseStatus"]["modified"] == case.modified
        identified = case.step.status == SUCCESS or case.step.sub_status == 16
        assert ("identificationTime" in result) == identified
        if case.step.status == NEW:
            assert "identification" not in result
            return
        found = result["identification"]
        status = found["identificationStatus"]
        assert found["identificationMethod"] == "delivery"
        assert Step(
            status["status"], status.get("subStatus", {}).get("code"), status.get("subStatusReason", {}).get("code")
        ) == (case.step)
        office = case.post_office or {}
        wanted = {"postOfficeStreetAddress": office.get("streetAddress"), "postOfficeCity": office.get("city")}
        assert found.get("additionalDataDelivery", {}) == {name: text for name, text in wanted.items() if text}


def is_listed(case: Case, filters: dict[str, bool], dates: dict[str, date]) -> bool:
    """Status filters add up, dates restrict, both ends count; a closing date leaves out what is not closed."""
    wanted = {"new": ("new", False), "in progress": ("inProgress", False), "closed": ("closed", True)}
    name, usual = wanted[case.status]
    if not filters.get(name, usual) or (case.archived and not filters.get("archived", False)):
        return False
    for name, day in dates.items():
        instant = case.created if name.startswith("created") else case.closed
        if instant is None:
            return False
        if name.endswith("From") and instant < day_begins(day):
            return False
        if name.endswith("Until") and instant >= day_begins(day + timedelta(days=1)):
            return False
    return True


@pytest.fixture
def machine(server: Running) -> Iterator[type[DeliveryMachine]]:
    with Receiver() as receiver:
        yield type("Machine", (DeliveryMachine,), {"server": server, "receiver": receiver})


@pytest.mark.req("D-01", "D-02", "D-03", "D-04", "D-05", "D-22", "D-24", "D-40", "D-50", "D-60")
def test_any_story_of_delivery_cases_goes_as_the_tables_say(machine):
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
            # A story takes a second to tell: shrinking one that fails would take longer than a test may.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
        ),
    )


def test_the_models_table_has_every_reason_and_no_way_out_of_a_final_state():
    given = set(itertools.chain.from_iterable(reasons for _, _, reasons in STEPS))
    assert given == set(range(320, 340))
    assert LEGAL[SUCCESS] == LEGAL[DECLINED] == {}
