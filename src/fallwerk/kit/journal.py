"""
The request journal: what was called and answered lately, in every process, bounded in memory and time.

Each process writes its own ring (`journal_ring.py`) and reads all of them. What has to disappear from another process's
ring is given to its owner as a command; until the owner has carried it out, readers leave out what it names.
"""

import re
import struct
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from fallwerk.kit.clock import Clock
from fallwerk.kit.journal_ring import Ring
from fallwerk.kit.masking import (
    UNREADABLE,
    query_without_credentials,
    query_without_values,
    without_credentials,
    without_values,
)
from fallwerk.kit.shared import COMMAND_BYTES, COMMANDS, COMMANDS_GIVEN, SharedState

MAX_BODY_BYTES: Final = 16 * 1024
"""More of a body is not kept."""

_HEADER: Final = struct.Struct("=qqqQH6HI4I")
"""Stored at, at, tenant, duration; status; code points of the six texts; bytes of all texts; kept sizes of the two
bodies, then their original ones."""
_TEXTS: Final = 6
_LONGEST_TEXT: Final = 2048
_CLEAR: Final = b"*"
_CASE_ID: Final = re.compile(rb"[0-9A-Z]{12}")
_EVERY_CASE_ID: Final = re.compile(rb"(?=([0-9A-Z]{12}))")
"""Overlapping, because the text in front of an id may end in a letter, as `%2F` does."""
_FEW: Final = 32


class JournalEntry(NamedTuple):
    """One request with its answer, as the application reports it."""

    at_us: int
    """By the system's clock, in the sandbox with its offset."""
    method: str
    path: str
    query: str
    status: int
    trace_id: str
    account: str
    """Whose credentials were used; empty when nobody's."""
    case_id: str
    """The case that the request is about; empty when none."""
    tenant_id: int
    request_body: bytes
    response_body: bytes
    duration_us: int
    request_size: int = 0
    """Bytes of the whole body where only its beginning is given."""
    response_size: int = 0


class RecordedRequest(NamedTuple):
    """An entry as it was kept: masked, bodies as text and cut after 16 KiB."""

    at_us: int
    method: str
    path: str
    query: str
    status: int
    trace_id: str
    account: str
    case_id: str
    tenant_id: int
    request_body: str
    response_body: str
    duration_us: int


