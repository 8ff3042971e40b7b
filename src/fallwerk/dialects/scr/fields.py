"""
Types of single values in requests to the SCR APIs: each is a strict string with one form.

A failed form raises a `PydanticCustomError` whose type `checking.py` turns into a fault. An empty string passes every
form, because it means "not provided" (S-07); a field that must be given adds `GIVEN`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import AfterValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from fallwerk.dialects.scr.faults import NOT_VALID
from fallwerk.kit import forms, forms_urls

WebhookRefusal = Callable[[str], str | None]
"""Says why an account does not take a webhook's URL, None if it does."""

WRONG_DATE: Final = "wrong_date"
TOO_LONG: Final = "string_too_long"
NOT_FORMED: Final = "not_formed"
EMPTY: Final = "empty"

LANGUAGES: Final = ("DE_DE", "EN_UK")
DOCUMENT_TYPES: Final = tuple(str(number) for number in range(1, 12))
URL_MAX: Final = 500
NOT_A_WEBHOOK_URL: Final = "The provided value must be an http(s) URL without query, user information and fragment."
NOT_A_WEB_URL: Final = "The provided value must be an http(s) URL."
NOT_AN_APP_URL: Final = "The provided value must be an http(s) URL or a URL with the scheme of an app."

_REFERENCE_CHARACTERS: Final = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-")
_BYTE: Final = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_HOST_PATTERN: Final = rf"([a-z]([a-z0-9-]{{0,30}}[a-z0-9])?(\.[a-z][a-z0-9]{{0,30}})*|({_BYTE}\.){{3}}{_BYTE})"
# What every generated client may send; the checks themselves take more, such as IPv6 and internationalised names.
_WEB_PATTERN: Final = rf"https?://{_HOST_PATTERN}(:[1-9][0-9]{{0,3}})?(/[A-Za-z0-9._~-]*)*"
_APP_PATTERN: Final = (
    rf"(?!({'|'.join(sorted(forms_urls.REFUSED_SCHEMES))}|https?):)[a-z][a-z0-9+.-]*:(//)?[A-Za-z0-9._~/-]*"
)
_YEAR: Final = r"([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP_YEAR: Final = r"([0-9]{2}(0[48]|[2468][048]|[13579][26])|(0[48]|[2468][048]|[13579][26])00)"
_GERMAN_DATE_PATTERN: Final = (
    rf"^((0?[1-9]|1[0-9]|2[0-8])\.(0?[1-9]|1[0-2])\.{_YEAR}|(29|30)\.(0?[13-9]|1[0-2])\.{_YEAR}"
    rf"|31\.(0?[13578]|1[02])\.{_YEAR}|29\.0?2\.{_LEAP_YEAR})$"
)


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """A strict string's check, with what OpenAPI says about it; `schema` is called late because countries load late."""

    check: Callable[[str], str]
    schema: Callable[[], JsonSchemaValue]

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """Let Pydantic call the check after its own strict one."""
        return core_schema.no_info_after_validator_function(self.check, core_schema.str_schema(strict=True))

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Describe the form."""
        return {"type": "string", **self.schema()}


def text(maximum: int) -> Form:
    """Free text of at most `maximum` code points (S-25)."""

    def check(value: str) -> str:
        # Printable means neither control character nor surrogate; NFC makes at most three characters of one.
        if value.isprintable() and len(value) <= (maximum if value.isascii() else maximum // 3):
            return value
        if forms.has_control_character(value):
            raise PydanticCustomError(NOT_FORMED, "The provided value contains a control character.")
        if forms.has_surrogate(value):
            raise PydanticCustomError(NOT_FORMED, "The provided value contains an incomplete surrogate pair.")
        if forms.is_longer(value, maximum):
            raise _too_long(maximum)
        return value

    pattern = r"^[^\u0000-\u0008\u000b-\u001f\u007f-\u009f]*$"
    return Form(check, lambda: {"maxLength": maximum, "pattern": pattern})


def formed(
    is_formed: Callable[[str], bool],
    schema: Callable[[], JsonSchemaValue],
    maximum: int | None = None,
    message: str = NOT_VALID,
) -> Form:
    """Make a value of a form of its own; `maximum` counts like text, and too long is said before malformed."""

    def check(value: str) -> str:
        if maximum is not None and forms.is_longer(value, maximum):
            raise _too_long(maximum)
        if value and not is_formed(value):
            raise PydanticCustomError(NOT_FORMED, message)
        return value

    return Form(check, schema if maximum is None else lambda: {"maxLength": maximum, **schema()})


def calendar_date(is_formed: Callable[[str], bool], schema: Callable[[], JsonSchemaValue]) -> Form:
    """Make a date; every string that is none gets the guide's own answer (S-24)."""

    def check(value: str) -> str:
        if value and not is_formed(value):
            raise PydanticCustomError(WRONG_DATE, "wrong date")
        return value

    return Form(check, schema)


