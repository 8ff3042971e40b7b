"""
Whatever a service can raise stands in the table of every API that calls it (house-style.md "Errors").

The test reads the source: from each API's folder it follows calls into the domain, and from there, through the unit of
work, into the store, and collects the domain errors that are raised on the way.
"""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from fallwerk.dialects.kex.problems import COMMON as KEX_COMMON
from fallwerk.dialects.policenwerk.envelope import COMMON as POLICENWERK_COMMON
from fallwerk.dialects.scr.envelope import COMMON
from fallwerk.domain.errors import DomainError, StoreUnavailable
from fallwerk.store.unit import Unit

SOURCE = Path(__file__).parent.parent / "src" / "fallwerk"
FOLLOWED = ("fallwerk.domain.", "fallwerk.store.", "fallwerk.sim.", "fallwerk.app", "fallwerk.dialects.kex.uploads")
TABLES = {
    "apis.scr_start": COMMON,
    "apis.scr_delivery": COMMON,
    "apis.policenwerk_customer": POLICENWERK_COMMON,
    "neighbours.scr_results": COMMON,
    "own.admin": {},
    "own.sandbox": {},
    "own.token": {},
    "apis.kex_update": KEX_COMMON,
    "apis.kex_status": KEX_COMMON,
    "neighbours.kex_import": KEX_COMMON,
    "neighbours.kex_antragsdokumente": KEX_COMMON,
    "neighbours.kex_export": KEX_COMMON,
}
"""API → what its dialect renders for all of its APIs."""
CAUGHT = {"own.sandbox": {"IllegalStep", "MethodNotOffered"}, "own.admin": {"ReferenceIdTaken"}}
"""Errors that a handler renders itself, with what only it knows; the test below checks that it does."""
GIVEN = {
    "own.admin": ("fallwerk.app.system", "rotate_keys"),
    "apis.scr_start": ("fallwerk.domain.coupon.service", "issue_once"),
}
"""What the composition root hands to an API."""


@cache
def tree(module: str) -> ast.Module | None:
    path = SOURCE.joinpath(*module.split(".")[1:])
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return ast.parse(file.read_text())
    return None


@cache
def imported(module: str) -> dict[str, tuple[str, str]]:
    """Name in a module → module and name where it comes from."""
    found = {}
    for node in ast.walk(tree(module) or ast.Module([], [])):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {name.asname or name.name: (node.module, name.name) for name in node.names}
    return found


@cache
def functions(module: str) -> dict[str, ast.AST]:
    """Functions and methods of a module by name; methods of one name in several classes count as one."""
    found: dict[str, ast.AST] = {}
    for node in ast.walk(tree(module) or ast.Module([], [])):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            both = [*getattr(found.get(node.name), "body", []), node]
            found[node.name] = ast.Module(both, [])
    return found


@cache
def repositories() -> dict[str, str]:
    """Property of the unit of work → module of its repository."""
    found = {}
    for name, value in vars(Unit).items():
        kind = getattr(getattr(value, "func", None), "__annotations__", {}).get("return")
        if kind is not None:
            found[name] = kind.__module__
    return found


def callees(module: str, body: ast.AST) -> Iterator[tuple[str, str]]:
    """Functions of ours that a piece of code names: called, or handed on to be called."""
    names, own = imported(module), functions(module)
    for node in ast.walk(body):
        if isinstance(node, ast.Name):
            if node.id in names and names[node.id][0].startswith(FOLLOWED):
                yield names[node.id]
            elif node.id in own:
                yield module, node.id
        elif isinstance(node, ast.Attribute):
            if isinstance(node.value, ast.Attribute) and node.value.attr in repositories():
                yield repositories()[node.value.attr], node.attr
            elif isinstance(node.value, ast.Name) and node.value.id == "self" and node.attr in own:
                yield module, node.attr


