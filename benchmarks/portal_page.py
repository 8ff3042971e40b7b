"""The portal's page: server time, and what a first visit transfers with everything that belongs to it."""

import gzip
import re

import httpx
from harness import ENGINES, Figure, Load, main, median, note, served

CASES = 50
KB = 1000


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine."""
    return [figure for engine in ENGINES for figure in _engine(engine, quick=quick)]


def _engine(engine: str, *, quick: bool) -> list[Figure]:
    rounds, seconds = (3, 2) if quick else (7, 4)
    with served(engine) as system:
        account = system.open_accounts(1, displayName="Musterbank")[0]
        url = f"{system.server.url}/api/scr/v1/{account.client_id}/cases"
        order = {"contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann", "email": "erika@example.org"}}
        with httpx.Client(headers={"Authorization": account.authorization}, trust_env=False) as http:
            cases = [http.post(url, json=order).raise_for_status().json()["caseId"] for _ in range(CASES)]
        port = system.server.port
        load = Load(port, [_template(case_id, port) for case_id in cases])
        load.run(seconds=1, concurrency=1)
        times = []
        for number in range(rounds):
            times.append(load.run(seconds=seconds, concurrency=1)["p50_ms"])
            note(f"{engine} round {number + 1}: p50 {times[-1]:.2f} ms")
        load.require_only("200")
        size = _transferred(system.server.url, cases[0])
    return [
        Figure("portal page, p50", engine, median(times), "ms", 5, at_least=False, detail="one at a time"),
        Figure("portal page with all its files", engine, size / KB, "kB", 100, at_least=False, detail="uncompressed"),
    ]


def _template(case_id: str, port: int) -> tuple[bytes, bytes]:
    head = f"GET /identportal/?vorgangsnummer={case_id} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-TraceId: "
    return head.encode(), b"\r\n\r\n"


def _transferred(url: str, case_id: str) -> int:
    """Bytes of a first visit: the page and every file that it names, headers included roughly as sent."""
    with httpx.Client(base_url=url, trust_env=False) as http:
        page = http.get("/identportal/", params={"vorgangsnummer": case_id}).raise_for_status()
        files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
        answers = [page, *(http.get(file).raise_for_status() for file in files)]
    size = sum(len(answer.content) + len(bytes(str(answer.headers), "utf-8")) for answer in answers)
    note(
        f"{len(answers)} answers, {size} bytes, {sum(len(gzip.compress(answer.content)) for answer in answers)} zipped"
    )
    return size


if __name__ == "__main__":
    main(measure)