def _too_long(maximum: int) -> PydanticCustomError:
    return PydanticCustomError(TOO_LONG, "too long", {"max_length": maximum})


def _account_takes(value: str, info: ValidationInfo) -> str:
    """Ask whether the account takes a webhook's URL (S-14), so that its fault stands in its place among the others."""
    refuse: WebhookRefusal | None = info.context
    message = refuse(value) if refuse and value else None
    if message:
        raise PydanticCustomError(NOT_FORMED, message)
    return value


def _given(value: str) -> str:
    if not value:
        raise PydanticCustomError(EMPTY, "empty")
    return value


def _is_reference_id(value: str) -> bool:
    return _REFERENCE_CHARACTERS.issuperset(value)


def _is_licence_date(value: str) -> bool:
    return forms.is_calendar_date(value) or forms.is_german_date(value)


def _one_of(codes: Callable[[], frozenset[str]]) -> Callable[[], JsonSchemaValue]:
    return lambda: {"enum": sorted(codes())}


GIVEN: Final = AfterValidator(_given)
"""Added to a type whose empty string is as bad as a missing value."""

Text6 = Annotated[str, text(6)]
Text10 = Annotated[str, text(10)]
Text11 = Annotated[str, text(11)]
Text20 = Annotated[str, text(20)]
Text35 = Annotated[str, text(35)]
Text55 = Annotated[str, text(55)]
Text70 = Annotated[str, text(70)]
Text100 = Annotated[str, text(100)]

Country = Annotated[str, formed(forms.is_country, _one_of(forms.country_codes))]
Nationality = Annotated[str, formed(forms.is_nationality, _one_of(forms.nationality_codes))]
Language = Annotated[str, formed(frozenset(LANGUAGES).__contains__, lambda: {"enum": list(LANGUAGES)})]
DocumentType = Annotated[str, formed(frozenset(DOCUMENT_TYPES).__contains__, lambda: {"enum": list(DOCUMENT_TYPES)})]
ReferenceId = Annotated[str, formed(_is_reference_id, lambda: {"pattern": "^[0-9A-Za-z._-]*$"}, 14)]
Phone = Annotated[str, formed(forms.is_phone, lambda: {"pattern": r"^ *\+( *[0-9]){7,15} *$"}, 20)]
Email = Annotated[str, formed(forms.is_email, lambda: {"format": "email"}, 320)]
CalendarDate = Annotated[str, calendar_date(forms.is_calendar_date, lambda: {"format": "date"})]
LicenceDate = Annotated[
    str,
    calendar_date(_is_licence_date, lambda: {"anyOf": [{"format": "date"}, {"pattern": _GERMAN_DATE_PATTERN}]}),
]
WebhookUrl = Annotated[
    str,
    formed(forms_urls.is_webhook_url, lambda: {"pattern": f"^{_WEB_PATTERN}$"}, URL_MAX, NOT_A_WEBHOOK_URL),
    AfterValidator(_account_takes),
]
WebUrl = Annotated[
    str,
    formed(forms_urls.is_web_url, lambda: {"pattern": f"^{_WEB_PATTERN}$"}, URL_MAX, NOT_A_WEB_URL),
]
AppUrl = Annotated[
    str,
    formed(forms_urls.is_app_url, lambda: {"pattern": f"^({_WEB_PATTERN}|{_APP_PATTERN})$"}, URL_MAX, NOT_AN_APP_URL),
]
