"""
Wire shape of creating a customer: names, types, lengths and forms, with the message for each fault.

The provider's own messages are those of P-05; the others follow their manner. No message repeats a value.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from fallwerk.dialects.policenwerk.fields import DOMAIN_NAMES, WIRE_NAMES
from fallwerk.dialects.policenwerk.router import FieldFaults
from fallwerk.domain.customer.model import BrokerSettings
from fallwerk.domain.customer.rules import (
    COUNTRIES,
    IBAN_LENGTH,
    LARGEST_CODE,
    compact_iban,
    is_iban,
    is_in_future,
    is_vat_id,
    missing_fields,
)
from fallwerk.kit.forms import has_surrogate, is_calendar_date, is_email, is_longer

MANDATORY: Final = "Das Feld {name} ist ein Pflichtfeld."
NOT_TEXT: Final = "Das Feld {name} muss ein Text sein."
TOO_LONG: Final = "Das Feld {name} darf höchstens {maximum} Zeichen lang sein."
UNPRINTABLE: Final = "Das Feld {name} enthält unzulässige Zeichen."
NOT_CODE: Final = f"Das Feld {{name}} muss eine ganze Zahl von 0 bis {LARGEST_CODE} sein."
NOT_LISTED: Final = {
    "anrede": "Bitte wählen Sie eine gültige Anrede aus unserer Liste aus.",
    "titel": "Bitte wählen Sie einen gültigen Titel aus unserer Liste aus.",
    "land": "Bitte wählen Sie ein gültiges Land aus unserer Liste aus.",
}
NOT_DATE: Final = "Das Feld {name} beinhaltet kein gültiges Datum im Format JJJJ-MM-TT."
IN_FUTURE: Final = "Das Feld {name} darf nicht in der Zukunft liegen."
NOT_EMAIL: Final = "Das Feld {name} beinhaltet keine gültige E-Mail-Adresse."
NOT_IBAN: Final = "Das Feld {name} beinhaltet keine gültige IBAN."
NOT_VAT_ID: Final = "Das Feld {name} beinhaltet keine gültige Umsatzsteuer-ID."
FAULT: Final = "fault"

_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f]")
_INTEGER: Final = re.compile("[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Judge:
    """What a body is judged by besides its own form."""

    settings: BrokerSettings
    today: date
    """In Berlin."""


def _fault(message: str, info: ValidationInfo, **values: int) -> PydanticCustomError:
    return PydanticCustomError(FAULT, "{message}", {"message": message.format(name=info.field_name, **values)})


def _judge(info: ValidationInfo) -> Judge:
    judge: Judge = info.context  # type: ignore[assignment]
    return judge


def _one_line(value: object, info: ValidationInfo) -> str:
    """Return a text; a number is read as its text (decisions.md "CUSTOMER")."""
    if not isinstance(value, str):
        raise _fault(NOT_TEXT, info)
    if _CONTROL.search(value) or has_surrogate(value):
        raise _fault(UNPRINTABLE, info)
    return str(value)


def _text(maximum: int) -> Callable[[object, ValidationInfo], str]:
    def read(value: object, info: ValidationInfo) -> str:
        text = _one_line(value, info)
        if is_longer(text, maximum):
            raise _fault(TOO_LONG, info, maximum=maximum)
        return text

    return read


def _integer(value: object) -> int | None:
    """Return a whole number given as number or numeric text (P-06); None if it is none, or a long one."""
    return int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else None


def _code(value: object, info: ValidationInfo) -> int:
    code = _integer(value)
    if code is None or code > LARGEST_CODE:
        raise _fault(NOT_CODE, info)
    settings = _judge(info).settings
    listed = settings.salutations if info.field_name == "anrede" else settings.titles
    if listed and code not in listed:
        raise _fault(NOT_LISTED[info.field_name or ""], info)
    return code


def _country(value: object, info: ValidationInfo) -> int:
    code = _integer(value)
    if code not in COUNTRIES:
        raise _fault(NOT_LISTED["land"], info)
    return code


def _birth_date(value: object, info: ValidationInfo) -> str:
    day = _one_line(value, info)
    if not is_calendar_date(day):
        raise _fault(NOT_DATE, info)
    if is_in_future(day, _judge(info).today):
        raise _fault(IN_FUTURE, info)
    return day


def _email(value: object, info: ValidationInfo) -> str:
    address = _text(100)(value, info)
    if not is_email(address):
        raise _fault(NOT_EMAIL, info)
    return address


def _iban(value: object, info: ValidationInfo) -> str:
    # Decision 17: the length counts without blanks.
    compact = compact_iban(_one_line(value, info))
    if is_longer(compact, IBAN_LENGTH):
        raise _fault(TOO_LONG, info, maximum=IBAN_LENGTH)
    if not is_iban(compact):
        raise _fault(NOT_IBAN, info)
    return compact


def _vat_id(value: object, info: ValidationInfo) -> str:
    number = _text(20)(value, info)
    if not is_vat_id(number):
        raise _fault(NOT_VAT_ID, info)
    return number


_NUMBER: Final = {"type": "number"}


def _text_schema(maximum: int, **more: object) -> WithJsonSchema:
    return WithJsonSchema({"anyOf": [{"type": "string", "maxLength": maximum, **more}, _NUMBER]})


def _integer_schema(pattern: str, **allowed: Any) -> WithJsonSchema:  # noqa: ANN401 - JSON Schema
    return WithJsonSchema({"anyOf": [{"type": "integer", **allowed}, {"type": "string", "pattern": pattern}]})


Text10 = Annotated[str, BeforeValidator(_text(10)), _text_schema(10)]
Text20 = Annotated[str, BeforeValidator(_text(20)), _text_schema(20)]
Text25 = Annotated[str, BeforeValidator(_text(25)), _text_schema(25)]
Text100 = Annotated[str, BeforeValidator(_text(100)), _text_schema(100)]
Text150 = Annotated[str, BeforeValidator(_text(150)), _text_schema(150)]
Text200 = Annotated[str, BeforeValidator(_text(200)), _text_schema(200)]
Code = Annotated[int, BeforeValidator(_code), _integer_schema(r"^(\s*|[0-9]{1,3})$", minimum=0, maximum=LARGEST_CODE)]
Country = Annotated[int, BeforeValidator(_country), _integer_schema("^0{0,2}[123]$", enum=list(COUNTRIES))]
BirthDate = Annotated[
    str,
    BeforeValidator(_birth_date),
    WithJsonSchema({"type": "string", "pattern": r"^(\s*|[0-9]{4}-[0-9]{2}-[0-9]{2})$"}),
]
Email = Annotated[str, BeforeValidator(_email), WithJsonSchema({"type": "string", "maxLength": 100})]
Iban = Annotated[str, BeforeValidator(_iban), WithJsonSchema({"type": "string"})]
VatId = Annotated[str, BeforeValidator(_vat_id), _text_schema(20)]


class CustomerBody(BaseModel):
    """A customer's fields in the order of the document's table; those that are empty are not among them."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)

    anrede: Code | None = None
    titel: Code | None = None
    vorname: Text100 | None = None
    nachname: Text100 | None = None
    geburtstag: BirthDate | None = None
    strasse: Text150 | None = None
    hausnr: Text10 | None = None
    plz: Text10 | None = None
    ort: Text100 | None = None
    land: Country | None = None
    tel: Text25 | None = None
    email: Email | None = None
    kontoinhaber: Text200 | None = None
    iban: Iban | None = None
    firma: Text100 | None = None
    ustid: VatId | None = None
    handelsr_nr: Text20 | None = None
    handelsr: Text100 | None = None


def is_given(value: object) -> bool:
    """Tell whether a field is filled: absent, null, empty and blank all mean that it is not (P-06)."""
    return value is not None and (not isinstance(value, str) or bool(value.strip()))


def read_customer(content: Mapping[str, object], judge: Judge) -> CustomerBody:
    """
    Read a customer from a body's members; every number among them is a `NumberText`.

    Source: P-03 to P-06, P-10; decisions 14, 17, 44.

    Raises:
        FieldFaults: every fault of every field, in the order of the document's table.
    """
    given = {name: content[name] for name in DOMAIN_NAMES if is_given(content.get(name))}
    missing = missing_fields({DOMAIN_NAMES[name] for name in given}, judge.settings.obligations)
    faults = {WIRE_NAMES[field]: MANDATORY.format(name=WIRE_NAMES[field]) for field in missing}
    try:
        body = CustomerBody.model_validate(given, context=judge)
    except ValidationError as failed:
        errors = failed.errors(include_url=False, include_context=False, include_input=False)
        faults.update({str(error["loc"][0]): error["msg"] for error in errors})
    if faults:
        raise FieldFaults({name: [faults[name]] for name in DOMAIN_NAMES if name in faults})
    return body
