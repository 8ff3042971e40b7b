"""
Many comments at once, judged text by text while they arrive: a body of megabytes is never parsed in one go.

A parser over the whole of it would keep the event loop for half a second. Small bodies are parsed as everywhere else,
and every fault of them is told; a large one is left at the first thing in it that is no array of strings.
"""

import hashlib
import json
import re
from collections.abc import AsyncIterator
from typing import Final

from fallwerk.apis.kex_update.schema import read_comments
from fallwerk.dialects.kex.checking import FAULTS_REPORTED, parse
from fallwerk.dialects.kex.problems import body_fault
from fallwerk.dialects.kex.router import Call
from fallwerk.dialects.problem import PointedFault, bad_request
from fallwerk.domain.loancase.rules import TEXT_LONGEST, TEXTS_MAX

LARGE_BYTES: Final = 1024 * 1024
_LONGEST_TOKEN: Final = 12 * TEXT_LONGEST + 2
"""Bytes of the longest text that is taken, each character written as two escapes."""
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_BLANKS: Final = re.compile(rb"[ \t\r\n]*")
_NO_STRING: Final = "The value must be a string."
_TOO_LONG: Final = f"The value is too long (max. {TEXT_LONGEST} characters)."
_NO_TEXT: Final = "The value is no Unicode text: it holds half of a surrogate pair."
_TOO_MANY: Final = f"There are too many values (max. {TEXTS_MAX})."
_OPENING, _CLOSING, _COMMA, _QUOTE = b'[],"'


async def comments_of(call: Call) -> tuple[list[str], bytes]:
    """
    Read the comments of a call, with what tells this body from another one.

    Raises:
        Problem: 413; 400, no array of strings, or too many or too long ones.
    """
    declared = next((value for name, value in call.headers if name == b"content-length"), b"")
    if declared.isdigit() and int(declared) <= LARGE_BYTES:
        body = await call.body.read()
        return read_comments(parse(body)), body
    return await _streamed(call.body.parts())


async def _streamed(parts: AsyncIterator[bytes]) -> tuple[list[str], bytes]:
    held, size, reader, digest = [], 0, TextReader(), hashlib.sha256()
    async for part in parts:
        size += len(part)
        digest.update(part)
        held.append(part)
        if size > LARGE_BYTES:
            for waiting in held:
                reader.feed(waiting)
            held.clear()
    if size <= LARGE_BYTES:
        body = b"".join(held)
        return read_comments(parse(body)), body
    return reader.end(), b"sha256 " + digest.digest()


class TextReader:
    """Reads a JSON array of strings in UTF-8 part by part."""

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._faults: list[PointedFault] = []
        self._held = b""
        self._passed = 0
        """Bytes in front of those that are held."""
        self._open = False
        self._ended = False
        self._after_text = False
        self._after_comma = False

    def feed(self, part: bytes) -> None:
        """
        Read what the part completes.

        Raises:
            Problem: 400, what comes cannot be an array of strings any more.
        """
        data, position = self._held + part, 0
        while (position := _BLANKS.match(data, position).end()) < len(data):  # type: ignore[union-attr] # it may be empty
            begin = position
            if data[position] == _QUOTE and self._open and not self._after_text and not self._ended:
                found = _STRING.match(data, position)
                if found is None:
                    if len(data) - position > _LONGEST_TOKEN:
                        raise bad_request([*self._faults, self._fault(_TOO_LONG)])
                    break
                self._add(found[0], begin)
                position = found.end()
            else:
                self._sign(data[position], position)
                position += 1
        self._held = data[position:]
        self._passed += position

    def end(self) -> list[str]:
        """
        Return the texts, after the last part.

        Raises:
            Problem: 400, they are not complete, or some are too long or no texts.
        """
        if not self._ended or self._held:
            raise self._malformed(len(self._held))
        if self._faults:
            raise bad_request(self._faults)
        return self._texts

    def _sign(self, sign: int, position: int) -> None:
        """Take a sign between texts."""
        if not self._open and sign == _OPENING:
            self._open = True
        elif self._open and not self._ended and sign == _CLOSING and not self._after_comma:
            self._ended = True
        elif self._after_text and not self._ended and sign == _COMMA:
            self._after_text, self._after_comma = False, True
        elif not self._open:
            raise bad_request([PointedFault("", "The body must be an array.")])
        elif self._after_text or self._ended or sign in {_COMMA, _CLOSING}:
            raise self._malformed(position)
        else:
            raise bad_request([*self._faults, self._fault(_NO_STRING)])

    def _add(self, token: bytes, position: int) -> None:
        if len(self._texts) == TEXTS_MAX:
            raise bad_request([PointedFault("", _TOO_MANY)])
        try:
            text: str = json.loads(token)
        except ValueError:
            raise self._malformed(position) from None
        if len(self._faults) < FAULTS_REPORTED:
            if len(text) > TEXT_LONGEST:
                self._faults.append(self._fault(_TOO_LONG))
            elif not _is_text(text):
                self._faults.append(self._fault(_NO_TEXT))
        self._texts.append(text)
        self._after_text, self._after_comma = True, False

    def _fault(self, message: str) -> PointedFault:
        return PointedFault(f"/{len(self._texts)}", message)

    def _malformed(self, position: int) -> Exception:
        return body_fault(f"The body is not valid JSON (byte {self._passed + position + 1}).")


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
