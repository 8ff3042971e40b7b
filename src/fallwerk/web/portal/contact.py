"""The data-entry dialogue: only what is missing, with the checks that the API makes (S-18, S-19, S-41)."""

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from starlette.responses import Response

from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.model import Contact
from fallwerk.domain.identcase.service.attempts import open_case
from fallwerk.domain.identcase.service.person import save_contact
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.kit.forms import has_control_character, has_surrogate, is_email, is_longer, is_phone
from fallwerk.web.portal.cases import missing_fields
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.texts import words

UNPROCESSABLE: Final = 422


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the dialogue, and what a browser may help with."""

    name: str
    longest: int
    type: str = "text"
    inputmode: str = "text"
    autocomplete: str = "off"
    is_formed: Callable[[str], bool] | None = None
    """None: any text."""


FIELDS: Final = MappingProxyType(
    {
        field.name: field
        for field in (
            Field("first_name", 35, autocomplete="given-name"),
            Field("last_name", 35, autocomplete="family-name"),
            Field("email", 320, "email", "email", "email", is_email),
            Field("mobile_phone", 20, "tel", "tel", "tel", is_phone),
        )
    }
)


class ContactDialogue:
    """Asks for the contact fields that are missing."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    async def show(self, turn: Turn) -> Response:
        """Ask, or go on where nothing is missing (S-41)."""
        if not turn.case.missing:
            return self._frame.to(turn, "weiter")
        return self._page(turn, {})

    async def take(self, turn: Turn) -> Response:
        """Store what was asked for, or say at the fields what is wrong with it; what was typed stays."""
        case = turn.case
        if not case.missing:
            # The same form again, or another tab was faster: what is stored already counts.
            return self._frame.to(turn, "weiter")
        given = {name: trimmed(turn.form.get(name, "")) for name in case.missing}
        faults = faults_of(given, words(turn.language, case.account.display_name))
        if faults:
            return self._page(turn, faults, given)

        def save(uow: UnitOfWork) -> bool:
            file = open_case(uow, case.tenant_id, case.case_id, lock=True)
            missing = missing_fields(file.contact, case.account.ident_class)
            entered: dict[str, Any] = {name: value for name, value in given.items() if name in missing}
            if entered:
                contact = replace(file.person.contact or Contact(), **entered)
                save_contact(uow, case.tenant_id, case.case_id, contact, actor=turn.actor, now_us=turn.now_us)
            return file.contact is None and file.order.identity_document is None and file.order.driving_licence is None

        try:
            was_empty = await self._frame.deps.store.write(save)
        except (CaseClosed, CaseUnknown):
            return self._frame.to(turn)
        # Whoever has just entered everything there is may see it; nothing else is stored yet.
        visit = replace(turn.visit, confirmed=turn.visit.confirmed or was_empty)
        return self._frame.to(turn, "weiter", visit=visit)

    def _page(self, turn: Turn, faults: Mapping[str, str], typed: Mapping[str, str] | None = None) -> Response:
        fields = [FIELDS[name] for name in turn.case.missing]
        status = UNPROCESSABLE if faults else 200
        return self._frame.page(turn, "contact.html", status, fields=fields, faults=faults, typed=typed or {})


def trimmed(text: str) -> str:
    """Return what somebody typed without the blanks around it, composed (S-25)."""
    if len(text) > 4 * FIELDS["email"].longest:
        # Too long however it is composed; the sorting of endless combining marks is spared.
        return text
    return unicodedata.normalize("NFC", text).strip()


def faults_of(given: Mapping[str, str], texts: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with each field, in the order of the form; the rules are those of S-18 and S-19."""
    found = {name: _fault(FIELDS[name], value) for name, value in given.items()}
    return {
        name: texts[key].replace("{max}", str(FIELDS[name].longest)) for name, key in found.items() if key is not None
    }


def _fault(field: Field, value: str) -> str | None:
    """Name the text that says what is wrong; None if nothing is."""
    if not value:
        return "fault_missing"
    if is_longer(value, field.longest):
        return "fault_too_long"
    if has_control_character(value) or has_surrogate(value) or "\n" in value or "\t" in value:
        return "fault_characters"
    if field.is_formed is not None and not field.is_formed(value):
        return f"fault_{field.name}"
    return None
