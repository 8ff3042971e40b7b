"""
The documentation says what the software does: every name stands in it, and what it shows happens.

Each `console` block runs in a shell of its document, in order, against a started server; an answer must be as shown,
from its beginning, where `…` stands for anything. A `json` or `python` block that the text before it says to save is
saved.
"""

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import orjson
import pytest
from typer.main import get_command

from fallwerk.apis.policenwerk_customer import openapi as customer_openapi
from fallwerk.apis.policenwerk_customer import schema as customer_schema
from fallwerk.apis.scr_delivery import openapi as delivery_openapi
from fallwerk.apis.scr_start import openapi as start_openapi
from fallwerk.app import announce
from fallwerk.cli.main import app
from fallwerk.domain.account.rules import EVENTS
from fallwerk.domain.identcase import codes, methods_codes
from fallwerk.domain.identcase.lifecycle import NOTIFIED, StatusType
from fallwerk.own.admin.schema import ChangedBrokerBody, SettingsBody
from fallwerk.settings import load_settings
from tests.api.conftest import deploy
from tests.support.databases import Databases
from tests.support.server import Server

ROOT: Final = Path(__file__).resolve().parents[1]
SHOWN: Final = "http://127.0.0.1:8080"
"""Where the documents say that the server is."""
RECEIVER: Final = "9000"
MARK: Final = "\x1e"
NOT_RUN: Final = re.compile(r"(make|pip|\.venv/bin/pip) ")
"""What sets the machine up: the tests' own environment is set up already."""
GENERATED: Final = {"requirements.md", "conformance.md", "performance.md"}


def documents() -> list[Path]:
    """Everything that is written for readers."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "docs" / "apis").glob("*.md"))]
    return [path for path in found if path.name not in GENERATED]


def text_of(*paths: Path) -> str:
    return "\n".join(path.read_text() for path in paths or documents())


# Names.


def commands(command: Any, path: str) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        yield from commands(command.get_command(context, name), f"{path} {name}")


ALL_COMMANDS: Final = dict(commands(get_command(app), "fallwerk"))


@pytest.mark.parametrize("command", ALL_COMMANDS)
def test_every_command_stands_in_the_docs(command):
    assert re.search(rf"{re.escape(command)}\b", text_of())


@pytest.mark.parametrize("command", ALL_COMMANDS)
def test_every_option_of_a_command_stands_beside_it_or_is_a_setting(command):
    options = {name for parameter in ALL_COMMANDS[command].params for name in parameter.opts if name.startswith("--")}
    missing = {name for name in options if f"{name}" not in text_of()}
    assert missing <= {"--json"}, "every account command has --json, which its help explains"


def test_every_documented_command_exists():
    shown = re.findall(r"`(?:\w+=\S+ )*(fallwerk(?: [a-z][a-z-]*)+)", text_of())
    assert shown
    unknown = [one for one in shown if not any(known == one or known.startswith(f"{one} ") for known in ALL_COMMANDS)]
    assert [one for one in unknown if not any(one.startswith(f"{known} ") for known in ALL_COMMANDS)] == []


@pytest.mark.parametrize("name", [*SettingsBody.model_fields, *ChangedBrokerBody.model_fields])
def test_every_setting_of_an_account_stands_in_the_docs(name):
    assert f"`{name}`" in text_of(ROOT / "docs" / "accounts.md")


@pytest.mark.req("D-60")
@pytest.mark.parametrize("event", EVENTS)
def test_every_notification_event_stands_in_the_docs(event):
    assert f"`{event}`" in text_of(ROOT / "docs" / "accounts.md")


@pytest.mark.req("D-60")
def test_the_table_of_delivery_statuses_tells_which_are_notified():
    table = text_of(ROOT / "docs" / "apis" / "scr_delivery.md")
    rows = re.findall(r"^\| `([a-z ]+)` \| `(?:in progress|closed)` \| (\w*) ?\|", table, re.MULTILINE)
    assert {status for status, notified in rows if notified == "yes"} == {status.value for status in NOTIFIED}
    assert len(rows) == 8
    assert {kind.value for kind in StatusType} <= set(EVENTS)


@pytest.mark.req("D-03")
def test_every_sub_status_and_reason_stands_in_the_docs_with_its_description():
    table = text_of(ROOT / "docs" / "apis" / "scr_delivery.md")
    for code, description in (*codes.SUB_STATUSES.items(), *codes.SUB_STATUS_REASONS.items()):
        assert f"{code} {description}" in table


@pytest.mark.req("R-06")
def test_every_code_of_our_own_stands_in_the_docs_with_its_description():
    table = text_of(ROOT / "docs" / "apis" / "scr_results.md")
    for code, description in (*methods_codes.SUB_STATUSES.items(), *methods_codes.SUB_STATUS_REASONS.items()):
        assert f"{code} {description}" in table


def documented_errors(document: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield status, error code and key of every error that an interface description shows."""
    for item in document["paths"].values():
        for operation in item.values():
            for status, answer in operation["responses"].items():
                for example in answer["content"].get("application/json", {}).get("examples", {}).values():
                    body = example["value"]
                    if int(status) >= 400:
                        for entry in body.get("errors") or body["error"]["errors"]:
                            yield status, entry.get("errorcode", ""), entry["key"]


