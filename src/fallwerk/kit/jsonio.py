"""
Reading JSON as callers may send it: UTF-8, unique names, bounded depth, finite numbers.

The standard library's scanner is used because it can report duplicate names; its other liberties (UTF-16 by guess,
`NaN`, thousands of levels) are closed here.
"""

import codecs
import json
import re
from typing import Final

MAX_DEPTH: Final = 64
NAME_SHOWN: Final = 100
"""Code points of a caller's own name that an error repeats at most."""

_BLANKS: Final = b" \t\r\n"
_UNSHOWABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


class JsonFault(ValueError):
    """The body is not acceptable JSON; `message` is a sentence for its sender and repeats no value."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NumberText(str):
    """A number as its sender wrote it."""

    __slots__ = ()


def is_blank(body: bytes) -> bool:
    """Tell whether nothing but white space (and a byte order mark) was sent."""
    return not body or not body.removeprefix(codecs.BOM_UTF8).strip(_BLANKS)


def showable(name: str) -> str:
    """Make a caller's own name safe to repeat: every control character and lone surrogate replaced, length bounded."""
    shown = _UNSHOWABLE.sub("\N{REPLACEMENT CHARACTER}", name)
    return shown if len(shown) <= NAME_SHOWN else shown[: NAME_SHOWN - 1] + "\N{HORIZONTAL ELLIPSIS}"


def read_json(body: bytes, *, max_depth: int = MAX_DEPTH, numbers_as_text: bool = False) -> object:
    r"""
    Parse one JSON text.

    Source: S-05; decisions.md "SCR in general".

    A byte order mark is dropped. Strings may still hold lone surrogates (`"\ud800"` is legal JSON); whoever stores a
    string refuses them there.

    Args:
        numbers_as_text: Every number is a `NumberText`: `10.50` keeps its zero.

    Raises:
        JsonFault: not UTF-8, malformed, a name twice in one object, `NaN` or `Infinity`, an integer of thousands of
            digits, or deeper than `max_depth` arrays and objects.
    """
    try:
        text = body.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError as error:
        message = f"The body is not valid UTF-8 (byte {error.start + 1})."
        raise JsonFault(message) from None
    value = _parse(text, max_depth, _TEXT_DECODER if numbers_as_text else _DECODER)
    # Most bodies have too few brackets to be deep at all; only the others are measured.
    if text.count("{") + text.count("[") > max_depth and _is_deeper(value, max_depth):
        raise JsonFault(_too_deep(max_depth))
    return value


def _parse(text: str, max_depth: int, decoder: json.JSONDecoder) -> object:
    try:
        return decoder.decode(text)
    except json.JSONDecodeError as error:
        message = f"The body is not valid JSON (line {error.lineno}, column {error.colno})."
        raise JsonFault(message) from None
    except RecursionError:
        raise JsonFault(_too_deep(max_depth)) from None
    except JsonFault:
        raise
    except ValueError:
        # Python refuses to convert integers of thousands of digits because that takes quadratic time.
        message = "The body contains a number with too many digits."
        raise JsonFault(message) from None


def _too_deep(max_depth: int) -> str:
    return f"The body is nested too deeply (max. {max_depth} levels)."


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            message = f'The attribute "{showable(name)}" occurs more than once in one object.'
            raise JsonFault(message)
        seen.add(name)
    return made


def _refuse_constant(name: str) -> object:
    message = f"The body is not valid JSON ({name} is not a JSON number)."
    raise JsonFault(message)


def _is_deeper(value: object, max_depth: int) -> bool:
    """Walk level by level, without recursion."""
    level = [value] if isinstance(value, (dict, list)) else []
    for _ in range(max_depth):
        level = [
            child
            for container in level
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return False
    return True


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)
_TEXT_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_int=NumberText, parse_float=NumberText
)
