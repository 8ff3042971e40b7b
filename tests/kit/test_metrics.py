"""Metrics: counted once, added up over processes, gone with the server."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from fallwerk.kit import metrics
from fallwerk.kit.metrics import Metrics

FORKED = """
import os
from fallwerk.kit import metrics
with metrics.shared_between_processes():
    for number in (1, 2, 3):
        pid = os.fork()
        if pid == 0:
            numbers = metrics.Metrics()
            for _ in range(number):
                numbers.observe("scr_start", "start_case", 201, 0.002)
            numbers.due_pending.set(number)
            os._exit(0)
        os.waitpid(pid, 0)
    print(metrics.Metrics().render()[0].decode())
"""


@pytest.mark.req("C-07")
def test_requests_are_counted_by_operation_and_status():
    numbers = Metrics()
    for status in (201, 201, 400):
        numbers.observe("scr_start", "start_case", status, 0.002)
    numbers.delivered("delivered")
    numbers.due_lag_s.set(1.5)
    text, media_type = numbers.render()
    lines = text.decode().splitlines()
    assert 'fallwerk_requests_total{api="scr_start",operation="start_case",status="201"} 2.0' in lines
    assert 'fallwerk_requests_total{api="scr_start",operation="start_case",status="400"} 1.0' in lines
    assert 'fallwerk_request_duration_seconds_count{api="scr_start",operation="start_case"} 3.0' in lines
    assert 'fallwerk_deliveries_total{outcome="delivered"} 1.0' in lines
    assert "fallwerk_due_work_lag_seconds 1.5" in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)
    assert media_type.startswith("text/plain")


@pytest.mark.req("C-07")
def test_several_processes_are_added_up_and_leave_no_folder():
    result = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=True)
    lines = result.stdout.splitlines()
    assert 'fallwerk_requests_total{api="scr_start",operation="start_case",status="201"} 6.0' in lines
    assert "fallwerk_due_work_pending 3.0" in lines


def test_the_folder_of_a_killed_server_is_removed_by_the_next_one(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f"fallwerk-metrics-{dead.pid}-x").mkdir()
    (tmp_path / f"fallwerk-metrics-{os.getppid()}-x").mkdir()
    with metrics.shared_between_processes():
        folder = Path(os.environ["PROMETHEUS_MULTIPROC_DIR"])
        assert {found.name for found in tmp_path.iterdir()} == {folder.name, f"fallwerk-metrics-{os.getppid()}-x"}
    assert not folder.exists()
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ
