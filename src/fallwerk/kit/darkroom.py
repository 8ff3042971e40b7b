"""
Drawing pictures anew in processes of their own (`picture_child.py`), a few at a time.

In a thread the libraries that decode pictures would keep the interpreter to themselves for up to a tenth of a second,
and nobody else would be served meanwhile. A process is started with the first picture and ends when none came for long.
"""

import asyncio
import contextlib
import os
import subprocess
import sys
from typing import Any, Final

import orjson
import structlog

from fallwerk.kit.picture_child import SIZE, read_content
from fallwerk.kit.pictures import MAX_BYTES, Drawn, Hint, PictureRefused, Refusal

log = structlog.get_logger()

AT_ONCE: Final = 2
"""Pictures that are decoded at a time: each may take 300 MB for a second."""
PATIENCE_S: Final = 30.0
"""No picture within the limits takes nearly as long."""
IDLE_S: Final = 60.0
Child = subprocess.Popen[bytes]
_PASSED_ON: Final = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")
"""Of the environment: what finds the program. Keys and passwords stay here."""


class Darkroom:
    """Draws pictures anew, each by a process that draws one at a time."""

    def __init__(self, at_once: int = AT_ONCE, idle_s: float = IDLE_S, patience_s: float = PATIENCE_S) -> None:
        self._turns = asyncio.Semaphore(at_once)
        self._idle_s = idle_s
        self._patience_s = patience_s
        self._free: list[Child] = []
        self._end: asyncio.TimerHandle | None = None

    async def draw(self, content: bytes) -> Drawn:
        """
        Decode a picture and encode it again (`pictures.drawn_anew`).

        Raises:
            PictureRefused: also a picture that takes longer, or more memory, than any that is one.
        """
        if not content:
            raise PictureRefused(Refusal.EMPTY)
        if len(content) > MAX_BYTES:
            raise PictureRefused(Refusal.TOO_LARGE)
        async with self._turns:
            # Started and spoken to in threads: starting a process takes a loop's time as well.
            child = self._waiting()
            if child is None:
                child = await asyncio.to_thread(_started)
            done = False
            try:
                about, drawn = await asyncio.wait_for(asyncio.to_thread(_ask, child, content), self._patience_s)
                done = True
            except (EOFError, OSError, TimeoutError):
                log.warning("picture.process_lost")
                raise PictureRefused(Refusal.NO_PICTURE) from None
            finally:
                if done:
                    self._put_back(child)
                else:
                    # Whatever it still says belongs to no other picture; its end also ends the thread that asks it.
                    child.kill()
                    await asyncio.to_thread(_buried, child)
        if "refused" in about:
            raise PictureRefused(Refusal(about["refused"]))
        hint = about["hint"]
        return Drawn(drawn, about["width"], about["height"], None if hint is None else Hint(hint))

    def _waiting(self) -> Child | None:
        """Take a process that waits, unless somebody has ended it meanwhile."""
        while self._free:
            child = self._free.pop()
            if child.poll() is None:
                return child
            _buried(child)
        return None

    def _put_back(self, child: Child) -> None:
        self._free.append(child)
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(self._idle_s, self._dismiss)

    def _dismiss(self) -> None:
        """End the processes that wait."""
        waiting, self._free = self._free, []
        for child in waiting:
            child.kill()
            _buried(child)

    async def close(self) -> None:
        """End every process that waits; the caller lets none be under way any more."""
        if self._end is not None:
            self._end.cancel()
        self._dismiss()


def _started() -> Child:
    return subprocess.Popen(
        (sys.executable, "-m", "fallwerk.kit.picture_child"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        # A traceback on standard error would be no line of our log.
        stderr=subprocess.DEVNULL,
        env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
    )


def _ask(child: Child, content: bytes) -> tuple[dict[str, Any], bytes]:
    """
    Let a process draw a picture.

    Raises:
        EOFError, OSError: it has ended.
    """
    to_child, from_child = child.stdin, child.stdout
    if to_child is None or from_child is None:
        raise EOFError
    to_child.write(SIZE.pack(len(content)))
    to_child.write(content)
    to_child.flush()
    about, drawn = read_content(from_child), read_content(from_child)
    if about is None or drawn is None:
        raise EOFError
    return orjson.loads(about), drawn


def _buried(child: Child) -> None:
    """Wait for the end of a process that was killed, and close the pipes."""
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            # What a dead process did not take is in the way of closing.
            with contextlib.suppress(OSError):
                pipe.close()
