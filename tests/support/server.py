"""A started Fallwerk, as its own processes, for tests that speak HTTP with it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from tests.support.schema import TEST_KEY

ADMIN: Final = {"Authorization": "Bearer demo-admin-token"}
START_S: Final = 30
STOP_S: Final = 60
"""A stop waits for what a database thread is doing, such as the rewriting of tables after an erasure."""


class Server:
    """
    One `fallwerk serve`, in a process group of its own.

    Args:
        data: Folder for keys, blobs and the embedded database.
        database_url: None for the embedded database in `data`.
    """

    def __init__(
        self,
        data: Path,
        *,
        database_url: str | None = None,
        workers: int = 1,
        port: int = 0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data
        self.port = port
        self.workers = workers
        self.url = ""
        self.output: list[str] = []
        self._env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FALLWERK_")},
            "DATA_DIR": str(data),
            "DATABASE_URL": database_url or f"sqlite:///{data}/fallwerk.db",
            "WORKERS": str(workers),
            "FALLWERK_MASTER_KEY_FILE": str(data / "master.key"),
            "FALLWERK_COMPACTION_DELAY_S": "0",
            **(env or {}),
        }
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None

    def start(self) -> "Server":
        """Start and wait until it says that it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        key = self.data / "master.key"
        if not key.exists():
            import base64  # noqa: PLC0415

            key.write_text(f"{TEST_KEY.key_id}:{base64.b64encode(TEST_KEY.secret).decode()}\n")
            key.chmod(0o600)
        with (self.data / "log.txt").open("a") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "fallwerk", "serve"],
                env={**self._env, "PORT": str(self.port)},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )
        # A restart that fails must not pass for ready because of where the last one was.
        self.url = ""
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self._process, ready), daemon=True).start()
        if not ready.wait(START_S) or not self.url:
            self.kill()
            msg = f"not ready: {self.output}\n{(self.data / 'log.txt').read_text()[-4000:]}"
            raise RuntimeError(msg)
        return self

    def _read(self, process: "subprocess.Popen[str]", ready: threading.Event) -> None:
        if process.stdout is None:
            raise RuntimeError("the server's output is not a pipe")
        with process.stdout as lines:
            for line in lines:
                self.output.append(line)
                found = re.search(r"Ready:?\s+(https?://\S+?:(\d+))", line)
                if found:
                    self.url, self.port = found[1], int(found[2])
                    ready.set()
        ready.set()

    @property
    def pid(self) -> int:
        """Process id of the parent, also of the group."""
        if self._process is None:
            msg = "not started"
            raise RuntimeError(msg)
        return self._process.pid

    def stop(self) -> int:
        """Ask it to stop and wait; return its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self._ended()
        return code

    def kill(self) -> None:
        """Kill the whole group at once, as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(STOP_S)
            self._ended()

    def _ended(self) -> None:
        self._process = None
        if self._reader is not None:
            self._reader.join(STOP_S)

    def log(self) -> str:
        """What it wrote to its log so far."""
        return (self.data / "log.txt").read_text()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
