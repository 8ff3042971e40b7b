"""The locks hold what the lists ask for, and install from whatever index the machine uses."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-peers.lock")


def test_the_locks_hold_every_package_that_is_asked_for():
    for lock in LOCKS:
        locked = set(re.findall(r"^([a-z0-9-]+)(?:\[[^]]*\])?==", (ROOT / lock).read_text(), re.MULTILINE))
        asked = {normalised(line) for line in asked_for(ROOT / lock.replace(".lock", ".in"))}
        assert asked <= locked


def test_the_locks_name_no_index_and_no_path():
    for lock in LOCKS:
        pins = [line for line in (ROOT / lock).read_text().splitlines() if not line.startswith("    --hash=sha256:")]
        assert [line for line in pins if not re.fullmatch(r"[a-z0-9-]+(\[[a-z,]+\])?==\S+( ; .+)? \\", line)] == []


def asked_for(file: Path) -> list[str]:
    lines = [line.strip() for line in file.read_text().splitlines() if line.strip()]
    names = [line for line in lines if not line.startswith(("-r", "#"))]
    for line in lines:
        if line.startswith("-r "):
            names += asked_for(file.parent / line.removeprefix("-r "))
    return names


def normalised(requirement: str) -> str:
    return re.split(r"[\[<>=~; ]", requirement)[0].lower().replace("_", "-").replace(".", "-")
