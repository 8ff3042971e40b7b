"""Takes one long string out of a JSON text while the text passes, so that the rest can be parsed as usual."""

import json
import re
from collections.abc import Sequence
from enum import Enum, auto
from typing import Final

from fallwerk.kit.jsonio import MAX_DEPTH, JsonFault

_STRUCTURE: Final = re.compile(rb'[\[\]{}:,"]')
_STRING_STOP: Final = re.compile(rb'["\\]')
_OPENING: Final = frozenset(b"[{")
_CLOSING: Final = frozenset(b"]}")
_QUOTE: Final = b'"'
_BACKSLASH: Final = ord("\\")


class RestTooLarge(Exception):
    """What stands around the string is larger than it may be."""


class _State(Enum):
    STRUCTURE = auto()
    STRING = auto()
    TAPPED = auto()


class JsonTap:
    """
    Reads a JSON text in UTF-8 part by part and hands out the inside of the string at one place.

    It only finds its way: whether the text is JSON at all is judged by parsing `rest`, in which the string is empty.

    Args:
        path: Names of the objects' members that lead to the string.
        rest_maximum: Bytes that everything but the string may have.
    """

    def __init__(self, path: Sequence[str], *, rest_maximum: int) -> None:
        self._path = list(path)
        self._rest_maximum = rest_maximum
        self._rest = bytearray()
        self._state = _State.STRUCTURE
        self._held = b""
        self._names: list[str | None] = []
        """Per open object the member that is being read, None within an array."""
        self._expects_name = False
        self._string_begin = 0
        self._backslashes = 0
        """At the end of what was handed out last."""
        self.found = False
        """Whether there was a string at the place."""

    def feed(self, part: bytes) -> bytes:
        """
        Return what of the string this part holds, its escapes as they are.

        Raises:
            JsonFault: nested too deeply, or the place is there twice.
            RestTooLarge: as soon as it is.
        """
        data, self._held = self._held + part, b""
        tapped: list[bytes] = []
        position = 0
        while position < len(data):
            if self._state is _State.TAPPED:
                end = self._end_of_tapped(data, position)
                tapped.append(data[position : len(data) if end is None else end])
                position = len(data) if end is None else self._keep(data, end, end + 1)
            elif self._state is _State.STRING:
                position = self._string(data, position)
            else:
                position = self._structure(data, position)
        return b"".join(tapped)

    def _end_of_tapped(self, data: bytes, position: int) -> int | None:
        """Find the quote that ends the string: one behind an odd number of backslashes is part of it."""
        start = position
        while (end := data.find(_QUOTE, start)) >= 0:
            if self._backslashes_before(data, position, end) % 2 == 0:
                self._backslashes, self._state = 0, _State.STRUCTURE
                return end
            start = end + 1
        self._backslashes = self._backslashes_before(data, position, len(data))
        return None

    def _backslashes_before(self, data: bytes, begin: int, end: int) -> int:
        position = end
        while position > begin and data[position - 1] == _BACKSLASH:
            position -= 1
        # Those at the end of the part before go on here.
        return end - position + (self._backslashes if position == begin else 0)

    def rest(self) -> bytes:
        """Return everything but the string, after the last part."""
        return bytes(self._rest + self._held)

    def _structure(self, data: bytes, position: int) -> int:
        found = _STRUCTURE.search(data, position)
        if found is None:
            return self._keep(data, position, len(data))
        symbol = data[found.start()]
        position = self._keep(data, position, found.end())
        if symbol in _OPENING:
            self._open(is_object=symbol == ord("{"))
        elif symbol in _CLOSING:
            if self._names:
                self._names.pop()
            self._expects_name = False
        elif symbol == ord(","):
            self._expects_name = bool(self._names) and self._names[-1] is not None
        elif symbol == ord(":"):
            self._expects_name = False
        elif self._names == self._path and not self._expects_name:
            if self.found:
                raise JsonFault(f'The attribute "{self._path[-1]}" occurs more than once in one object.')
            self.found, self._state = True, _State.TAPPED
        else:
            self._string_begin, self._state = len(self._rest) - 1, _State.STRING
        return position

    def _open(self, *, is_object: bool) -> None:
        if len(self._names) >= MAX_DEPTH:
            raise JsonFault(f"The body is nested too deeply (max. {MAX_DEPTH} levels).")
        self._names.append("" if is_object else None)
        self._expects_name = is_object

    def _string(self, data: bytes, position: int) -> int:
        found = _STRING_STOP.search(data, position)
        if found is None:
            return self._keep(data, position, len(data))
        if found[0] == _QUOTE:
            position = self._keep(data, position, found.end())
            self._state = _State.STRUCTURE
            if self._expects_name:
                self._names[-1] = _name(bytes(self._rest[self._string_begin :]))
            return position
        # An escape: whatever character follows the backslash ends nothing.
        if found.end() < len(data):
            return self._keep(data, position, found.end() + 1)
        position = self._keep(data, position, found.start())
        self._held = data[position:]
        return len(data)

    def _keep(self, data: bytes, begin: int, end: int) -> int:
        if len(self._rest) + end - begin > self._rest_maximum:
            raise RestTooLarge
        self._rest += data[begin:end]
        return end


def _name(token: bytes) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        # Malformed; parsing the rest is going to say so.
        return ""
