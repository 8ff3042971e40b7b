"""
The rows of docs/requirements.md in a test run.

`--req S-16` runs the tests that carry a row; `--results FILE` writes what became of each test, for `make docs`, and
with `--collect-only` which tests there are.
"""

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

PROPERTY = "req"
NOT_RUN = "not run"
ERROR = "error"


class Results:
    """Collects each test's rows and outcome in the process that gets all reports."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.tests: dict[str, dict[str, object]] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Without a run, list the tests."""
        if session.config.option.collectonly:
            self.tests = {item.nodeid: {"rows": rows_of(item), "outcome": NOT_RUN} for item in session.items}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the call's outcome: passed, failed or skipped; `error` when setting up or tearing down failed."""
        known = self.tests.setdefault(report.nodeid, {"rows": rows_in(report.user_properties), "outcome": NOT_RUN})
        if report.when == "call" or report.skipped:
            known["outcome"] = report.outcome
        elif report.failed:
            known["outcome"] = ERROR

    def pytest_sessionfinish(self) -> None:
        """Write the file, sorted so that two runs differ only where the tests do."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps(self.tests, indent=1, sort_keys=True) + "\n")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fallwerk")
    group.addoption("--req", action="append", default=[], metavar="ROW", help="run only tests that carry this row")
    group.addoption("--results", type=Path, metavar="FILE", help="write each test's rows and outcome")


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")
    if config.option.results is not None and not is_worker:
        config.pluginmanager.register(Results(config.option.results))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = set(config.option.req)
    for item in items:
        item.user_properties.append((PROPERTY, rows_of(item)))
    if wanted:
        left_out = [item for item in items if wanted.isdisjoint(rows_of(item))]
        items[:] = [item for item in items if not wanted.isdisjoint(rows_of(item))]
        config.hook.pytest_deselected(items=left_out)


def rows_of(item: pytest.Item) -> list[str]:
    return sorted({str(row) for mark in item.iter_markers("req") for row in mark.args})


def rows_in(properties: Iterable[tuple[str, object]]) -> object:
    return next((value for name, value in properties if name == PROPERTY), [])