class _Texts(NamedTuple):
    """The texts of a record in the order in which they are kept."""

    method: str
    path: str
    query: str
    trace_id: str
    account: str
    case_id: str


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which entries are asked for; None does not restrict."""

    method: str | None = None
    path: str | None = None
    path_prefix: str | None = None
    status: int | None = None
    trace_id: str | None = None
    account: str | None = None
    case_id: str | None = None
    """Also finds the entries whose path names the case."""
    limit: int | None = None


class Journal:
    """
    The journal of one process.

    Args:
        lifetime_s: Real seconds, by the machine's clock: advancing the sandbox's clock does not empty the journal.
        masked: Keep names and no values of bodies and queries (production); credentials are never kept.
    """

    def __init__(self, shared: SharedState, clock: Clock, *, lifetime_s: float, masked: bool) -> None:
        self._shared = shared
        self._clock = clock
        self._lifetime_us = int(lifetime_s * 1_000_000)
        self._body = without_values if masked else without_credentials
        self._query = query_without_values if masked else query_without_credentials
        self._masked = masked
        self._rings = [Ring(memory) for memory in shared.rings]
        self._own = self._rings[shared.slot]
        self._lock = threading.Lock()
        self._done = shared.commands_done(shared.slot)

    def add(self, entry: JournalEntry) -> None:
        """Keep one request; some microseconds. Never raises for what a caller sent."""
        query = entry.query and self._query(entry.query[:_LONGEST_TEXT].encode("utf-8", "replace")).decode()
        texts = (
            entry.method[:_LONGEST_TEXT], entry.path[:_LONGEST_TEXT], query,
            entry.trace_id[:_LONGEST_TEXT], entry.account[:_LONGEST_TEXT],
            entry.case_id[:_LONGEST_TEXT],
        )  # fmt: skip
        text = "".join(texts).encode("utf-8", "replace")
        request, response = self._kept(entry.request_body), self._kept(entry.response_body)
        header = _HEADER.pack(
            self._clock.system_now_us(), entry.at_us, entry.tenant_id, entry.duration_us, entry.status,
            *map(len, texts), len(text),
            len(request), len(response),
            max(len(entry.request_body), entry.request_size), max(len(entry.response_body), entry.response_size),
        )  # fmt: skip
        record = b"".join((header, text, request, response))
        with self._lock:
            if self._shared.words[COMMANDS_GIVEN] != self._done:
                self._obey()
            self._own.append(record)

    def entries(self, wanted: JournalFilter = JournalFilter()) -> list[RecordedRequest]:
        """Return what every process recorded and still may be shown, newest first."""
        oldest_us = self._clock.system_now_us() - self._lifetime_us
        found: list[tuple[int, RecordedRequest]] = []
        for slot, ring in enumerate(self._rings):
            for record in self._visible(slot, ring):
                stored_us = _HEADER.unpack_from(record)[0]
                if stored_us >= oldest_us and (entry := _read(record, wanted)):
                    found.append((stored_us, entry))
        found.sort(key=lambda pair: pair[0], reverse=True)
        return [entry for _, entry in found[: wanted.limit]]

    def erase_cases(self, case_ids: Collection[str]) -> None:
        """
        Remove every entry that names one of the cases anywhere, in all processes.

        No reader sees them from now on. This process's are overwritten with zeros before the call returns, another's
        when that process records its next request or calls `expire`.
        """
        self._command([case_id.encode() for case_id in case_ids])

    def erase_case(self, case_id: str) -> None:
        """Remove every entry of one case; see `erase_cases`."""
        self.erase_cases((case_id,))

    def clear(self) -> None:
        """Remove all entries, in all processes."""
        self._command([_CLEAR])

    def expire(self) -> None:
        """Overwrite what is too old to be shown and carry out what others asked for; call about once a second."""
        oldest_us = self._clock.system_now_us() - self._lifetime_us
        with self._lock:
            if self._shared.words[COMMANDS_GIVEN] != self._done:
                self._obey()
            while found := self._own.oldest():
                end, record = found
                if len(record) and _HEADER.unpack_from(record)[0] >= oldest_us:
                    break
                self._own.drop_until(end)

    def _kept(self, body: bytes) -> bytes:
        if len(body) <= MAX_BODY_BYTES:
            return self._body(body)
        # Credentials are found in a part as well, and what is cut off need not be searched. Masking everything needs
        # the whole text parsed, which costs too much for a long list.
        return UNREADABLE.encode() if self._masked else self._body(body[:MAX_BODY_BYTES])

    def _command(self, commands: list[bytes]) -> None:
        if any(len(command) > COMMAND_BYTES for command in commands):
            raise ValueError(f"a case id has at most {COMMAND_BYTES} bytes")
        shared = self._shared
        if len(commands) >= COMMANDS:
            commands = [_CLEAR]
        with self._lock:
            with shared.locked():
                given = shared.words[COMMANDS_GIVEN]
                for number, command in enumerate(commands, given):
                    place = number % COMMANDS * COMMAND_BYTES
                    shared.commands[place : place + COMMAND_BYTES] = command.ljust(COMMAND_BYTES, b"\0")
                shared.words[COMMANDS_GIVEN] = given + len(commands)
            self._obey()

    def _outstanding(self, slot: int) -> set[bytes]:
        """Commands that the owner of the slot has not carried out yet; too many to be remembered mean: everything."""
        given = self._shared.words[COMMANDS_GIVEN]
        done = self._shared.commands_done(slot)
        if given - done > COMMANDS:
            return {_CLEAR}
        places = (number % COMMANDS * COMMAND_BYTES for number in range(done, given))
        return {bytes(self._shared.commands[place : place + COMMAND_BYTES]).rstrip(b"\0") for place in places}

    def _obey(self) -> None:
        with self._shared.locked():
            given = self._shared.words[COMMANDS_GIVEN]
            commands = self._outstanding(self._shared.slot)
        if _CLEAR in commands:
            self._own.drop_all()
        elif present := _present(commands, self._own):
            for position, record in self._own.records():
                if _names_any(record, present):
                    self._own.erase(position)
        self._done = given
        self._shared.set_commands_done(given)

    def _visible(self, slot: int, ring: Ring) -> Iterator[memoryview]:
        records = list(ring.records())
        commands = self._outstanding(slot)
        if _CLEAR not in commands:
            yield from (record for _, record in records if not commands or not _names_any(record, commands))


def _present(case_ids: set[bytes], ring: Ring) -> set[bytes]:
    """Those of the ids that occur in the ring's bytes at all: nearly always none, found in one pass."""
    if not case_ids:
        return case_ids
    content = ring.snapshot()
    if len(case_ids) <= _FEW or any(not _CASE_ID.fullmatch(case_id) for case_id in case_ids):
        return {case_id for case_id in case_ids if case_id in content}
    return case_ids.intersection(_EVERY_CASE_ID.findall(content))


