"""The size gate: a file or function that grows past these limits becomes two."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("src", "tests", "benchmarks", "tools")
FILE_LINES = 500
TEST_FILE_LINES = 800
FUNCTION_LINES = 60
GENERATED = "migrations/versions"
"""Alembic writes these: one step of the schema is one function, however many tables it makes."""


def too_large(root: Path) -> list[str]:
    """One line for each file and function over its limit; a function counts with its docstring and inner functions."""
    found: list[str] = []
    for folder in FOLDERS:
        for file in sorted((root / folder).rglob("*.py")):
            text = file.read_text()
            name = file.relative_to(root)
            limit = TEST_FILE_LINES if folder == "tests" else FILE_LINES
            lines = len(text.splitlines())
            if lines > limit:
                found.append(f"{name} has {lines} lines, at most {limit} are allowed")
            if GENERATED not in name.as_posix():
                found.extend(f"{name}:{problem}" for problem in long_functions(text))
    return found


def long_functions(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{node.lineno} {node.name} has {lines} lines, at most {FUNCTION_LINES} are allowed"


def test_no_file_or_function_is_too_large():
    assert too_large(ROOT) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/fallwerk/kit/forms.py", "x = 1\n" * (FILE_LINES + 1)),
        ("tools/mutate.py", "x = 1\n" * (FILE_LINES + 1)),
        ("tests/test_forms.py", "x = 1\n" * (TEST_FILE_LINES + 1)),
        ("benchmarks/run.py", "async def run():\n" + "    x = 1\n" * FUNCTION_LINES),
    ],
)
def test_one_line_over_a_limit_is_found(tmp_path, name, text):
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    found = too_large(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("src/fallwerk/kit/forms.py", "x = 1\n" * FILE_LINES),
        ("tests/test_forms.py", "x = 1\n" * TEST_FILE_LINES),
        ("src/fallwerk/kit/ids.py", "def run():\n" + "    x = 1\n" * (FUNCTION_LINES - 1)),
    ],
)
def test_the_limit_itself_is_allowed(tmp_path, name, text):
    file = tmp_path / name
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert too_large(tmp_path) == []
