"""How long callers wait for PostgreSQL: longer for a server that lives than for one that does not answer."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from fallwerk.domain.errors import StoreUnavailable
from fallwerk.store import patience
from fallwerk.store.patience import Patience


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LOOK_S", 0.005)
    monkeypatch.setattr(patience, "ANSWER_S", 0.02)
    monkeypatch.setattr(patience, "BUSY_S", 1)


def story(lives: Callable[[], bool], tell: Callable[[Patience, "asyncio.Future[str]"], Awaitable[Any]]) -> Any:
    async def main() -> Any:
        return await tell(Patience(lives), asyncio.get_running_loop().create_future())

    return asyncio.run(main())


def test_a_server_that_does_not_answer_is_given_up_and_its_work_with_it() -> None:
    async def tell(found: Patience, answer: "asyncio.Future[str]") -> bool:
        with pytest.raises(StoreUnavailable):
            await found.wait(answer)
        return answer.cancelled()

    assert story(lambda: False, tell)


def test_a_server_that_lives_is_waited_for_and_not_for_ever() -> None:
    asked = threading.Event()

    def lives() -> bool:
        asked.set()
        return True

    async def late(found: Patience, answer: "asyncio.Future[str]") -> str:
        waiting = asyncio.create_task(found.wait(answer))
        assert await asyncio.to_thread(asked.wait, 20)
        answer.set_result("late")
        return await waiting

    assert story(lives, late) == "late"

    async def never(found: Patience, answer: "asyncio.Future[str]") -> None:
        with pytest.raises(StoreUnavailable):
            await found.wait(answer)

    story(lambda: True, never)


def test_a_caller_who_leaves_is_told_nothing_of_the_store() -> None:
    async def tell(found: Patience, answer: "asyncio.Future[str]") -> None:
        waiting = asyncio.create_task(found.wait(answer))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    story(lambda: True, tell)
