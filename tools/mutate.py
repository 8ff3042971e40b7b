"""
Break each marked rule by a listed one-line change and expect its tests to fail.

`tests/mutations.toml` lists the changes:

    [[mutation]]
    rows = ["S-16"]                                # the rules it breaks
    file = "src/fallwerk/domain/identcase/rules.py"
    find = "if holder is not None:"                # stands exactly once in the file
    replace = "if False:"
    tests = ["tests/api/test_start.py::test_x"]    # or files, or `-k part`; left out: the rows' tests

Every change is made in a copy of the tree. A mutant counts as killed only by a test that ran and failed: an import
error, a broken fixture or a time-out is trouble of its own. The exit code is 1 if a mutant survives or gives trouble,
with `--strict` also if a marked row has no mutation.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fallwerk.kit.clock import monotonic_s  # noqa: E402 - the path above comes first
from tests.support.databases import RUNNING  # noqa: E402
from tests.support.postgres import start_postgres  # noqa: E402

LIST: Final = ROOT / "tests" / "mutations.toml"
LEFT_OUT: Final = (".git", ".venv", "build", "dist", "data", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info")
LINKED: Final = ("node_modules",)
TIMEOUT_S: Final = 600
PYTEST: Final = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider")
RED: Final = 1
GREEN: Final = 0

Collected = dict[str, list[str]]
"""Node id → rows it carries."""


class WrongEntry(Exception):
    """An entry of the list cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One entry of the list with the tests it selects."""

    rows: tuple[str, ...]
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]

    @property
    def title(self) -> str:
        """One line for the report."""
        return f"{' '.join(self.rows):12} {self.file}: {self.find.strip()!r} → {self.replace.strip()!r}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant: `killed`, `SURVIVED` or `TROUBLE`."""

    word: str
    detail: str
    seconds: float


