"""The tools that judge the tests: a wrong mutation list is refused, a report never shows more than was proven."""

import tomllib

import pytest

from tools import conformance, mutate

CLOCK = "src/fallwerk/kit/clock.py"
COLLECTED = {
    "tests/a.py::test_one": ["S-16"],
    "tests/a.py::test_two[sqlite]": ["S-16", "S-31"],
    "tests/b.py::test_x": [],
}
ENTRY = {"rows": ["S-16"], "file": CLOCK, "find": "return time.monotonic()", "replace": "return 0.0"}


def test_a_mutation_without_tests_takes_those_of_its_rows():
    mutation = mutate.checked(ENTRY, COLLECTED)
    assert mutation.tests == ("tests/a.py::test_one", "tests/a.py::test_two[sqlite]")


@pytest.mark.parametrize("name", ["tests/a.py", "tests/a.py::test_two", "tests/a.py::test_two[sqlite]", "-k two"])
def test_a_mutation_names_its_tests_by_file_test_parameter_or_part(name):
    mutation = mutate.checked({**ENTRY, "tests": [name]}, COLLECTED)
    assert "tests/a.py::test_two[sqlite]" in mutation.tests


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"find": "no such line"}, "0 times"),
        ({"find": "return"}, "times, not once"),
        ({"replace": "return 0.0)"}, "does not compile"),
        ({"replace": ENTRY["find"]}, "by itself"),
        ({"file": "src/fallwerk/nothing.py"}, "no such file"),
        ({"rows": ["S-99"]}, "none of the chosen tests carries"),
        ({"tests": ["tests/b.py"]}, "none of the chosen tests carries"),
        ({"tests": ["tests/c.py"]}, "names no test"),
        ({"test": ["tests/a.py"]}, "unknown"),
    ],
)
def test_a_mistake_in_the_list_is_refused(change, message):
    with pytest.raises(mutate.WrongEntry, match=message):
        mutate.checked({**ENTRY, **change}, COLLECTED)


def test_every_entry_of_the_list_fits_the_sources_and_names_tests_that_exist():
    written = "\n".join(path.read_text() for path in (mutate.ROOT / "tests").rglob("test_*.py"))
    stale = []
    for entry in tomllib.loads(mutate.LIST.read_text())["mutation"]:
        try:
            mutate.placed(entry)
        except mutate.WrongEntry as wrong:
            stale.append(str(wrong))
        # Which parameters a test has only its collection tells; here its name must stand somewhere.
        for name in mutate.strings(entry.get("tests", [])):
            test = name.removeprefix("-k ").rsplit("::", 1)[-1].partition("[")[0].strip()
            if not (mutate.ROOT / test).is_file() and test not in written:
                stale.append(f"{entry['rows']}: {name!r} names no test")
    assert stale == []


def test_the_report_shows_a_row_as_passed_only_if_all_of_its_tests_passed():
    requirements = [conformance.Row("Start", row) for row in ("S-16", "S-31", "S-32")]
    results = {"tests/a.py::test_one": "passed", "tests/a.py::test_two[sqlite]": "failed"}
    text = conformance.report(requirements, COLLECTED, results)
    assert "3 rows: 2 **failed**, 1 open." in text
    assert "| S-16 | **failed** | `tests/a.py::test_one`<br>`tests/a.py::test_two` |" in text
    assert "| S-32 | open |  |" in text


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([], "open"),
        (["passed"], "passed"),
        (["passed", "not run"], "not run"),
        (["passed", "skipped"], "**skipped**"),
        (["passed", "error"], "**error**"),
    ],
)
def test_the_worst_outcome_of_a_row_counts(outcomes, state):
    assert conformance.state_of(outcomes) == state


def test_the_report_has_every_row_of_the_requirements_once():
    rows = conformance.rows(conformance.REQUIREMENTS.read_text())
    assert len(rows) == len({entry.row for entry in rows})
    assert rows[0] == conformance.Row("S – POSTIDENT SCR-Ident: start (START): Request", "S-01")
