"""The sandbox's clock: what it tells, how it moves, what it does on the way."""

import asyncio
from datetime import datetime
from typing import Any

import pytest

from fallwerk.domain.notification.due import DueKind, DueWork
from fallwerk.own.sandbox.clock import SECOND_US

DAY = 86_400


async def _due(control: Any, case_id: str, due_us: int) -> None:
    await control.store.write(lambda uow: uow.due.add(DueWork(7, case_id, DueKind.EXPIRE, due_us)))


def _handlers(
    done: list[tuple[str, int]], control_of: list[Any], again: dict[str, int] | None = None
) -> dict[Any, Any]:
    """Records what is done and when; work named in `again` comes back after so many seconds, once."""
    waiting = dict(again or {})

    async def expire(work: DueWork) -> None:
        control = control_of[0]
        done.append((work.case_id, control.clock.now_us()))
        wait_s = waiting.pop(work.case_id, None)
        if wait_s is None:
            await control.store.write(lambda uow: uow.due.done(work))
        else:
            await control.store.write(lambda uow: uow.due.postpone(work, work.due_us + wait_s * SECOND_US))

    return {DueKind.EXPIRE: expire}


def test_the_clock_tells_utc_and_no_offset_at_first(play):
    async def scene(control):
        response = await control.get("/clock")
        assert response.status_code == 200
        assert response.json()["offsetSeconds"] == 0
        told = datetime.fromisoformat(response.json()["now"])
        assert response.json()["now"].endswith("Z")
        assert abs(told.timestamp() * 1e6 - control.clock.now_us()) < 5e6

    play(scene)


def test_advancing_adds_exactly_and_is_stored(play_both):
    async def scene(control):
        first = await control.post("/clock", {"advanceSeconds": 3600})
        assert (first.status_code, first.json()["offsetSeconds"]) == (200, 3600)
        second = await control.post("/clock", {"advanceSeconds": 90 * DAY})
        assert second.json()["offsetSeconds"] == 3600 + 90 * DAY
        assert (await control.get("/clock")).json()["offsetSeconds"] == 3600 + 90 * DAY
        assert await control.store.read(lambda uow: uow.sandbox.offset_us()) == (3600 + 90 * DAY) * SECOND_US

    play_both(scene)


def test_a_restart_takes_up_the_stored_offset(play):
    async def before(control):
        await control.post("/clock", {"advanceSeconds": 5})

    async def after(control):
        assert control.clock.offset_us() == 0
        await control.sandbox_clock.restore()
        assert control.clock.offset_us() == 5 * SECOND_US

    play(before)
    play(after)


@pytest.mark.parametrize(
    ("body", "pointer", "detail"),
    [
        ({"advanceSeconds": -1}, "/advanceSeconds", "Must be 0 or more."),
        ({"advanceSeconds": True}, "/advanceSeconds", "Must be an integer."),
        ({"advanceSeconds": 1.5}, "/advanceSeconds", "Must be an integer."),
        ({"advanceSeconds": "60"}, "/advanceSeconds", "Must be an integer."),
        ({}, "/advanceSeconds", "Must be an integer."),
        ({"advanceSeconds": 1, "seconds": 2}, "", "Has an unknown field; known are advanceSeconds."),
        ([], "", "Must be an object."),
        ({"advanceSeconds": 10**15}, "/advanceSeconds", "The clock cannot go beyond the year 9000."),
    ],
)
def test_what_is_no_advance_is_refused_and_moves_nothing(play, body, pointer, detail):
    async def scene(control):
        response = await control.post("/clock", body)
        assert response.status_code == 400
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["errors"] == [{"pointer": pointer, "detail": detail}]
        assert control.clock.offset_us() == 0
        assert await control.store.read(lambda uow: uow.sandbox.offset_us()) == 0

    play(scene)


def test_due_work_is_done_in_order_at_its_own_times_before_the_answer(play):
    done: list[tuple[str, int]] = []
    controls: list[Any] = []

    async def scene(control):
        controls.append(control)
        now_us = control.clock.now_us()
        await _due(control, "LATER", now_us + 2 * DAY * SECOND_US)
        await _due(control, "SOON", now_us + 10 * SECOND_US)
        await _due(control, "BEYOND", now_us + 30 * DAY * SECOND_US)
        await control.post("/clock", {"advanceSeconds": 3 * DAY})
        assert [name for name, _ in done] == ["SOON", "SOON", "LATER"]
        expected = [10, 10 + 900, 2 * DAY]
        for (_, at_us), seconds in zip(done, expected, strict=True):
            assert 0 <= at_us - (now_us + seconds * SECOND_US) < 2 * SECOND_US

    play(scene, handlers=_handlers(done, controls, {"SOON": 900}))


def test_advances_at_the_same_time_add_up(play_both):
    async def scene(control):
        answers = await asyncio.gather(*(control.post("/clock", {"advanceSeconds": 60}) for _ in range(4)))
        assert sorted(a.json()["offsetSeconds"] for a in answers) == [60, 120, 180, 240]

    play_both(scene)


def test_a_turn_held_by_another_process_is_waited_for_until_it_runs_out(play_both):
    async def scene(control):
        now_us = control.clock.system_now_us()
        held_us = now_us + 300_000
        take = {"now_us": now_us, "until_us": held_us}
        assert await control.store.write(lambda uow: uow.sandbox.take_turn(**take))
        assert not await control.store.write(lambda uow: uow.sandbox.take_turn(**take))
        await control.post("/clock", {"advanceSeconds": 1})
        assert control.clock.system_now_us() >= held_us
        # The lease of whoever was late is not renewed any more, and ended ones are free at once.
        assert not await control.store.write(
            lambda uow: uow.sandbox.renew_turn(held_until_us=held_us, until_us=held_us + 1)
        )
        assert await control.store.write(lambda uow: uow.sandbox.take_turn(**take))

    play_both(scene)


def test_the_clock_never_goes_back_and_stands_at_its_target_even_if_work_fails(play):
    seen: list[int] = []
    controls: list[Any] = []

    async def run_until(target_us: int, set_now: Any) -> None:
        control = controls[0]
        set_now(control.clock.now_us() + 50 * SECOND_US)
        seen.append(control.clock.offset_us())
        set_now(control.clock.now_us() - 40 * SECOND_US)
        seen.append(control.clock.offset_us())
        set_now(target_us + 10**9)
        seen.append(control.clock.offset_us())
        raise RuntimeError("broken")

    async def scene(control):
        controls.append(control)
        response = await control.post("/clock", {"advanceSeconds": 100})
        assert response.status_code == 500
        assert seen == sorted(seen)
        assert seen[-1] == 100 * SECOND_US == control.clock.offset_us()
        assert await control.store.read(lambda uow: uow.sandbox.offset_us()) == 100 * SECOND_US

    play(scene, run_until=run_until)


@pytest.mark.parametrize("token", [None, "", "demo-admin-toke", "demo-admin-token2"])
def test_without_the_token_nothing_is_told(play, token):
    async def scene(control):
        response = await control.get("/clock", token=token)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert response.json()["status"] == 401

    play(scene)