def test_every_error_stands_in_the_table_of_errors_of_its_guide():
    guides = text_of(ROOT / "docs" / "apis" / "scr_start.md", ROOT / "docs" / "apis" / "scr_delivery.md")
    rows = re.findall(r"^\| (\d{3}) \| `?(\d*)`? ?\| (.+?) \|", guides, re.MULTILINE)
    told = {(status, code) for status, code, _ in rows}
    for module in (start_openapi, delivery_openapi):
        for status, code, key in documented_errors(module.document("https://ident.example.org")):
            assert (status, code) in told
            assert status == "400" or any(row[:2] == (status, code) and f"`{key}`" in row[2] for row in rows), key


def test_every_error_code_of_the_source_stands_in_the_guides():
    source = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    found = set(re.findall(r'"(90\d{3})"', source))
    assert found >= {"90001", "90005", "90011", "90016", "90114"}
    guides = text_of(ROOT / "docs" / "apis" / "scr_start.md", ROOT / "docs" / "apis" / "scr_delivery.md")
    assert {code for code in found if f"`{code}`" not in guides} == set()


@pytest.mark.req("P-05")
def test_every_error_of_the_customer_interface_stands_in_its_guide():
    guide = text_of(ROOT / "docs" / "apis" / "policenwerk_customer.md")
    for status, wires in customer_openapi.REFUSALS.items():
        for wire in wires:
            assert re.search(rf"^\| {status} \| \w+ \| `{re.escape(wire.error)}` \|", guide, re.MULTILINE), wire
    messages = [
        value for value in vars(customer_schema).values() if isinstance(value, str) and value.startswith("Das ")
    ]
    for message in (*messages, *customer_schema.NOT_LISTED.values()):
        assert f"`{re.sub('{.*?}', '…', message)}`" in guide
    assert len(messages) == 10


def anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.name)
def test_every_link_leads_somewhere(document):
    for target in re.findall(r"\]\(([^)]+)\)", document.read_text()):
        file, _, anchor = target.partition("#")
        if target.startswith("http") or Path(file).name in GENERATED:
            continue
        path = (document.parent / file).resolve() if file else document
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


# What is shown.


@dataclass(frozen=True)
class Shown:
    """A command, and how its answer begins."""

    command: str
    answer: str


