"""Pictures drawn anew by processes of their own: the same pictures, and nothing that a picture does reaches anybody."""

import asyncio
import os
import signal

import psutil
import pytest

from fallwerk.kit import darkroom
from fallwerk.kit.darkroom import Darkroom
from fallwerk.kit.pictures import MAX_BYTES, PictureRefused, Refusal, drawn_anew
from tests.support.pictures import blurred, bomb, photograph

BAD = [
    (b"", Refusal.EMPTY),
    (b"x" * (MAX_BYTES + 1), Refusal.TOO_LARGE),
    (b"<svg onload=alert(1)>", Refusal.NO_PICTURE),
    (bomb(10_000, 10_000), Refusal.TOO_MANY_PIXELS),
    (photograph(size=(300, 300)), Refusal.TOO_SMALL),
]


def children() -> list[psutil.Process]:
    """Processes of this one that draw pictures."""
    found = psutil.Process().children()
    return [child for child in found if any("picture_child" in part for part in child.cmdline())]


def in_darkroom(story, **how):
    """Run a story with a darkroom; nothing of it may be left."""

    async def main():
        room = Darkroom(**how)
        try:
            return await story(room)
        finally:
            await room.close()

    result = asyncio.run(main())
    assert children() == []
    return result


@pytest.mark.parametrize("content", [photograph(), photograph("PNG"), photograph("WEBP"), blurred()])
def test_a_picture_is_drawn_as_it_would_be_here(content):
    assert in_darkroom(lambda room: room.draw(content)) == drawn_anew(content)


def test_what_is_refused_here_is_refused_there_and_the_process_goes_on():
    async def story(room):
        for content, reason in BAD:
            with pytest.raises(PictureRefused) as refusal:
                await room.draw(content)
            assert refusal.value.reason is reason
        assert len(children()) == 1
        return await room.draw(photograph())

    assert in_darkroom(story) == drawn_anew(photograph())


def test_a_picture_that_takes_too_long_is_none_and_its_process_ends():
    async def story(room):
        with pytest.raises(PictureRefused) as refusal:
            await room.draw(photograph(size=(3000, 2000)))
        assert children() == []
        return refusal.value.reason

    assert in_darkroom(story, patience_s=0.001) is Refusal.NO_PICTURE


def test_whoever_comes_after_a_process_was_killed_gets_another_one():
    async def story(room):
        await room.draw(photograph())
        (child,) = children()
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        return await room.draw(photograph())

    assert in_darkroom(story).width == drawn_anew(photograph()).width


def test_no_more_processes_than_allowed_draw_at_a_time():
    async def story(room):
        pictures = [photograph(size=(1200 + number, 800)) for number in range(5)]
        drawn = await asyncio.gather(*map(room.draw, pictures))
        assert [found.width for found in drawn] == [1200 + number for number in range(5)]
        assert len(children()) == 2

    in_darkroom(story)


def test_a_process_ends_when_nothing_comes_for_a_while():
    async def story(room):
        await room.draw(photograph())
        (waiting,) = children()
        await asyncio.to_thread(waiting.wait)

    in_darkroom(story, idle_s=0.01)


def test_keys_and_passwords_do_not_reach_the_process(monkeypatch):
    monkeypatch.setenv("FALLWERK_MASTER_KEY", "secret")

    async def story(room):
        await room.draw(photograph())
        (child,) = children()
        return child.environ(), child.nice()

    environment, politeness = in_darkroom(story)
    assert set(environment) <= {*darkroom._PASSED_ON, "LC_CTYPE"}
    assert politeness > os.nice(0)
