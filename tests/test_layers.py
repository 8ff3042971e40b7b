"""Who may import whom: the architecture's table, checked in every file, and the check itself checked on wrong trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "fallwerk"
PACKAGE = "fallwerk"

MAY_IMPORT = {
    "kit": set(),
    "client": set(),
    "settings": {"kit"},
    "domain": {"kit"},
    "dialects": {"kit", "domain"},
    "store": {"kit", "domain"},
    "sim": {"kit", "domain"},
    "render": {"kit", "domain"},
    "adapters": {"kit", "domain"},
    "worker": {"kit", "domain", "render"},
    "apis": {"kit", "domain", "dialects"},
    "neighbours": {"kit", "domain", "dialects"},
    "own": {"kit", "domain", "dialects", "sim"},
    "web": {"kit", "domain", "sim", "render"},
    "cli": {"app", "settings", "client"},
    "testing": {"app", "settings", "client"},
    "__main__": {"cli"},
    "__init__": set(),
}
"""`app` is not in the table: it joins everything."""

SEPARATE = {"apis", "neighbours"}
"""Layers whose folders do not see each other."""


def wrong_imports(source: Path) -> list[str]:
    """One line for each import that the table does not allow; `source` is the folder of the package."""
    found = []
    for file in sorted(source.rglob("*.py")):
        own = file.relative_to(source).with_suffix("").parts
        for line, target in imports_of(file, source):
            if own[0] != "app" and not allowed(own, target):
                found.append(f"{file.relative_to(source)}:{line} imports {'.'.join(target)}")
    return found


def allowed(own: tuple[str, ...], target: tuple[str, ...]) -> bool:
    if own[0] == target[0]:
        return own[0] not in SEPARATE or own[1] == "__init__" or target[1:2] == own[1:2]
    return target[0] in MAY_IMPORT.get(own[0], set())


def imports_of(file: Path, source: Path) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and path below the package of each import of ours, those under TYPE_CHECKING and in functions included."""
    package = (PACKAGE, *file.relative_to(source).parent.parts)
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        for name in imported_names(node, package):
            below = name.split(".")[1:]
            if name.split(".")[0] == PACKAGE and below and is_module(source, below[0]):
                yield node.lineno, tuple(below)


def imported_names(node: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        above = package[: len(package) - node.level + 1] if node.level else ()
        start = ".".join([*above, *([node.module] if node.module else [])])
        yield from (f"{start}.{alias.name}" for alias in node.names)
    elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
        yield from (arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str))


def is_module(source: Path, name: str) -> bool:
    """`from fallwerk import __version__` names no module."""
    return (source / name).is_dir() or (source / f"{name}.py").exists()


def layers(source: Path) -> set[str]:
    return {entry.stem for entry in source.iterdir() if entry.suffix == ".py" or any(entry.rglob("*.py"))}


def test_no_layer_imports_another_that_it_may_not():
    assert wrong_imports(SOURCE) == []


def test_every_folder_and_file_of_the_package_is_a_layer_of_the_table():
    assert layers(SOURCE) <= {*MAY_IMPORT, "app"}


WRONG = {
    "kit/ids.py": "from fallwerk.domain.identcase import model",
    "domain/coupon/rules.py": "import fallwerk.store.tables",
    "domain/coupon/service.py": "def late():\n    from fallwerk.adapters import smtp",
    "domain/audit/ports.py": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from fallwerk.store.tables import CASES"
    ),
    "apis/scr_start/routes.py": "from fallwerk.apis.scr_delivery.schema import Result",
    "apis/scr_start/errors.py": "from fallwerk.apis import scr_delivery",
    "apis/scr_delivery/routes.py": "from ..scr_start import schema",
    "apis/scr_delivery/mapping.py": "from fallwerk.store import tables",
    "apis/scr_delivery/errors.py": "import importlib\nimportlib.import_module('fallwerk.store.tables')",
    "store/cases.py": "from fallwerk import settings",
    "own/health/routes.py": "from fallwerk.app import build",
    "cli/serve.py": "from fallwerk.store import tables",
}
RIGHT = {
    "app/system.py": "from fallwerk.store import tables\nfrom fallwerk.apis.scr_start import routes",
    "settings.py": "from fallwerk.kit import clock",
    "cli/main.py": "from fallwerk import app, settings\nfrom fallwerk.cli import serve",
    "apis/scr_start/mapping.py": "from fallwerk.apis.scr_start import schema\nfrom fallwerk.domain.coupon import rules",
    "apis/scr_delivery/schema.py": "from fallwerk import __version__\nimport json",
    "apis/scr_start/schema.py": "from fallwerk.kit import clock",
    "kit/clock.py": "import time",
    "store/tables.py": "from fallwerk.kit.clock import Clock",
    "adapters/smtp.py": "import smtplib",
    "domain/identcase/model.py": "",
}


def write(tree: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = tree / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def test_a_right_tree_is_accepted(tmp_path):
    write(tmp_path, RIGHT)
    assert wrong_imports(tmp_path) == []


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_import_is_found(tmp_path, name):
    write(tmp_path, {**RIGHT, name: WRONG[name]})
    found = wrong_imports(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"{name}:")


def test_a_folder_outside_the_table_is_found(tmp_path):
    write(tmp_path, {**RIGHT, "utils/text.py": ""})
    assert not layers(tmp_path) <= {*MAY_IMPORT, "app"}
