"""
A ring of records in shared memory: one process writes it, every process reads it, nobody locks.

Positions count bytes since the ring began and never go back; a position modulo the size is its place. The writer moves
`tail` over what it is going to overwrite *before* it does, and `head` over a record *after* it is complete. A reader
copies first and reads `tail` afterwards: what lies behind that was whole while it copied. All bytes outside
`tail`…`head` are zero.
"""

import struct
from collections.abc import Iterator
from typing import Final

_HEADER_BYTES: Final = 64
_TAIL, _HEAD = 0, 1
_ALIGN: Final = 8
_FRAME: Final = struct.Struct("=QII")
"""Position, size of the whole record, kind."""
_MARK: Final = struct.Struct("=Q")
_LIVE: Final = 1
_GONE: Final = 0


class Ring:
    """Records of bytes; the oldest make room for the newest. `append`, `drop…` and `erase` are the owner's alone."""

    def __init__(self, memory: memoryview) -> None:
        self._words = memory[:_HEADER_BYTES].cast("Q")
        self._bytes = memory[_HEADER_BYTES:]
        self._size = len(self._bytes)

    def append(self, payload: bytes) -> None:
        """
        Add a record, at the cost of the oldest ones.

        Raises:
            ValueError: it would take more than half of the ring.
        """
        size = (_FRAME.size + len(payload) + _MARK.size + _ALIGN - 1) // _ALIGN * _ALIGN
        if size > self._size // 2:
            raise ValueError("the record is too large for the ring")
        head = self._words[_HEAD]
        place = head % self._size
        if place + size > self._size:
            head = self._skip_rest(head, self._size - place)
            place = 0
        self._make_room(head + size - self._size)
        memory = self._bytes
        _FRAME.pack_into(memory, place, head, size, _LIVE)
        start = place + _FRAME.size
        memory[start : start + len(payload)] = payload
        # The mark behind the record repeats its position: a reader that copied a half-erased record finds it missing.
        _MARK.pack_into(memory, place + size - _MARK.size, head)
        self._words[_HEAD] = head + size

    def records(self) -> Iterator[tuple[int, memoryview]]:
        """Position and payload of each whole record, oldest first, out of a copy. For any process."""
        head = self._words[_HEAD]
        copy = memoryview(bytes(self._bytes))
        position = self._words[_TAIL]
        while position < head:
            place = position % self._size
            if self._size - place < _FRAME.size:
                position += self._size - place
                continue
            at, size, kind = _FRAME.unpack_from(copy, place)
            if at != position or size < _FRAME.size:
                return
            end = place + size - _MARK.size
            if kind == _LIVE and _MARK.unpack_from(copy, end)[0] == position:
                yield position, copy[place + _FRAME.size : end]
            position += size

    def erase(self, position: int) -> None:
        """Overwrite one record with zeros; its place stays taken until the ring comes round."""
        place = position % self._size
        _, size, _ = _FRAME.unpack_from(self._bytes, place)
        _MARK.pack_into(self._bytes, place + size - _MARK.size, ~position & 0xFFFF_FFFF_FFFF_FFFF)
        _FRAME.pack_into(self._bytes, place, position, size, _GONE)
        body = slice(place + _FRAME.size, place + size - _MARK.size)
        self._bytes[body] = bytes(body.stop - body.start)

    def drop_until(self, position: int) -> None:
        """Forget and zero every record before `position`, which must be a record's beginning or the head."""
        tail = self._words[_TAIL]
        if position <= tail:
            return
        self._words[_TAIL] = position
        start, count = tail % self._size, min(position - tail, self._size)
        first = min(count, self._size - start)
        self._bytes[start : start + first] = bytes(first)
        self._bytes[: count - first] = bytes(count - first)

    def drop_all(self) -> None:
        """Forget and zero everything."""
        self.drop_until(self._words[_HEAD])

    def oldest(self) -> tuple[int, memoryview] | None:
        """End and payload of the oldest record, an empty one if it was erased; for the owner."""
        position = self._words[_TAIL]
        if position >= self._words[_HEAD]:
            return None
        place = position % self._size
        nothing = self._bytes[:0]
        if self._size - place < _FRAME.size:
            return position + self._size - place, nothing
        _, size, kind = _FRAME.unpack_from(self._bytes, place)
        payload = self._bytes[place + _FRAME.size : place + size - _MARK.size] if kind == _LIVE else nothing
        return position + size, payload

    def snapshot(self) -> bytes:
        """Every byte of the ring, for a search that only asks whether something occurs at all."""
        return bytes(self._bytes)

    def _skip_rest(self, head: int, rest: int) -> int:
        """Fill the end of the ring, where the next record does not fit, and return the beginning's position."""
        self._make_room(head + rest - self._size)
        if rest >= _FRAME.size:
            _FRAME.pack_into(self._bytes, head % self._size, head, rest, _GONE)
        self._words[_HEAD] = head + rest
        return head + rest

    def _make_room(self, position: int) -> None:
        """Move the tail to the first record that begins at or after `position`."""
        tail = self._words[_TAIL]
        if tail >= position:
            return
        while tail < position:
            rest = self._size - tail % self._size
            tail += rest if rest < _FRAME.size else _FRAME.unpack_from(self._bytes, tail % self._size)[1]
        # Zeroed although it is about to be overwritten: nothing old may stay in the gap behind the new record.
        self.drop_until(tail)