def raised(module: str, body: ast.AST) -> Iterator[str]:
    for node in ast.walk(body):
        # One that is made counts as one that is raised: batches return the errors of single items.
        thrown = node.func if isinstance(node, ast.Call) else node.exc if isinstance(node, ast.Raise) else None
        if isinstance(thrown, ast.Name):
            origin, name = imported(module).get(thrown.id, (module, thrown.id))
            kind = getattr(importlib.import_module(origin), name, None)
            if isinstance(kind, type) and issubclass(kind, DomainError):
                yield f"{kind.__module__}.{kind.__qualname__}"


def reachable(start: list[tuple[str, ast.AST]]) -> set[str]:
    waiting, seen, errors = list(start), set(), set()
    while waiting:
        module, body = waiting.pop()
        errors |= set(raised(module, body))
        for callee in callees(module, body):
            if callee not in seen:
                seen.add(callee)
                found = functions(callee[0]).get(callee[1])
                if found is not None:
                    waiting.append((callee[0], found))
    return errors


def code_of(api: str) -> list[tuple[str, ast.AST]]:
    folder = SOURCE.joinpath(*api.split("."))
    modules = [f"fallwerk.{api}.{file.stem}" for file in folder.glob("*.py") if file.stem != "__init__"]
    found: list[tuple[str, ast.AST]] = [(module, tree(module)) for module in modules]
    if api in GIVEN:
        module, name = GIVEN[api]
        found.append((module, functions(module)[name]))
    return found


def kind_of(path: str) -> type[DomainError]:
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.req("S-36")
@pytest.mark.parametrize("api", TABLES)
def test_every_error_that_a_service_can_raise_stands_in_the_table_of_its_api(api):
    table = {**importlib.import_module(f"fallwerk.{api}.errors").WIRE, **TABLES[api]}
    errors = {kind_of(path) for path in reachable(code_of(api))} | {StoreUnavailable}
    missing = {kind.__name__ for kind in errors if not any(base in table for base in kind.__mro__)}
    assert missing <= CAUGHT.get(api, set())


@pytest.mark.parametrize("api", CAUGHT)
def test_an_error_that_stands_in_no_table_is_caught_by_its_handler(api):
    nodes = [node for _, module in code_of(api) for node in ast.walk(module)]
    caught = [node.type for node in nodes if isinstance(node, ast.ExceptHandler)]
    caught += [node.args[1] for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance"]
    assert CAUGHT[api] <= {kind.id for kind in caught if isinstance(kind, ast.Name)}


@pytest.mark.parametrize(
    ("api", "names"),
    [
        ("apis.kex_update", {"LoanCaseDeleted", "LoanCaseOutOfReach", "LoanCaseUnknown", "IdempotencyKeyReused"}),
        ("apis.kex_status", {"ApplicationAmbiguous", "ApplicationUnknown", "LoanCaseDeleted", "NumbersDisagree"}),
        ("neighbours.kex_import", {"OwnerOutOfReach", "LoanCaseNumberTaken"}),
        ("neighbours.kex_antragsdokumente", {"ApplicationAmbiguous", "LoanCaseOutOfReach", "IdempotencyKeyReused"}),
        ("neighbours.kex_export", {"LoanCaseUnknown", "LoanCaseDeleted", "LoanCaseOutOfReach"}),
        ("apis.policenwerk_customer", {"IdempotencyKeyReused"}),
        (
            "apis.scr_start",
            {"ReferenceIdTaken", "IdempotencyKeyReused", "CouponNotActive", "CouponLimitReached", "CaseClosed"},
        ),
        (
            "own.admin",
            {"ClientIdTaken", "SettingsRefused", "IllegalStep", "IdempotencyKeyReused", "KeysFromEnvironment"},
        ),
    ],
)
def test_the_reading_of_the_source_finds_what_is_known_to_be_raised(api, names):
    assert names <= {path.rpartition(".")[2] for path in reachable(code_of(api))}
