"""Start-case rate with 1,000,000 stored cases ÷ with 1,000, alternating; built sealed, by the product's own store."""

import asyncio
import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from harness import ENGINES, HERE, Account, Figure, Load, database, folder, main, median, note, start_templates
from harness import System as Served

from tests.support.server import Server

MANY = 1_000_000
MANY_QUICK = 100_000
FEW = 1_000
BATCH = 1_000


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine."""
    return [_engine(engine, quick=quick) for engine in ENGINES]


def _engine(engine: str, *, quick: bool) -> Figure:
    rounds, seconds = (5, 2) if quick else (11, 4)
    sizes = (FEW, MANY_QUICK if quick else MANY)
    with ExitStack() as stack:
        loads = [_load(stack, engine, size) for size in sizes]
        for load in loads:
            load.run(seconds=2)
        rates: list[list[float]] = []
        for number in range(rounds):
            # Whoever comes second in a round finds the other's leftovers in the machine: they take turns.
            turns = loads if number % 2 else loads[::-1]
            found = {load: load.run(seconds=seconds)["rate"] for load in turns}
            rates.append([found[load] for load in loads])
            note(f"{engine} round {number + 1}: few {rates[-1][0]:.0f}/s, many {rates[-1][1]:.0f}/s")
        for load in loads:
            load.require_only("201")
    ratio = median([many / few for few, many in rates])
    detail = f"{median([many for _, many in rates]):.0f}/s against {median([few for few, _ in rates]):.0f}/s"
    name = f"start-case rate with {sizes[1]:,} cases ÷ with {FEW:,}"
    return Figure(name, engine, ratio, "", 0.9, at_least=True, detail=detail)


def _load(stack: ExitStack, engine: str, size: int) -> Load:
    data = stack.enter_context(folder())
    url = stack.enter_context(database(engine, data))
    with Server(data, database_url=url) as server:
        system = Served(engine, server, url)
        accounts = system.open_accounts()
    note(f"{engine}: building {size:,} cases")
    _build(data, url, [account.client_id for account in accounts], size)
    server = stack.enter_context(Server(data, database_url=url))
    return _checked(Served(engine, server, url), accounts, size)


def _checked(system: Served, accounts: list[Account], size: int) -> Load:
    stored = system.count("ident_case")
    if stored != size:
        raise RuntimeError(f"{stored} cases are stored, not {size}")
    return Load(system.server.port, start_templates(accounts, system.server.port))


def _build(data: Path, url: str, client_ids: list[str], size: int) -> None:
    """Build in a process of its own, so that its memory is gone before anything is measured."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FALLWERK_")}
    env = {**kept, "DATA_DIR": str(data), "DATABASE_URL": url, "FALLWERK_MASTER_KEY_FILE": str(data / "master.key")}
    job = json.dumps({"clients": client_ids, "size": size})
    subprocess.run([sys.executable, str(HERE / "many_cases.py"), "--build"], env=env, input=job, text=True, check=True)


async def build(job: dict[str, Any]) -> None:
    """Store cases as the server does, and seal their audit events, so that no backlog disturbs the measurement."""
    from fallwerk.apis.scr_start.examples import SAMPLE_REQUEST  # noqa: PLC0415 - the measuring process needs none of it
    from fallwerk.apis.scr_start.schema import read_order  # noqa: PLC0415
    from fallwerk.app import open_database  # noqa: PLC0415
    from fallwerk.dialects.scr.ordermapping import to_order  # noqa: PLC0415
    from fallwerk.domain.audit.model import SYSTEM  # noqa: PLC0415
    from fallwerk.domain.identcase.model import CaseKind  # noqa: PLC0415
    from fallwerk.domain.identcase.plan import plan_case  # noqa: PLC0415
    from fallwerk.domain.identcase.service.start import start_cases  # noqa: PLC0415
    from fallwerk.kit.clock import Clock  # noqa: PLC0415
    from fallwerk.settings import load_settings  # noqa: PLC0415

    sample = {**SAMPLE_REQUEST, "processData": {**SAMPLE_REQUEST["processData"], "referenceId": ""}}
    store, clock = open_database(load_settings()), Clock()
    await store.start()
    try:
        clients = [await store.read(lambda unit, name=name: unit.accounts.scr_client(name)) for name in job["clients"]]
        for start in range(0, job["size"], BATCH):
            now_us, batch = clock.now_us(), []
            for number in range(start, min(start + BATCH, job["size"])):
                body = {**sample, "customData": {"custom1": f"OLD_{number:010d}"}}
                order = to_order(read_order(json.dumps(body).encode()))
                client = clients[number % len(clients)]
                batch.append(plan_case(order, client=client, kind=CaseKind.START, actor=SYSTEM, now_us=now_us))
            await store.write(lambda unit, batch=batch: start_cases(unit, batch))
        now_us = clock.now_us()
        while await store.write(lambda unit: unit.audit.seal(now_us=now_us, limit=10_000)):
            continue
        await store.compact()
    finally:
        await store.stop()


if __name__ == "__main__":
    if "--build" in sys.argv:
        asyncio.run(build(json.load(sys.stdin)))
    else:
        main(measure)
