"""Holding JSON against its shape: every fault with the JSON Pointer of the value and a sentence for the caller."""

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from fallwerk.dialects.kex.problems import body_fault
from fallwerk.dialects.problem import PointedFault
from fallwerk.kit.jsonio import JsonFault, read_json, showable

FAULTS_REPORTED: Final = 100
"""Faults that one answer lists, so that it cannot become many times as large as its request."""
MISSING: Final = "The value is missing or empty."

_MESSAGES: Final = {
    "string_type": "The value must be a string.",
    "string_unicode": "The value is no Unicode text: it holds half of a surrogate pair.",
    "string_too_short": MISSING,
    "missing": MISSING,
    "list_type": "The value must be an array.",
    "model_type": "The body must be an object.",
    "dict_type": "The body must be an object.",
}

T = TypeVar("T")


def parse(body: bytes) -> object:
    """
    Parse a body.

    Raises:
        Problem: 400, no acceptable JSON.
    """
    try:
        return read_json(body)
    except JsonFault as fault:
        raise body_fault(fault.message) from None


def check(shape: TypeAdapter[T], value: object) -> T | list[PointedFault]:
    """Return the value in its shape, or what is wrong with it, in the shape's order."""
    try:
        return shape.validate_python(value)
    except ValidationError as failed:
        errors = failed.errors(include_url=False, include_input=False)
    return [_fault(error) for error in errors[:FAULTS_REPORTED]]


def _fault(error: ErrorDetails) -> PointedFault:
    return PointedFault(pointer(error["loc"]), _message(error["type"], error.get("ctx", {}), in_body=not error["loc"]))


def _message(kind: str, context: dict[str, Any], *, in_body: bool) -> str:
    if kind == "literal_error":
        values = context["expected"].replace(" or ", ", ").replace("'", "")
        return f"The value must be one of: {values}."
    if kind == "string_too_long":
        return f"The value is too long (max. {context['max_length']} characters)."
    if kind == "too_long":
        return f"There are too many values (max. {context['max_length']})."
    if kind == "list_type" and in_body:
        return "The body must be an array."
    if kind in {"model_type", "dict_type"} and not in_body:
        return "The value must be an object."
    return _MESSAGES.get(kind, "The value cannot be used.")


def pointer(steps: Sequence[str | int]) -> str:
    """Return the JSON Pointer (RFC 6901) of a place."""
    return "".join(f"/{showable(str(step)).replace('~', '~0').replace('/', '~1')}" for step in steps)
