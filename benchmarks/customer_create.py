"""Customer-create rate ÷ start-case rate without batching, in alternating rounds, both under an `Idempotency-Key`."""

import copy
import json
from contextlib import ExitStack
from typing import Any

from harness import CONCURRENCY, DIGITS, ENGINES, Figure, Load, System, main, median, note, served

from fallwerk.apis.policenwerk_customer.examples import FULL_REQUEST
from fallwerk.apis.scr_start.examples import SAMPLE_REQUEST

TARGET = 0.8
BROKERS = 50


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure both engines."""
    return [measure_engine(engine, *((3, 2) if quick else (9, 4))) for engine in ENGINES]


def measure_engine(engine: str, rounds: int, seconds: float) -> Figure:
    """Measure one engine; a start under a key goes through a transaction of its own, as a customer does."""
    with ExitStack() as stack:
        system = stack.enter_context(served(engine))
        loads = {
            "start": Load(system.server.port, start_templates(system)),
            "create": Load(system.server.port, create_templates(system)),
        }
        rates: dict[str, list[float]] = {name: [] for name in loads}
        for load in loads.values():
            load.run(seconds=1.5)
        for number in range(rounds):
            for name, load in loads.items():
                rates[name].append(load.run(seconds=seconds)["rate"])
            note(f"round {number + 1}: " + ", ".join(f"{name} {found[-1]:.0f}/s" for name, found in rates.items()))
        loads["start"].require_only("201")
        created = check_rows(system, loads["create"])
    ratio = median([mine / other for mine, other in zip(rates["create"], rates["start"], strict=True)])
    detail = (
        f"{median(rates['create']):.0f}/s against {median(rates['start']):.0f}/s starts one by one at concurrency"
        f" {CONCURRENCY}, both under an Idempotency-Key; {created} answers = customers = audit events"
    )
    name = "customer create ÷ start-case rate without batching"
    return Figure(name, engine, ratio, "", TARGET, at_least=True, detail=detail)


def check_rows(system: System, load: Load) -> int:
    """Return the number of 200 answers; customers and audit events must be exactly as many."""
    answered = load.require_only("200")
    found = (system.count("customer"), system.count("audit_event", "action = 'customer.created'"))
    if set(found) != {answered}:
        raise RuntimeError(f"{answered} answers, but customers and audit events are {found}")
    return answered


def start_templates(system: System) -> list[tuple[bytes, bytes]]:
    """Make the guide's sample request for each account without its reference id; each request has a key of its own."""
    body: dict[str, Any] = copy.deepcopy(SAMPLE_REQUEST)
    del body["processData"]["referenceId"]
    content = json.dumps(body, ensure_ascii=False).encode()
    templates = []
    for account in system.open_accounts():
        head = f"POST /api/scr/v1/{account.client_id}/cases HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        head += f"Authorization: {account.authorization}\r\nIdempotency-Key: start-"
        tail = f"\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        templates.append((head.encode(), tail.encode() + content))
    return templates


def create_templates(system: System) -> list[tuple[bytes, bytes, bytes]]:
    """Make the document's customer for each broker; each request has a key and an e-mail address of its own."""
    templates = []
    for _ in range(BROKERS):
        new = system.admin("POST", "/admin/v1/brokers", json={}).json()
        body = {**FULL_REQUEST, "user_id": new["userId"], "login_token": new["loginToken"], "email": "@policenwerk.de"}
        before, after = json.dumps(body, ensure_ascii=False).encode().split(b"@policenwerk.de")
        head = "POST /api/customer/create HTTP/1.1\r\nHost: 127.0.0.1\r\nIdempotency-Key: create-"
        size = len(before) + DIGITS + len(after) + len(b"@policenwerk.de")
        middle = f"\r\nContent-Type: application/json\r\nContent-Length: {size}\r\n\r\n"
        templates.append((head.encode(), middle.encode() + before, b"@policenwerk.de" + after))
    return templates


if __name__ == "__main__":
    main(measure)