class Trees:
    """Copies of the working tree in one temporary folder, and runs of tests in them."""

    def __init__(self, folder: Path, postgres_url: str) -> None:
        self.folder = folder
        self.environment = {**os.environ, RUNNING: postgres_url, "PYTHONDONTWRITEBYTECODE": "1", "CI": "true"}

    def copy(self, name: str) -> Path:
        """Copy the tree; what is large and unchanged is linked."""
        tree = self.folder / name
        shutil.copytree(ROOT, tree, ignore=shutil.ignore_patterns(*LEFT_OUT, *LINKED))
        (tree / ".venv").symlink_to(Path(sys.prefix))
        for linked in (found for name in LINKED for found in (ROOT / "tests").rglob(name)):
            (tree / linked.relative_to(ROOT)).symlink_to(linked)
        return tree

    def run(self, tree: Path, *arguments: str) -> tuple[int, str]:
        """Run pytest on a copy; return its exit code (-1: it hung) and its output."""
        environment = {**self.environment, "PYTHONPATH": str(tree / "src")}
        # The package is installed from the working tree too: prove that the copy is the one that gets imported.
        prove = (sys.executable, "-c", "import fallwerk; print(fallwerk.__file__)")
        imported = subprocess.run(prove, cwd=tree, env=environment, check=True, capture_output=True, text=True).stdout
        if not imported.startswith(str(tree)):
            raise RuntimeError(f"The tests would import {imported.strip()} instead of the copy.")
        # Into a file: a process that a killed test left behind would keep a pipe open.
        with (tree / "output.txt").open("wb") as output:
            process = subprocess.Popen(
                [*PYTEST, *arguments],
                cwd=tree,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                code = process.wait(TIMEOUT_S)
            except BaseException as reason:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if not isinstance(reason, subprocess.TimeoutExpired):
                    raise
                code = -1
        return code, (tree / "output.txt").read_text(errors="replace")

    def collect(self, tree: Path) -> Collected:
        """Return every test of the tree with its rows."""
        code, output = self.run(tree, "--collect-only", "--results", "collected.json")
        if code != GREEN:
            raise WrongEntry(f"The tests cannot be collected:\n{output}")
        tests = json.loads((tree / "collected.json").read_text())
        return {node: test["rows"] for node, test in tests.items()}

    def run_tests(self, tree: Path, tests: Iterable[str], *options: str) -> tuple[int, str]:
        """Run the tests by node id, handed over in a file as there may be thousands."""
        (tree / "selected.txt").write_text("".join(f"{test}\n" for test in sorted(tests)))
        return self.run(tree, *options, "@selected.txt")

    def judge(self, number: int, mutation: Mutation) -> Verdict:
        """Apply one mutation to a copy of its own and run its tests there."""
        start = monotonic_s()
        tree = self.copy(f"mutant-{number}")
        file = tree / mutation.file
        file.write_text(file.read_text().replace(mutation.find, mutation.replace))
        code, output = self.run_tests(tree, mutation.tests, "-x", "--results", "results.json")
        failed: list[str] = []
        if code == RED:
            results = json.loads((tree / "results.json").read_text())
            failed = [node for node, test in results.items() if test["outcome"] == "failed"]
        shutil.rmtree(tree)
        seconds = monotonic_s() - start
        if failed:
            return Verdict("killed", failed[0], seconds)
        if code == GREEN:
            return Verdict("SURVIVED", f"{len(mutation.tests)} tests passed", seconds)
        return Verdict("TROUBLE", f"no test failed by itself (exit {code}):\n{output[-1500:]}", seconds)


def read_list(collected: Collected) -> list[Mutation]:
    """Read and check every entry: the line is there once, the result compiles, tests carry the rows."""
    if not LIST.exists():
        raise WrongEntry(f"{LIST.relative_to(ROOT)} is missing.")
    return [checked(entry, collected) for entry in tomllib.loads(LIST.read_text()).get("mutation", [])]


def checked(entry: dict[str, object], collected: Collected) -> Mutation:
    """Turn an entry into a mutation, or say what is wrong with it."""
    rows, file, find, replace = placed(entry)
    return Mutation(rows, file, find, replace, select(rows, strings(entry.get("tests", [])), collected))


def placed(entry: dict[str, object]) -> tuple[tuple[str, ...], str, str, str]:
    """Return rows, file, text and its replacement of an entry; refuse it if it does not fit the sources."""
    unknown = entry.keys() - {"rows", "file", "find", "replace", "tests"}
    missing = {"rows", "file", "find", "replace"} - entry.keys()
    if unknown or missing:
        raise WrongEntry(f"{entry}: unknown {sorted(unknown)}, missing {sorted(missing)}")
    rows, file, find, replace = strings(entry["rows"]), str(entry["file"]), str(entry["find"]), str(entry["replace"])
    if not (ROOT / file).is_file():
        raise WrongEntry(f"{rows} {file}: no such file")
    text = (ROOT / file).read_text()
    if text.count(find) != 1:
        raise WrongEntry(f"{rows} {file}: {find!r} stands there {text.count(find)} times, not once")
    if find == replace:
        raise WrongEntry(f"{rows} {file}: {find!r} is replaced by itself")
    if file.endswith(".py"):
        try:
            compile(text.replace(find, replace), file, "exec")
        except SyntaxError as error:
            raise WrongEntry(f"{rows} {file}: {replace!r} does not compile: {error}") from error
    return rows, file, find, replace


def select(rows: tuple[str, ...], wanted: tuple[str, ...], collected: Collected) -> tuple[str, ...]:
    """Return node ids: those that `tests` names, else all of the rows; one of them at least carries each row."""
    chosen: set[str] = set()
    for name in wanted:
        found = {node for node in collected if matches(node, name)}
        if not found:
            raise WrongEntry(f"{rows}: {name!r} names no test")
        chosen |= found
    if not wanted:
        chosen = {node for node, carried in collected.items() if not set(rows).isdisjoint(carried)}
    unproven = set(rows) - {row for node in chosen for row in collected[node]}
    if unproven:
        raise WrongEntry(f"{rows}: none of the chosen tests carries {sorted(unproven)}")
    return tuple(sorted(chosen))


def matches(node: str, name: str) -> bool:
    """Whether a node id is the file, the test or one of its parameters, or contains what follows `-k`."""
    if name.startswith("-k "):
        return name.removeprefix("-k ").strip() in node
    return node == name or node.startswith((f"{name}::", f"{name}["))


def strings(value: object) -> tuple[str, ...]:
    """Return a list of the file as strings; a single string is a list of one."""
    return tuple(str(item) for item in value) if isinstance(value, list) else (str(value),)


def report(mutations: Sequence[Mutation], trees: Trees, jobs: int) -> int:
    """Judge all mutants, print a line for each as it is done, return how many were not killed."""
    not_killed = 0
    with ThreadPoolExecutor(jobs) as pool:
        verdicts = pool.map(trees.judge, range(len(mutations)), mutations)
        for mutation, verdict in zip(mutations, verdicts, strict=True):
            not_killed += verdict.word != "killed"
            print(f"{verdict.word:8} {verdict.seconds:5.1f} s  {mutation.title}\n{'':19}{verdict.detail}", flush=True)
    return not_killed


def mutate(options: argparse.Namespace, trees: Trees) -> int:
    """Check the list, check that everything passes unbroken, then judge; return the exit code."""
    tree = trees.copy("unbroken")
    collected = trees.collect(tree)
    mutations = read_list(collected)
    if options.row:
        mutations = [mutation for mutation in mutations if not set(options.row).isdisjoint(mutation.rows)]
    if not mutations:
        raise WrongEntry("No mutation is listed.")
    covered = {row for mutation in mutations for row in mutation.rows}
    marked = {row for rows in collected.values() for row in rows}
    selected = {test for mutation in mutations for test in mutation.tests}
    print(f"{len(mutations)} mutations, {len(selected)} tests; unbroken first.", flush=True)
    code, output = trees.run_tests(tree, selected, "-n", str(options.jobs))
    if code != GREEN:
        raise WrongEntry(f"Unbroken, the tests do not pass (exit {code}):\n{output[-4000:]}")
    not_killed = report(mutations, trees, options.jobs)
    open_rows = [] if options.row else sorted(marked - covered)
    print(f"{len(mutations) - not_killed} of {len(mutations)} killed.")
    if open_rows:
        print(f"{len(open_rows)} marked rows without a mutation: {' '.join(open_rows)}")
    return int(bool(not_killed or (options.strict and open_rows)))


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description="Break each marked rule and expect its tests to fail.")
    parser.add_argument("--row", action="append", default=[], help="only mutations of this row; may be repeated")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at the same time")
    parser.add_argument("--strict", action="store_true", help="fail also if a marked row has no mutation")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fallwerk-mutate-") as folder, start_postgres() as server:
        try:
            return mutate(options, Trees(Path(folder).resolve(), server.url))
        except WrongEntry as error:
            print(error, file=sys.stderr)
            return 2


if __name__ == "__main__":
    sys.exit(main())
