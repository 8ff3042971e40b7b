"""
Write docs/conformance.md: each row of docs/requirements.md with the tests that carry it.

Outcomes come from build/test-results.json, which `make test` writes; a test that is not in it counts as not run, and a
row counts as done only if all of its tests passed.
"""

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
REQUIREMENTS: Final = ROOT / "docs" / "requirements.md"
REPORT: Final = ROOT / "docs" / "conformance.md"
RESULTS: Final = ROOT / "build" / "test-results.json"
ROW: Final = re.compile(r"^\| ([A-Z]-\d\d) \|")
HEADING: Final = re.compile(r"^(##+ .+)$")
NOT_RUN: Final = "not run"
PASSED: Final = "passed"

HEAD: Final = """\
# Conformance

Written by `make docs` from the marks in the tests and the results of the last `make test`; do not edit. The rules
themselves stand in [requirements.md](requirements.md). *passed*: every test of the row passed. *open*: no test carries
the row yet. A number in brackets counts the parameters a test ran with, each engine among them.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A requirement and the heading it stands under."""

    heading: str
    row: str


def rows(text: str) -> list[Row]:
    """Return the table's rows in their order."""
    found: list[Row] = []
    section = part = ""
    for line in text.splitlines():
        if heading := HEADING.match(line):
            level, _, title = heading[1].partition(" ")
            section, part = (title, "") if level == "##" else (section, title)
        elif row := ROW.match(line):
            found.append(Row(f"{section}: {part}" if part else section, row[1]))
    return found


def collect() -> dict[str, list[str]]:
    """Return each test that exists now with the rows it carries."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "collected.json"
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
        done = subprocess.run([*command, "--results", file], cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"The tests cannot be collected:\n{done.stdout}{done.stderr}")
        return {node: test["rows"] for node, test in json.loads(file.read_text()).items()}


def outcomes() -> dict[str, str]:
    """Return the last run's outcome of each test."""
    if not RESULTS.exists():
        return {}
    return {node: test["outcome"] for node, test in json.loads(RESULTS.read_text()).items()}


def state_of(found: list[str]) -> str:
    """Sum the outcomes of a row's tests up in one word; the worst one counts."""
    if not found:
        return "open"
    for outcome in ("failed", "error", "skipped", NOT_RUN):
        if outcome in found:
            return outcome if outcome == NOT_RUN else f"**{outcome}**"
    return PASSED


def report(requirements: list[Row], tests: dict[str, list[str]], results: dict[str, str]) -> str:
    """Return the report's text."""
    by_row: dict[str, list[str]] = defaultdict(list)
    for node, carried in sorted(tests.items()):
        for row in carried:
            by_row[row].append(node)
    states = {entry.row: state_of([results.get(node, NOT_RUN) for node in by_row[entry.row]]) for entry in requirements}
    counts = Counter(states.values())
    summary = ", ".join(f"{counts[state]} {state}" for state in sorted(counts))
    lines = [HEAD, f"{len(requirements)} rows: {summary}."]
    heading = ""
    for entry in requirements:
        if entry.heading != heading:
            heading = entry.heading
            lines += ["", f"## {heading}", "", "| row | state | tests |", "|---|---|---|"]
        lines.append(f"| {entry.row} | {states[entry.row]} | {cell(by_row[entry.row])} |")
    return "\n".join(lines) + "\n"


def cell(nodes: list[str]) -> str:
    """Name each test once, with the number of parameters it ran with."""
    counted = Counter(node.partition("[")[0] for node in nodes)
    names = [f"`{name}`" + (f" ({count})" if count > 1 else "") for name, count in sorted(counted.items())]
    return "<br>".join(names)


def main() -> None:
    """Write the report and say what it came to."""
    text = report(rows(REQUIREMENTS.read_text()), collect(), outcomes())
    REPORT.write_text(text)
    print(next(line for line in text.splitlines() if " rows: " in line))


if __name__ == "__main__":
    main()
