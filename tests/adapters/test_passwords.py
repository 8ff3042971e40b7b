"""People's passwords: argon2id, off the event loop, telling nothing by their time."""

import asyncio
import re

import pytest

from fallwerk.adapters.passwords import Argon2Passwords
from fallwerk.domain.staff.demo import DEMO_HASH, DEMO_PASSWORD

FOREIGN = "$argon2id$v=19$m=19456,t=2,p=1$k0AYJLjtpK7UIqXVdYu3YQ$QiaMACPbL+9yCPVBcm8hmEU1rFTZayfIs/qVtyRuaUw"
"""The demo password under other parameters."""


@pytest.mark.req("W-04")
def test_a_hash_is_argon2id_with_its_parameters_and_a_salt_of_its_own():
    passwords = Argon2Passwords()
    first, second = asyncio.run(both(passwords.hash("vier zufällige Wörter"), passwords.hash("vier zufällige Wörter")))
    assert re.match(r"\$argon2id\$v=19\$m=47104,t=1,p=1\$", first)
    assert first != second
    assert not passwords.outdated(first)


async def both(one, other):
    return await asyncio.gather(one, other)


@pytest.mark.req("W-04")
@pytest.mark.parametrize(
    ("encoded", "password", "expected"),
    [
        (DEMO_HASH, DEMO_PASSWORD, True),
        (DEMO_HASH, DEMO_PASSWORD + " ", False),
        (DEMO_HASH, "", False),
        (DEMO_HASH, "halbes Zeichen \ud83d", False),
        (FOREIGN, DEMO_PASSWORD, True),
        (None, DEMO_PASSWORD, False),
        ("no hash at all", DEMO_PASSWORD, False),
    ],
)
def test_only_the_password_that_was_hashed_matches(encoded, password, expected):
    assert asyncio.run(Argon2Passwords().matches(encoded, password)) is expected


@pytest.mark.req("W-04")
def test_a_hash_of_other_parameters_is_outdated():
    assert Argon2Passwords().outdated(FOREIGN)


@pytest.mark.req("W-04")
def test_the_loop_goes_on_while_a_password_is_hashed():
    passwords, beats = Argon2Passwords(), []

    async def beat():
        while True:
            beats.append(1)
            await asyncio.sleep(0.001)

    async def run():
        beating = asyncio.create_task(beat())
        await passwords.hash("x" * 20)
        beating.cancel()

    asyncio.run(run())
    assert len(beats) > 3