def _names_any(record: memoryview, case_ids: Collection[bytes]) -> bool:
    content = bytes(record)
    return any(case_id in content for case_id in case_ids)


def _read(record: memoryview, wanted: JournalFilter) -> RecordedRequest | None:
    """Turn a record into an entry, or None if it is not asked for."""
    (_, at_us, tenant_id, duration_us, status, *lengths) = _HEADER.unpack_from(record)
    if wanted.status is not None and status != wanted.status:
        return None
    position = _HEADER.size + lengths[_TEXTS]
    texts = _split(record[_HEADER.size : position], lengths[:_TEXTS])
    if not _matches(wanted, texts):
        return None
    request_length, response_length, request_size, response_size = lengths[_TEXTS + 1 :]
    request = _shown(record[position : position + request_length], request_size)
    position += request_length
    response = _shown(record[position : position + response_length], response_size)
    return RecordedRequest(
        at_us=at_us, method=texts.method, path=texts.path, query=texts.query, status=status, trace_id=texts.trace_id,
        account=texts.account, case_id=texts.case_id, tenant_id=tenant_id, request_body=request,
        response_body=response, duration_us=duration_us,
    )  # fmt: skip


def _split(content: memoryview, lengths: list[int]) -> _Texts:
    whole = str(content, "utf-8", "replace")
    parts, start = [], 0
    for length in lengths:
        parts.append(whole[start : start + length])
        start += length
    return _Texts._make(parts)


def _matches(wanted: JournalFilter, texts: _Texts) -> bool:
    return (
        (wanted.method is None or wanted.method.upper() == texts.method)
        and (wanted.path is None or wanted.path == texts.path)
        and (wanted.path_prefix is None or texts.path.startswith(wanted.path_prefix))
        and (wanted.trace_id is None or wanted.trace_id == texts.trace_id)
        and (wanted.account is None or wanted.account == texts.account)
        and (wanted.case_id is None or wanted.case_id == texts.case_id or wanted.case_id in texts.path)
    )


def _shown(body: memoryview, size: int) -> str:
    """Text of a body, with a mark where it was cut; of a body that is no text, only its size."""
    cut = size > MAX_BODY_BYTES
    content = bytes(body)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        # Cutting can have split the last character; anything earlier means that this never was text.
        if not cut or error.start < len(content) - 3:
            return f"({size} bytes, not text)"
        text = content[: error.start].decode()
    return f"{text}… ({size} bytes, cut)" if cut else text
