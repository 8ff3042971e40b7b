"""Logs: one JSON object a line, from structlog, logging and the requests alike, without secrets and personal data."""

import asyncio
import json
import logging
import os
import subprocess
import sys

import pytest
import structlog

from fallwerk.kit import logs


@pytest.fixture
def written(tmp_path):
    """Configure the logs into a file; returns what configures and what reads."""
    descriptor = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    root, handlers, level = logging.getLogger(), logging.getLogger().handlers, logging.getLogger().level

    def configure(**options):
        return logs.configure(
            **{"level": "info", "readable": False, "messages": False, "descriptor": descriptor, **options}
        )

    configure.text = (tmp_path / "log").read_text
    configure.lines = lambda: [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    yield configure
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()
    os.close(descriptor)


def request_line(log, **changes):
    known = {"method": "POST", "route": "/api/scr/{version}/{clientId}/cases", "status": 201, "duration_us": 1500}
    log.write(**{**known, "trace_id": "t-1", "account": "1234ABCD", **changes})


@pytest.mark.req("C-07")
def test_a_request_is_one_json_line(written):
    request_line(written())
    (line,) = written.lines()
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info", "event": "request", "method": "POST", "route": "/api/scr/{version}/{clientId}/cases",
        "status": 201, "duration_ms": 1.5, "bytes": 0, "account": "1234ABCD", "trace_id": "t-1",
    }  # fmt: skip


def test_requests_inside_a_loop_are_written_together_soon(written):
    async def requests(log):
        request_line(log, status=201)
        request_line(log, status=202)
        before = written.text()
        log.flush()
        return before

    assert asyncio.run(requests(written())) == ""
    assert [line["status"] for line in written.lines()] == [201, 202]


def test_full_buffers_are_written_in_whole_lines_of_at_most_a_pipes_piece(written, monkeypatch):
    pieces = []
    monkeypatch.setattr(logs.os, "write", lambda _, piece: pieces.append(piece))

    async def requests(log):
        for _ in range(100):
            request_line(log)
        log.flush()

    asyncio.run(requests(written()))
    assert len(pieces) > 2
    assert all(len(piece) <= 4096 and piece.endswith(b"\n") for piece in pieces)
    assert b"".join(pieces).count(b"\n") == 100


def test_above_info_requests_are_not_logged(written):
    request_line(written(level="warning"))
    assert written.text() == ""


def test_a_terminal_gets_readable_lines(written):
    request_line(written(readable=True))
    logs.get_logger("x").warning("slow_disk", seconds=3)
    first, second = written.text().splitlines()
    assert first.endswith(" 201 POST /api/scr/{version}/{clientId}/cases 1.5 ms 1234ABCD t-1")
    assert second.endswith(" warning slow_disk module=x seconds=3")


def test_structlog_and_logging_write_the_same_form(written):
    written()
    logs.get_logger("fallwerk.x").info("started", number=1)
    logging.getLogger("library").warning("said %s", "so")
    logging.getLogger("httpx").info("HTTP Request: POST https://client.example/hook/Mustermann")
    logs.get_logger("fallwerk.x").debug("left out")
    assert [(line["level"], line["event"], line["module"]) for line in written.lines()] == [
        ("info", "started", "fallwerk.x"),
        ("warning", "said so", "library"),
    ]


@pytest.mark.req("C-04")
def test_fields_named_like_secrets_are_masked(written):
    written()
    logs.get_logger("x").info("account", password="p-1", webhookPassword="p-1", access_token="p-1", Authorization="p-1")
    assert "p-1" not in written.text()


def fail(message):
    raise ValueError(message)


def fail_twice(first, second):
    try:
        fail(first)
    except ValueError as error:
        raise RuntimeError(second) from error


@pytest.mark.req("C-04")
def test_production_logs_where_an_error_happened_and_not_what_it_says(written):
    written()
    try:
        fail_twice("Erika", "Mustermann")
    except RuntimeError:
        logs.get_logger("x").exception("failed")
        logging.getLogger("library").exception("failed too")
    for line in written.lines():
        assert line["level"] == "error"
        assert line["exception"].startswith("builtins.RuntimeError\n")
        assert "builtins.ValueError" in line["exception"]
        assert f"{__file__}:" in line["exception"]
    assert "Erika" not in written.text()
    assert "Mustermann" not in written.text()


def test_the_sandbox_logs_an_errors_message(written):
    written(messages=True)
    logs.get_logger("x").error("failed", exc_info=ValueError("why"))
    assert written.lines()[0]["exception"] == "ValueError: why"


def test_a_closed_descriptor_stops_nobody():
    reader, writer = os.pipe()
    os.close(reader)
    lines = logs.LineWriter(writer)
    lines.write(b"lost\n", urgent=True)
    os.close(writer)


def test_importing_the_logs_leaves_rich_alone():
    script = "import sys, fallwerk.kit.logs; print('rich' in sys.modules); import rich; print(rich.__name__)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["False", "rich"]
