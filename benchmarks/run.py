"""
Measure everything that `docs/performance.md` quotes and print one table.

    python benchmarks/run.py [--quick] [--only NAME]... [--write]

`--quick` shortens the runs, `--only` takes the scripts named, `--write` puts the table into `docs/performance.md`.
"""

import argparse
import importlib
import os
import platform
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import psutil
from harness import ROOT, Figure, note, show

from tests.support.postgres import binaries

SCRIPTS: Final = (
    "start_rate",
    "start_latency",
    "result_list",
    "many_cases",
    "webhook_rate",
    "portal_page",
    "encrypted_results",
    "customer_create",
    "coupon",
    "token_rate",
    "bearer",
    "loan_rate",
    "document_upload",
    "loop_block",
    "memory",
    "start_time",
)
DOCUMENT: Final = ROOT / "docs" / "performance.md"
BEGIN: Final = "<!-- measured: written by benchmarks/run.py -->"
END: Final = "<!-- end of measured -->"
LIBRARIES: Final = (
    "uvicorn",
    "uvloop",
    "httptools",
    "starlette",
    "pydantic",
    "SQLAlchemy",
    "psycopg",
    "cryptography",
    "joserfc",
)
BUSY_SHARE: Final = 0.25
"""Processor time of others above which the host does not count as quiet."""

PREFACE: Final = """\
# Performance

`make bench` measures every figure below; `make bench ARGS="--quick --only start_rate"` is a shorter run of one. The
load generator, the server and the database share the machine. A machine's own speed drifts, so nothing is judged by an
absolute rate where a ratio can be had: what is compared runs side by side, in alternating rounds, and the median of the
rounds counts.

* Every answer that is counted came after its durable commit: SQLite with `synchronous=FULL`, PostgreSQL with its own
  defaults (`fsync` and `synchronous_commit` on). Afterwards cases, audit events and outbox rows are counted; a run in
  which they do not match the answers has no result.
* The server runs as `fallwerk serve` with one process and its default settings: request log, request journal, metrics
  and the worker with the sealing of the audit log included.
* The bare ASGI application has the same uvicorn settings and runs START's schema code on the same body. It stores
  nothing, knows no accounts and writes no log: it is the limit, not a rival.
* The open loop sends on a kernel timer whether or not answers come, and counts latency from the instant at which a
  request was due.
"""


def main() -> int:
    """Run; return 1 if a target was missed."""
    parser = argparse.ArgumentParser(description="Measure what docs/performance.md quotes.")
    parser.add_argument("--quick", action="store_true", help="shorter runs, less trustworthy")
    parser.add_argument("--only", action="append", choices=SCRIPTS, metavar="NAME", help=f"one of {', '.join(SCRIPTS)}")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    arguments = parser.parse_args()
    begun = datetime.now(UTC)
    busy = psutil.cpu_percent(interval=1) / 100
    figures: list[Figure] = []
    for name in arguments.only or SCRIPTS:
        note(name)
        found = importlib.import_module(name).measure(arguments.quick)
        show(found)
        figures += found
    report = "\n\n".join((host(begun, busy, quick=arguments.quick), table(figures)))
    print(f"\n{report}")
    if arguments.write:
        write(DOCUMENT, report)
    return 0 if all(figure.met for figure in figures) else 1


def table(figures: Sequence[Figure]) -> str:
    """Render the figures as a table in Markdown, aligned for the terminal too."""
    head = ("figure", "engine", "target", "measured", "", "detail")
    verdicts = {True: "met", False: "missed"}
    rows = [
        (figure.name, figure.engine, figure.target_text, figure.value_text, verdicts[figure.met], figure.detail)
        for figure in figures
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)]
    rule = " | ".join("-" * max(width, 3) for width in widths)
    return "\n".join(f"| {line} |" for line in (lines[0], rule, *lines[1:]))


def host(begun: datetime, busy: float, *, quick: bool) -> str:
    """Tell when, where and with what was measured."""
    memory = psutil.virtual_memory().total / 2**30
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    state = "quiet before" if busy < BUSY_SHARE else f"{busy:.0%} busy with other work before: take it with care"
    system = f"{platform.system()} {platform.release()}"
    lines = (
        f"{begun:%Y-%m-%d %H:%M} UTC, {'quick' if quick else 'full'} run, Fallwerk {version('fallwerk')}",
        f"host: {processor()}, {os.cpu_count()} processors, {memory:.0f} GiB, {system}; {state}",
        f"engines: SQLite {sqlite3.sqlite_version}, {postgres_version()}",
        f"Python {platform.python_version()}, {libraries}",
    )
    return "\n".join(f"* {line}" for line in lines)


def processor() -> str:
    """Return the processor's name."""
    path = Path("/proc/cpuinfo")
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def postgres_version() -> str:
    """Return the name and version of the PostgreSQL that is measured."""
    return (
        os.popen(f"{binaries() / 'postgres'} --version").read().strip().replace("postgres (PostgreSQL)", "PostgreSQL")
    )


def write(document: Path, report: str) -> None:
    """Replace the measured part; what people wrote below it stays."""
    after = ""
    if document.exists() and END in (present := document.read_text("utf-8")):
        after = present.partition(END)[2]
    document.write_text(f"{PREFACE}\n{BEGIN}\n\n{report}\n\n{END}{after or chr(10)}", "utf-8")


if __name__ == "__main__":
    sys.exit(main())
