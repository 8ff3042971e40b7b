"""
Checks a parsed request object against its wire shape and names every fault at once.

The usual request is valid and holds known names only: one pass in Pydantic. Only when that fails is the object walked
again, to ignore what the agreements allow and to explain the rest.
"""

from functools import cache
from itertools import combinations
from typing import Any, ClassVar, Final, TypeVar, cast, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import ErrorDetails, PydanticCustomError

from fallwerk.dialects.scr.faults import NOT_VALID, BadRequest, Fault, too_long, wrong_date
from fallwerk.dialects.scr.fields import EMPTY, NOT_FORMED, TOO_LONG, WRONG_DATE, WebhookRefusal
from fallwerk.kit.forms import is_camel_case
from fallwerk.kit.jsonio import showable

BODY: Final = "body"
NOT_A_STRING: Final = "The provided value must be a string."
NOT_AN_OBJECT: Final = "The provided value must be an object."
NOT_AN_ARRAY: Final = "The provided value must be an array."
NOT_GIVEN: Final = "A value must be provided."
NOT_CAMEL_CASE: Final = "Attribute names must be in camel case."
TWO_SPELLINGS: Final = "The attribute is already given in another spelling."
NAMES_REPORTED: Final = 100
"""Wrongly named attributes that one answer lists, so that it cannot become many times as large as its request."""

TWICE: Final = "two_spellings"

_MESSAGES: Final = {
    "string_type": NOT_A_STRING,
    "model_type": NOT_AN_OBJECT,
    "list_type": NOT_AN_ARRAY,
    "missing": NOT_GIVEN,
    EMPTY: NOT_GIVEN,
}


def _describe(schema: JsonSchemaValue, model: type[BaseModel]) -> None:
    """Say in OpenAPI what `forbid` cannot: further names are ignored, but only camelCase ones."""
    schema.pop("additionalProperties", None)
    schema["propertyNames"] = {"pattern": "^[a-z][A-Za-z0-9]*$"}
    pairs = [pair for group in _spelling_groups(cast("type[Wire]", model)) for pair in combinations(group, 2)]
    if pairs:
        given = {"not": {"enum": [None, ""]}}
        schema["allOf"] = [
            {"not": {"required": [one, other], "properties": {one: given, other: given}}} for one, other in pairs
        ]


class Wire(BaseModel):
    """
    A wire shape: attributes are named as on the wire, None and `""` both mean "not provided".

    Unknown names are forbidden here only so that they cost nothing when there are none; `check` lets them pass.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_describe)

    SPELLINGS: ClassVar[dict[str, str]] = {}
    """Further spelling of an attribute → the first; a request may use any one of them (decisions 1, 34)."""


@cache
def _spelling_groups(model: type[Wire]) -> tuple[tuple[str, ...], ...]:
    """Spellings that stand for one attribute, the first one in front."""
    firsts = dict.fromkeys(model.SPELLINGS.values())
    return tuple((first, *(name for name, of in model.SPELLINGS.items() if of == first)) for first in firsts)


def only_spelling(cls: type[Wire], value: object, info: ValidationInfo) -> object:
    """Field validator for the further spellings of a shape; two at once make `check` look closer."""
    if _is_given(value):
        first = cls.SPELLINGS[info.field_name or ""]
        # Only what stands before this field in the shape has been read yet; the last of two spellings finds the other.
        if any(
            _is_given(info.data.get(name)) for group in _spelling_groups(cls) if group[0] == first for name in group
        ):
            raise PydanticCustomError(TWICE, "two spellings")
    return value


WireT = TypeVar("WireT", bound=Wire)


class _Twice:
    """Stands for an attribute given in both spellings, so that Pydantic reports it in its place."""


def check(
    model: type[WireT], value: object, prefix: str = "", *, webhook_refusal: WebhookRefusal | None = None
) -> WireT:
    """
    Turn parsed JSON into its wire shape.

    Source: S-06 to S-09, S-25, S-34; decisions 1, 34.

    Args:
        value: None and `""` stand for an empty object.
        prefix: Path of the value within the request, put in front of every key; empty for the body itself.
        webhook_refusal: Says why the account does not take a webhook's URL.

    Raises:
        BadRequest: faults of known attributes first, one each, in the order of the shape; then wrongly named attributes
            in the order of the body.
    """
    if not _is_given(value):
        value = {}
    if not isinstance(value, dict):
        raise BadRequest(Fault(prefix or BODY, NOT_AN_OBJECT))
    try:
        return model.model_validate(value, context=webhook_refusal)
    except ValidationError:
        return _check_closely(model, value, prefix + "." if prefix else "", webhook_refusal)


def _check_closely(
    model: type[WireT], value: dict[str, Any], path: str, webhook_refusal: WebhookRefusal | None
) -> WireT:
    misnamed: list[Fault] = []
    known = _known_part(model, value, path, misnamed)
    try:
        result = model.model_validate(known, context=webhook_refusal)
    except ValidationError as failed:
        faults = [_fault(error, path) for error in failed.errors(include_url=False)]
        raise BadRequest(*faults, *misnamed[:NAMES_REPORTED]) from None
    if misnamed:
        raise BadRequest(*misnamed[:NAMES_REPORTED])
    return result


def _known_part(model: type[Wire], value: dict[str, Any], path: str, misnamed: list[Fault]) -> dict[str, Any]:
    """Copy what is known and given; note names that are not camelCase, drop the other unknown ones."""
    shapes = _shapes(model)
    known: dict[str, Any] = {}
    for name, content in value.items():
        if name not in shapes:
            if not is_camel_case(name):
                misnamed.append(Fault(path + (showable(name) or '""'), NOT_CAMEL_CASE))
        elif _is_given(content):
            known[name] = _known_content(shapes[name], content, path + name, misnamed)
    for group in _spelling_groups(model):
        given = [name for name in known if name in group]
        if len(given) > 1:
            for name in given:
                del known[name]
            known[given[-1]] = _Twice()
    return known


def _known_content(shape: type[Wire] | None, content: Any, path: str, misnamed: list[Fault]) -> Any:  # noqa: ANN401 - JSON
    if shape is None:
        return content
    if isinstance(content, dict):
        return _known_part(shape, content, path + ".", misnamed)
    if isinstance(content, list):
        return [
            _known_content(shape, element, f"{path}[{index}]", misnamed) if _is_given(element) else None
            for index, element in enumerate(content)
        ]
    return content


def _is_given(value: object) -> bool:
    return value is not None and value != ""


@cache
def _shapes(model: type[Wire]) -> dict[str, type[Wire] | None]:
    """Names of a shape, each with the shape of what it holds (itself or in an array), None for strings."""
    return {name: _shape_in(field.annotation) for name, field in model.model_fields.items()}


def _shape_in(annotation: object) -> type[Wire] | None:
    if isinstance(annotation, type) and issubclass(annotation, Wire):
        return annotation
    return next((shape for part in get_args(annotation) if (shape := _shape_in(part))), None)


def _fault(error: ErrorDetails, path: str) -> Fault:
    key = path + _join(error["loc"])
    kind = error["type"]
    if isinstance(error["input"], _Twice):
        return Fault(key, TWO_SPELLINGS)
    if kind == WRONG_DATE:
        return wrong_date(key)
    if kind == TOO_LONG:
        return too_long(key, error["ctx"]["max_length"])
    if kind == "too_long":
        return Fault(key, f"The provided array is too long (max. {error['ctx']['max_length']} entries).")
    if kind == NOT_FORMED:
        return Fault(key, error["msg"])
    return Fault(key, _MESSAGES.get(kind, NOT_VALID))


def _join(steps: tuple[int | str, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")
