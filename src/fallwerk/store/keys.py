"""Where master keys come from: the setting, or a file that only its owner can read."""

import base64
import binascii
import os
import secrets
from pathlib import Path
from typing import Final

from fallwerk.store.sealing import MasterKey

KEY_BYTES: Final = 32
MAX_KEY_ID: Final = 0xFFFF


class KeysUnreadable(Exception):
    """The master keys are missing or malformed; the message says what to do and never shows a key."""


def parse_keys(text: str) -> tuple[MasterKey, ...]:
    """
    Read keys, newest first, separated by commas or line ends, each `id:base64` or base64 alone (then id 1).

    Raises:
        KeysUnreadable: malformed, a wrong length, an id twice.
    """
    keys = [_parse_key(part.strip()) for part in text.replace("\n", ",").split(",") if part.strip()]
    if not keys:
        msg = "no master key given"
        raise KeysUnreadable(msg)
    if len({key.key_id for key in keys}) != len(keys):
        msg = "two master keys carry one id"
        raise KeysUnreadable(msg)
    return tuple(keys)


def _parse_key(part: str) -> MasterKey:
    number, _, encoded = part.rpartition(":")
    try:
        secret = base64.b64decode(encoded, validate=True)
        key_id = int(number) if number else 1
    except (binascii.Error, ValueError):
        msg = "a master key must read id:base64"
        raise KeysUnreadable(msg) from None
    if len(secret) != KEY_BYTES or not 1 <= key_id <= MAX_KEY_ID:
        msg = f"a master key must hold {KEY_BYTES} bytes and an id from 1 to {MAX_KEY_ID}"
        raise KeysUnreadable(msg)
    return MasterKey(key_id, secret)


class KeyFile:
    """A file of master keys, newest first, one `id:base64` a line, mode 0600, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> tuple[MasterKey, ...]:
        """
        Read the keys.

        Raises:
            KeysUnreadable: missing or malformed.
        """
        try:
            return parse_keys(self.path.read_text("ascii"))
        except FileNotFoundError:
            msg = f"the master key file {self.path} does not exist"
            raise KeysUnreadable(msg) from None

    def read_or_create(self) -> tuple[MasterKey, ...]:
        """Read the keys; make the first one if there is no file. Processes that start together agree on one."""
        if not self.path.exists():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write_new((new_key(1),))
        return self.read()

    def replace(self, keys: tuple[MasterKey, ...]) -> None:
        """Put other keys in place of the present ones, durably; the old file's bytes are overwritten first."""
        temporary = self.path.with_suffix(".new")
        _write_durably(temporary, _render(keys))
        size = self.path.stat().st_size if self.path.exists() else 0
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
        temporary.replace(self.path)
        try:
            # The old file has no name any more; what it held must not stay readable on the volume.
            os.pwrite(descriptor, b"\0" * size, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        _sync_folder(self.path.parent)

    def _write_new(self, keys: tuple[MasterKey, ...]) -> None:
        temporary = self.path.with_suffix(f".{os.getpid()}")
        _write_durably(temporary, _render(keys))
        try:
            os.link(temporary, self.path)
        except FileExistsError:
            pass  # Another process was first; its key is the one to use.
        finally:
            temporary.unlink()
        _sync_folder(self.path.parent)


def new_key(key_id: int) -> MasterKey:
    """Make a master key from the operating system's random source."""
    return MasterKey(key_id, secrets.token_bytes(KEY_BYTES))


def _render(keys: tuple[MasterKey, ...]) -> bytes:
    return b"".join(b"%d:%b\n" % (key.key_id, base64.b64encode(key.secret)) for key in keys)


def _write_durably(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
