"""An S3-compatible store as a process of its own, on the loopback, with one bucket."""

import os
import re
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

PROGRAM: Final = Path(__file__).parents[2] / ".venv-peers" / "bin" / "moto_server"
START_S: Final = 60
BUCKET: Final = "fallwerk-test"
CREDENTIALS: Final = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
}


@contextmanager
def s3_store() -> Iterator[dict[str, str]]:
    """Yield the environment by which `s3://fallwerk-test/…` reaches the store."""
    if not PROGRAM.exists():
        raise RuntimeError("there is no S3-compatible store: run `make .venv-peers/.installed`")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "COV"))}
    process = subprocess.Popen(
        [PROGRAM, "-H", "127.0.0.1", "-p", "0"],
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        url = _address(process)
        made = httpx.put(f"{url}/{BUCKET}", timeout=START_S, trust_env=False, headers={"Host": "s3.amazonaws.com"})
        made.raise_for_status()
        yield {**CREDENTIALS, "AWS_ENDPOINT_URL": url}
    finally:
        process.terminate()
        process.wait(START_S)


def _address(process: "subprocess.Popen[str]") -> str:
    """Read where it listens, and keep its output from filling the pipe."""
    lines = process.stderr
    assert lines is not None
    for line in lines:
        found = re.search(r"Running on (http://127\.0\.0\.1:\d+)", line)
        if found:
            threading.Thread(target=_drain, args=(process,), daemon=True).start()
            return found[1]
    raise RuntimeError("the S3-compatible store ended before it listened")


def _drain(process: "subprocess.Popen[str]") -> None:
    assert process.stderr is not None
    with process.stderr as lines:
        for _ in lines:
            pass
