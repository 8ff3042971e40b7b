"""Orders, recipients and attempts as sealed JSON: written from the domain's dataclasses, read back into them."""

import types
import typing
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

import orjson

from fallwerk.domain.identcase.attempt import AttemptDetails, Validation, ValidationStatus
from fallwerk.domain.identcase.model import CaseOrder, Contact
from fallwerk.domain.identcase.ports import Recipient

T = TypeVar("T")


def order_bytes(order: CaseOrder) -> bytes:
    """Render an order for sealing."""
    return orjson.dumps(order)


def order_of(content: bytes) -> CaseOrder:
    """Read an order back."""
    return _build(CaseOrder, plain_order_of(content))


def plain_order_of(content: bytes) -> dict[str, Any]:
    """Read an order back as plain JSON: a list has no time for the dataclasses of ten thousand."""
    order: dict[str, Any] = orjson.loads(content)
    return order


def recipient_bytes(recipient: Recipient) -> bytes:
    """Render a recipient for sealing."""
    return orjson.dumps(recipient)


def recipient_of(content: bytes) -> Recipient:
    """Read a recipient back."""
    return _build(Recipient, orjson.loads(content))


def details_bytes(details: AttemptDetails) -> bytes:
    """Render an attempt's details for sealing."""
    return orjson.dumps(details)


def details_of(content: bytes) -> AttemptDetails:
    """Read an attempt's details back."""
    return _build(AttemptDetails, orjson.loads(content))


def contact_bytes(contact: Contact) -> bytes:
    """Render contact data for sealing."""
    return orjson.dumps(contact)


def contact_of(content: bytes) -> Contact:
    """Read contact data back."""
    return _build(Contact, orjson.loads(content))


def validation_bytes(validation: Validation) -> bytes:
    """Render a reviewer's judgement for sealing."""
    return orjson.dumps(validation)


def validation_of(content: bytes) -> Validation:
    """Read a reviewer's judgement back."""
    found = orjson.loads(content)
    return Validation(ValidationStatus(found["status"]), found["sub_status"], found["remark"])


def _build(kind: type[T], value: dict[str, Any]) -> T:
    """Make a dataclass from its JSON; names it does not know are left out, so that an older reader still works."""
    hints = _hints(kind)  # type: ignore[arg-type] # a class is hashable
    return kind(**{name: _convert(hints[name], found) for name, found in value.items() if name in hints})


@cache
def _hints(kind: type[Any]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {field.name: hints[field.name] for field in fields(kind)}


def _convert(hint: Any, value: Any) -> Any:  # noqa: ANN401 - the hint decides
    if value is None:
        return None
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        hint = next(part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is tuple:
        return tuple(_convert(typing.get_args(hint)[0], element) for element in value)
    if typing.get_origin(hint) is dict:
        return {name: _convert(typing.get_args(hint)[1], element) for name, element in value.items()}
    if isinstance(hint, type) and is_dataclass(hint):
        return _build(hint, value)
    return value
