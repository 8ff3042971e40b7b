"""
Comments and status changes per second ÷ start-case rate without batching, in alternating rounds.

A start goes through the micro-batcher, these calls do not; what is compared is the price of one transaction. So every
request of all three comes under an `Idempotency-Key` of its own: that takes a start out of the batcher and into a
transaction of its own, and costs each of the others the same two statements.
"""

import base64
import itertools
import json
from contextlib import ExitStack

from customer_create import start_templates
from harness import CONCURRENCY, ENGINES, Figure, Load, System, main, median, note, served

TARGET = 0.8
CASES = 200
"""More than calls in flight, so that no two of them want the same application."""
COMMENT = ["Testkommentar"]
CALLS = ("comment", "status")
PAIRS = {"a": ("UNTERSCHRIEBEN", "ABGELEHNT"), "b": ("ZURUECKGESTELLT", "NICHT_BEARBEITET")}
"""Runs take the pairs in turns, so that each call changes something, the first one of a run included."""


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure both engines."""
    return [figure for engine in ENGINES for figure in measure_engine(engine, *((3, 2) if quick else (9, 4)))]


def measure_engine(engine: str, rounds: int, seconds: float) -> list[Figure]:
    """Measure one engine."""
    with ExitStack() as stack:
        system = stack.enter_context(served(engine))
        port, cases = system.server.port, open_cases(system)
        head = f"Authorization: Bearer {token(system)}\r\n"
        loads = {
            "start": Load(port, start_templates(system)),
            "comment": Load(
                port, [keyed(f"/kreditsmart/kex/vorgang/{case}/kommentare", head, COMMENT) for case in cases]
            ),
            **{
                f"status {pair}": Load(
                    port,
                    [keyed("/kreditsmart/kex/antraege/status", head, body, pair) for body in changes(cases, statuses)],
                )
                for pair, statuses in PAIRS.items()
            },
        }
        turns = itertools.cycle(PAIRS)
        rates: dict[str, list[float]] = {name: [] for name in ("start", *CALLS)}
        for load in loads.values():
            load.run(seconds=1.5)
        for number in range(rounds):
            for name, found in rates.items():
                load = loads[f"status {next(turns)}" if name == "status" else name]
                found.append(load.run(seconds=seconds)["rate"])
            note(f"round {number + 1}: " + ", ".join(f"{name} {found[-1]:.0f}/s" for name, found in rates.items()))
        loads["start"].require_only("201")
        check_rows(system, loads)
    return [
        Figure(
            f"{name} ÷ start-case rate without batching",
            engine,
            median([mine / other for mine, other in zip(rates[name], rates["start"], strict=True)]),
            "",
            TARGET,
            at_least=True,
            detail=(
                f"{median(rates[name]):.0f}/s against {median(rates['start']):.0f}/s starts one by one at concurrency"
                f" {CONCURRENCY}, all under an Idempotency-Key"
            ),
        )
        for name in CALLS
    ]


def check_rows(system: System, loads: dict[str, Load]) -> None:
    """Every answer must have left its comment, or its entry in a history, and its audit event."""
    counts = {
        "comment": (system.count("loan_comment"), system.count("audit_event", "action = 'loan case.commented'")),
        "status": (
            system.count("loan_status_change"),
            system.count("audit_event", "action = 'application.status changed'"),
        ),
    }
    for name in CALLS:
        answered = sum(load.require_only("200") for key, load in loads.items() if key.startswith(name))
        if set(counts[name]) != {answered}:
            raise RuntimeError(f"{name}: {answered} answers, but rows and audit events are {counts[name]}")


def open_cases(system: System) -> list[str]:
    """Open Vorgänge with an application each."""
    cases = []
    for _ in range(CASES):
        case = system.admin("POST", "/admin/v1/vorgaenge", json={}).json()["vorgangsnummer"]
        system.admin("POST", f"/admin/v1/vorgaenge/{case}/antraege", json={})
        cases.append(case)
    return cases


def changes(cases: list[str], statuses: tuple[str, str]) -> list[dict[str, str]]:
    """Change every application to one status, then every one to the other."""
    return [{"antragsnummer": f"{case}/1/1", "produktanbieterstatus": status} for status in statuses for case in cases]


def token(system: System) -> str:
    """Fetch a token, good for an hour."""
    secret = base64.b64encode(b"demo-kex:demo-kex-secret").decode()
    form = {"grant_type": "client_credentials"}
    answer = system.admin("POST", "/auth/token", data=form, headers={"Authorization": f"Basic {secret}"})
    return str(answer.json()["access_token"])


def keyed(path: str, head: str, body: object, prefix: str = "") -> tuple[bytes, bytes]:
    """Make a request whose number is its idempotency key, after a prefix."""
    content = json.dumps(body, ensure_ascii=False).encode()
    begin = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}Idempotency-Key: {prefix}"
    end = f"\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    return begin.encode(), end.encode() + content


if __name__ == "__main__":
    main(measure)
