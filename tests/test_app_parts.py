"""What the composition root decides by itself: whose process is dead, what the start says, signs of life."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from fallwerk.app import Fallwerk, announce
from fallwerk.kit.hosts import this_host
from fallwerk.kit.shared import SharedState
from fallwerk.settings import ConfigurationRefused, load_settings


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return load_settings({"DATA_DIR": str(tmp_path)})


@pytest.fixture
def system(settings):
    """A composed process that is never started; its database counts as one that several processes share."""
    made = Fallwerk(settings, SharedState(ring_bytes=1))
    made.settings = settings.model_copy(update={"database_url": "postgresql://nobody@127.0.0.1/none"})
    return made


@pytest.mark.req("D-66", "C-08")
def test_another_process_counts_as_dead_only_where_its_number_can_be_judged(system):
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    here = this_host()
    assert not system._is_dead(system.owner)
    assert system._is_dead(f"{here}/{child.pid}/0")
    assert not system._is_dead(f"{here}/{os.getppid()}/0")
    # In a container every process has the same number.
    assert system._is_dead(f"{here}/{os.getpid()}/0")
    # The same host name with other process numbers, as containers on the host's network have it.
    assert not system._is_dead(f"{os.uname().nodename}:1/{child.pid}/0")
    assert not system._is_dead(f"elsewhere:1/{child.pid}/0")


@pytest.mark.req("S-80", "C-07")
def test_a_worker_that_takes_no_work_gives_no_sign_of_life(system):
    system._beat()
    assert system.shared.last_beat_us() == 0


@pytest.mark.req("C-04")
def test_a_token_that_somebody_chose_is_not_printed(settings, tmp_path):
    assert "Bearer demo-admin-token" in announce(settings)
    chosen = load_settings({"DATA_DIR": str(tmp_path), "FALLWERK_ADMIN_TOKEN": "chosen-by-somebody"})
    assert "chosen-by-somebody" not in announce(chosen)


def test_the_readme_shows_what_the_server_prints(settings):
    printed = announce(settings).replace(settings.public_base_url, "http://127.0.0.1:8080")
    assert printed in (Path(__file__).parents[1] / "README.md").read_text()


def test_a_lease_must_outlast_an_attempt(tmp_path):
    values = {"DATA_DIR": str(tmp_path), "FALLWERK_WORKER_LEASE_S": "10", "FALLWERK_WEBHOOK_TIMEOUT_S": "10"}
    with pytest.raises(ConfigurationRefused, match="must be longer than webhook_timeout_s"):
        load_settings(values)


@pytest.mark.req("C-07")
def test_a_crowd_that_asks_whether_the_system_is_ready_makes_one_look(system):
    looks = []

    async def check():
        looks.append(1)
        await asyncio.sleep(0)
        return True

    system.database.check = system.blobs.check = check

    async def crowd():
        first = await asyncio.gather(*(system.components() for _ in range(50)))
        await system.components()
        return first

    assert asyncio.run(crowd()) == [{"database": True, "blobstore": True, "worker": False}] * 50
    assert len(looks) == 4
