"""The webhook receiver of the tests: what it journals is on disk before it answers, also as a process of its own."""

import gc
import json
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx

from tests.support.receiver import Receiver

ROOT = Path(__file__).parent.parent
ENDS: Final = 30
CALLERS: Final = 4


def test_what_was_answered_is_in_the_journal_after_a_kill(tmp_path):
    journal = tmp_path / "journal.jsonl"
    command = [sys.executable, "-m", "tests.support.receiver", "--journal", str(journal)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline())
        try:
            with httpx.Client(trust_env=False) as client:
                for number in range(3):
                    assert client.post(f"http://127.0.0.1:{port}/hook", json={"caseId": str(number)}).status_code == 200
        finally:
            process.kill()
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert [(line["path"], json.loads(line["body"])["caseId"]) for line in lines] == [
        ("/hook", str(n)) for n in range(3)
    ]


def test_answers_are_given_in_order_and_then_the_default():
    with Receiver() as receiver, httpx.Client(trust_env=False) as client:
        receiver.answer(503, 204)
        assert [client.post(receiver.url).status_code for _ in range(3)] == [503, 204, 200]
        assert [got.method for got in receiver.wait_for(3)] == ["POST"] * 3
        receiver.forget()
        assert receiver.received == []


def test_a_connection_that_comes_with_the_end_is_closed_like_every_other() -> None:
    for _ in range(ENDS):
        with ExitStack() as callers:
            with Receiver() as receiver:
                for _ in range(CALLERS):
                    callers.enter_context(socket.create_connection(("127.0.0.1", receiver.port)))
            # What was not closed complains as it goes, which pytest takes for a failure.
            gc.collect()
