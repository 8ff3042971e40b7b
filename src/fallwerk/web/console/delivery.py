"""The desks of packaging and courier: what waits, and the next step of each case."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from fallwerk.domain.desk.delivery import DeliveryCard, DeskStep, delivery_card, take_desk_step
from fallwerk.domain.desk.errors import AtAnotherDesk, ChecksMissing
from fallwerk.domain.desk.model import (
    COMPARED,
    COUNTED,
    COURIER,
    PACKAGING,
    SHOWN_AT_ONCE,
    DeliveryDesk,
    Wanted,
)
from fallwerk.domain.identcase.lifecycle import LegalStep, WantedStep
from fallwerk.domain.identcase.model import IdentStatus, Method, PostOffice
from fallwerk.domain.identcase.ports import ResultRenderer
from fallwerk.domain.staff.model import Action, StaffUser
from fallwerk.domain.staff.service import actor_of
from fallwerk.domain.unit_of_work import Transactions
from fallwerk.kit.ids import row_number
from fallwerk.web.console.frame import Frame, Page, Visit, redirect

UNPROCESSABLE: Final = 422
CASE_ID_LENGTH: Final = 12
LONGEST_PLACE: Final = 100
LARGEST_NUMBER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class StepForm:
    """A step as its form shows it."""

    value: str
    """Status and sub status, as the form sends them back."""
    label: str
    """Key of the button's words."""
    reasons: tuple[int, ...]
    declines: bool
    compares: bool
    """A success: everything must have been compared with the document."""
    asks_place: bool
    """A success at the post office: where it was."""


class DeliveryPages:
    """
    Pages of one desk of the delivery.

    Args:
        render: The list form of a delivery result.
        folder: Where the cases lie below `/console`, if not below the desk's name.
    """

    def __init__(
        self, frame: Frame, store: Transactions, render: ResultRenderer, desk: DeliveryDesk, folder: str = ""
    ) -> None:
        self._frame = frame
        self._folder = folder or desk.name
        self._store = store
        self._render = render
        self._desk = desk

    def list_pages(self, action: Action) -> tuple[Page, ...]:
        """Return list and case of the desk."""
        name = self._desk.name
        return (
            Page(f"console.{name}", "GET", f"/{name}", action, self.show_list),
            Page(f"console.{name}.case", "GET", f"/{name}/{{case_id}}", action, self.show_case),
            Page(f"console.{name}.step", "POST", f"/{name}/{{case_id}}", action, self.take_step),
        )

    async def count(self, user: StaffUser) -> int:
        """Count what waits here for somebody."""
        wanted = self._wanted(user, None)
        return await self._store.read(lambda uow: uow.desks.count(wanted, COUNTED))

    def _wanted(self, user: StaffUser, job_id: str | None) -> Wanted:
        return Wanted((Method.DELIVERY,), self._desk.statuses, user.reach, job_id)

    async def show_list(self, visit: Visit) -> Response:
        """Show what waits; a case number that was typed or scanned leads to its case."""
        find = visit.asked("find")
        if case_id := as_case_id(find):
            return redirect(f"/{self._desk.name}/{case_id}")
        wanted = self._wanted(visit.user, find or None)
        pile = await self._store.read(lambda uow: uow.desks.pile(wanted, SHOWN_AT_ONCE))
        return self._frame.answer(
            visit, "delivery_list.html", desk=self._desk.name, pile=pile, find=find, shown=SHOWN_AT_ONCE
        )

    async def show_case(self, visit: Visit, status: int = 200, fault: str = "", chosen: str = "") -> Response:
        """Show a case with what can be done next."""
        case_id = visit.part("case_id")
        reach, desk = visit.user.reach, self._desk
        try:
            card = await self._store.read(lambda uow: delivery_card(uow, desk, case_id, reach))
        except AtAnotherDesk as elsewhere:
            return self._frame.answer(visit, "elsewhere.html", 409, desk=desk.name, elsewhere=elsewhere)
        return self._frame.answer(
            visit,
            "delivery_case.html",
            status,
            desk=desk.name,
            folder=self._folder,
            card=card,
            forms=step_forms(card),
            compared=COMPARED,
            ticked=visit.form.all("compared"),
            written=visit.form,
            fault=fault,
            chosen=chosen,
        )

    async def take_step(self, visit: Visit) -> Response:
        """Take a step; what is missing is said at its form."""
        form = visit.form
        wanted = read_step(form.get("step"), form.get("reason"), form.get("street"), form.get("city"))
        if wanted is None:
            return await self.show_case(visit, UNPROCESSABLE, "reason_missing", form.get("step"))
        step = DeskStep(
            case_id=visit.part("case_id"),
            wanted=wanted,
            seen_us=number(form.get("seen")),
            compared=frozenset(form.all("compared")),
            actor=actor_of(visit.user, visit.address),
            now_us=visit.now_us,
        )
        reach = visit.user.reach
        try:
            await self._store.write(lambda uow: take_desk_step(uow, self._desk, step, self._render, reach))
        except ChecksMissing:
            return await self.show_case(visit, UNPROCESSABLE, "checks_missing", form.get("step"))
        return redirect(f"/{self._desk.name}", done="step")


def packaging(frame: Frame, store: Transactions, render: ResultRenderer) -> DeliveryPages:
    """Return the pages of the packaging desk."""
    return DeliveryPages(frame, store, render, PACKAGING)


def courier(frame: Frame, store: Transactions, render: ResultRenderer) -> DeliveryPages:
    """Return the pages of the courier."""
    return DeliveryPages(frame, store, render, COURIER)


def step_forms(card: DeliveryCard) -> list[StepForm]:
    """Return the legal steps as forms: what everybody hopes for first, declines last."""
    rerouted = card.identification.status is IdentStatus.REROUTED
    forms = [_form(step, rerouted=rerouted) for step in card.steps]
    return sorted(forms, key=lambda form: (form.declines, not form.compares))


def _form(step: LegalStep, *, rerouted: bool) -> StepForm:
    name = step.status.value.replace(" ", "_")
    is_success = step.status is IdentStatus.SUCCESS
    return StepForm(
        value=f"{step.status}/{step.sub_status or ''}",
        label=f"step_{name}" + (f"_{step.sub_status}" if step.sub_status else ""),
        reasons=step.sub_status_reasons,
        declines=step.status is IdentStatus.DECLINED,
        compares=is_success,
        asks_place=is_success and rerouted,
    )


def read_step(value: str, reason: str, street: str, city: str) -> WantedStep | None:
    """Read the step that a form names, None if a reason is missing or the form is none of ours."""
    status, _, sub = value.partition("/")
    if (
        status not in {known.value for known in IdentStatus}
        or (sub and not number(sub))
        or (sub and not number(reason))
    ):
        return None
    place = PostOffice(street.strip()[:LONGEST_PLACE] or None, city.strip()[:LONGEST_PLACE] or None)
    return WantedStep(
        status=IdentStatus(status),
        sub_status=number(sub) or None,
        sub_status_reason=number(reason) or None,
        post_office=place if place.street_address or place.city else None,
    )


def number(text: str) -> int:
    """Read a number that a form of ours sent; anything else is 0."""
    return row_number(text) or 0


def as_case_id(text: str) -> str | None:
    """Return the case id that somebody typed or scanned, in groups or small; None if it is none."""
    written = "".join(sign for sign in text if sign.isalnum() or not (sign.isspace() or sign in "-.\u2010\u2011\u2013"))
    is_id = len(written) == CASE_ID_LENGTH and written.isascii() and written.isalnum()
    return written.upper() if is_id else None