def console_blocks(text: str) -> list[str]:
    return re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands_of(block: str) -> Iterator[Shown]:
    """Split a block at its prompts; a command goes on after a backslash at the end of a line."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.splitlines()
        end = next(number for number, line in enumerate(lines) if not line.endswith("\\")) + 1
        yield Shown("\n".join(lines[:end]), "\n".join(lines[end:]))


def is_answered(shown: str, answer: str) -> bool:
    """Tell whether an answer begins as shown; what is whole JSON must be the whole answer."""
    pattern = ".*?".join(re.escape(part) for part in shown.strip().split("…"))
    try:
        orjson.loads(shown)
    except orjson.JSONDecodeError:
        return re.match(pattern, answer, re.DOTALL) is not None
    return re.fullmatch(pattern, answer.strip(), re.DOTALL) is not None


def save_files(text: str, folder: Path) -> None:
    """Save what a reader is told to save: ``as `name`:`` or a name later, in front of a block."""
    for name, content in re.findall(
        r"`([\w.]+\.(?:json|py))`[^`]*:\n\n```(?:json|python)\n(.*?)^```", text, re.MULTILINE | re.DOTALL
    ):
        (folder / name).write_text(content)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def walk(document: Path, url: str, folder: Path, **environment: str) -> list[tuple[Shown, str]]:
    """Run a document's commands in one shell and return each with its answer."""
    host = url.partition("//")[2]
    text = document.read_text().replace(SHOWN, url).replace("127.0.0.1:8080", host)
    text = text.replace("localhost:8080", f"localhost:{host.rpartition(':')[2]}")
    # Not inside a longer number: 90005 is an error code.
    text = re.sub(rf"(?<!\d){RECEIVER}(?!\d)", str(free_port()), text)
    text = text.replace("/srv/fallwerk/", f"{folder}/").replace(".venv/bin/python", sys.executable)
    save_files(text, folder)
    wanted = [one for block in console_blocks(text) for one in commands_of(block) if not NOT_RUN.match(one.command)]
    script = "".join(f"{one.command}\nprintf '{MARK}%s{MARK}' $?\n" for one in wanted)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FALLWERK_")}
    with subprocess.Popen(
        ["bash", "-c", script],
        cwd=folder,
        env={**inherited, "PATH": path, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as shell:
        output, _ = shell.communicate(timeout=120)
    parts = output.split(MARK)
    answers, statuses = parts[0:-1:2], parts[1::2]
    assert len(answers) == len(wanted), output
    assert set(statuses) <= {"0"}, [
        (one, answer) for one, answer, s in zip(wanted, answers, statuses, strict=True) if s != "0"
    ]
    return list(zip(wanted, answers, strict=True))


RUNNABLE: Final = [path for path in documents() if "\n$ curl" in path.read_text() and path.name != "operations.md"]


@pytest.mark.parametrize("document", RUNNABLE, ids=lambda path: path.name)
def test_what_a_document_shows_happens(
    document: Path, databases: Databases, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> None:
    with deploy(databases, tmp_path_factory, "sqlite") as server:
        walked = walk(document, server.url, tmp_path)
    assert walked
    for one, answer in walked:
        assert is_answered(one.answer, answer), f"{one.command}\nshown:    {one.answer}\nanswered: {answer}"


@pytest.mark.req("C-09")
def test_what_operations_shows_happens(tmp_path):
    """Its calls go to a server with the development certificate that they make."""
    data = tmp_path / "data"
    command = [sys.executable, "-m", "fallwerk", "tls", "dev-ca"]
    made = subprocess.run(
        command, env={**os.environ, "DATA_DIR": str(data)}, capture_output=True, text=True, check=True, timeout=60
    )
    settings = dict(line.split("=", 1) for line in made.stdout.splitlines() if "=" in line)
    with ExitStack() as stack:
        server = stack.enter_context(Server(data, env=settings))
        walked = walk(ROOT / "docs" / "operations.md", server.url, tmp_path, DATA_DIR=str(data))
    assert any(one.command.startswith("curl") for one, _ in walked)
    for one, answer in walked:
        assert is_answered(one.answer, answer), f"{one.command}\nshown:    {one.answer}\nanswered: {answer}"


def test_the_first_screen_of_the_readme_shows_what_a_start_prints(tmp_path):
    shown = next(one for block in console_blocks(text_of(ROOT / "README.md")) for one in commands_of(block))
    assert shown.command == "make run"
    printed = f"{announce(load_settings({}, data_dir=tmp_path))}\nReady: {SHOWN}"
    assert shown.answer == printed
    assert text_of(ROOT / "README.md").index("make run") < 500


def test_a_server_prints_what_the_readme_shows(tmp_path):
    shown = next(one for block in console_blocks(text_of(ROOT / "README.md")) for one in commands_of(block))
    with Server(tmp_path) as server:
        printed = "".join(server.output)
    assert printed.replace(server.url, SHOWN).strip() == shown.answer


def test_the_readme_tells_of_every_interface_whether_it_is_there():
    readme = text_of(ROOT / "README.md")
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in re.findall(r"^\|.+\|$", readme, re.MULTILINE)]
    interfaces = {row[1]: row for row in rows if len(row) == 5 and row[1].isupper()}
    assert set(interfaces) == {"START", "DELIVERY", "UPDATE", "STATUS", "CUSTOMER"}
    for row in interfaces.values():
        folder = row[4].strip("`")
        assert (ROOT / folder).is_dir() if folder.startswith("src/") else folder == "not built yet"
    built = {row[4].strip("`").rpartition("/")[2] for row in interfaces.values()} - {"not built yet"}
    assert built == {
        path.name for path in (ROOT / "src" / "fallwerk" / "apis").iterdir() if (path / "openapi.py").exists()
    }
