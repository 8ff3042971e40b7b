"""`fallwerk backup`: one file with everything, keys included, and the way back."""

import sys
from pathlib import Path

import typer

from fallwerk.cli.session import ask
from fallwerk.settings import StartRefused

app = typer.Typer(no_args_is_help=True, help="Back the whole system up into one file, and restore it.")

FAILED = 1
PASSPHRASE = typer.Option(None, "--passphrase-file", help="File whose first line protects the keys in the backup.")


@app.command()
def create(target: Path, passphrase_file: Path | None = PASSPHRASE) -> None:
    """Write a backup, and note it in the audit log; the server may run meanwhile."""
    from fallwerk.app import back_up
    from fallwerk.cli.serve import settings_or_exit

    try:
        passphrase = _passphrase(passphrase_file)
        rows = back_up(settings_or_exit(), target, passphrase)
    except StartRefused as refused:
        raise _failed(refused) from None
    try:
        ask("POST", "backups", {"rows": rows, "keysEncrypted": passphrase is not None})
    except typer.Exit:
        # What left no trace in the audit log is not to be lying about.
        target.unlink()
        raise
    typer.echo(f"{target}: {rows} rows.")


@app.command()
def restore(source: Path, passphrase_file: Path | None = PASSPHRASE) -> None:
    """Restore a backup into an empty database; the server must not run."""
    from fallwerk.app import restore as restore_system
    from fallwerk.cli.serve import settings_or_exit

    try:
        rows = restore_system(settings_or_exit(), source, _passphrase(passphrase_file))
    except StartRefused as refused:
        raise _failed(refused) from None
    typer.echo(f"{source}: {rows} rows restored.")


def _passphrase(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text("utf-8").splitlines()[0]
    except (OSError, IndexError):
        sys.stderr.write(f"fallwerk: {file} holds no passphrase\n")
        raise typer.Exit(FAILED) from None


def _failed(refused: StartRefused) -> typer.Exit:
    sys.stderr.write(f"fallwerk: {refused}\n")
    return typer.Exit(FAILED)
