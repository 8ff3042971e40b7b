"""
A client under load that keeps a journal: what it sent, and what it was told.

Every line is on the disk before the request goes out, or before the answer counts: whatever is killed meanwhile, the
journal says what somebody was promised.
"""

import asyncio
import itertools
import json
import os
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from tests.support.server import ADMIN

CALLERS: Final = 36
PAUSE_S: Final = 0.25
"""Between the failure of a call and its caller's next one."""
NDJSON: Final = {**ADMIN, "Content-Type": "application/x-ndjson"}
ADDRESS: Final = {"streetAddress": "Heidestr. 17", "postalCode": "51147", "city": "Köln", "country": "DEU"}
RECIPIENT: Final = {
    "recipient": {"firstName": "Erika", "lastName": "Mustermann", "birthDate": "1964-08-12", "address": ADDRESS},
    "returnAddress": {"name": "Musterbank", **ADDRESS},
}
WALK: Final = ("dmc provided", "packaging announced", "delivery started", "success")


class Journal:
    """Lines of JSON on the disk; lines of one turn of the loop share a sync, and their writers wait for it."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lines: list[bytes] = []
        self._synced: asyncio.Future[None] | None = None

    async def note(self, **entry: object) -> None:
        """Append a line and return when it is on the disk."""
        self._lines.append(json.dumps(entry).encode() + b"\n")
        if self._synced is None:
            loop = asyncio.get_running_loop()
            self._synced = loop.create_future()
            loop.call_soon(self._sync)
        await self._synced

    def _sync(self) -> None:
        lines, self._lines = self._lines, []
        waiting, self._synced = self._synced, None
        os.write(self._file, b"".join(lines))
        os.fdatasync(self._file)
        if waiting is not None:
            waiting.set_result(None)

    def close(self) -> None:
        os.close(self._file)


@dataclass
class Client:
    """Credentials of an SCR client and where its notifications go."""

    client_id: str
    auth: tuple[str, str]
    hook: str

    @classmethod
    def make(cls, base: str, hook: str, *events: str) -> "Client":
        """Make an account that is notified of these events only, so that a notification says what it tells of."""
        settings = {
            "deliveryActive": True,
            "webhookActive": True,
            "webhookEvents": list(events),
            "webhookHosts": ["*"],
            "webhookHttpAllowed": True,
            "webhookReferenceId": True,
            "webhookRetry": True,
        }
        made = httpx.post(f"{base}/admin/v1/scr-clients", json=settings, headers=ADMIN, timeout=30)
        assert made.status_code == 201, made.text
        answer = made.json()
        return cls(answer["clientId"], (answer["username"], answer["password"]), hook)

    def order_data(self, reference: str) -> dict[str, Any]:
        return {
            "processData": {"referenceId": reference, "webHookUrl": self.hook},
            "contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann"},
        }

    def order_line(self, reference: str, **extra: object) -> bytes:
        line = {"clientId": self.client_id, "orderData": self.order_data(reference), **RECIPIENT, **extra}
        return json.dumps(line).encode() + b"\n"


@dataclass
class Promises:
    """What was acknowledged: by reference id the case id, and which cases' changes must have been notified."""

    sent: dict[str, str] = field(default_factory=dict)
    """Reference id → client id, of everything that was ever sent."""
    cases: dict[str, str] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)
    """Case id → last acknowledged status of a delivery case."""
    notified: set[str] = field(default_factory=set)
    refusals: dict[int, int] = field(default_factory=dict)

    def answered(self) -> int:
        return len(self.cases) + len(self.status)


@dataclass
class Load:
    """
    Keeps `CALLERS` requests under way: start requests, delivery orders, and steps of delivery cases that notify.

    Args:
        started: Account that is notified of `started`, `final`: of the end only.
    """

    base: str
    journal: Path
    started: Client
    final: Client
    promises: Promises = field(default_factory=Promises)
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    refused: list[tuple[int, str]] = field(default_factory=list)
    in_flight: int = 0

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._changed = threading.Condition()

    def run_until(self, act: Callable[["Load"], None]) -> None:
        """Send from a thread of its own while `act` runs in this one; what is under way ends with `act`."""
        self._stop.clear()
        thread = threading.Thread(target=asyncio.run, args=(self._send(),), name="load")
        thread.start()
        try:
            act(self)
        finally:
            self._stop.set()
            thread.join()

    def wait_for(self, more: int, timeout_s: float = 30) -> None:
        """Return once `more` further answers have come."""
        with self._changed:
            wanted = self.promises.answered() + more
            came = self._changed.wait_for(lambda: self.promises.answered() >= wanted, timeout_s)
            assert came, f"{self.promises.answered()} of {wanted} answers, refused: {self.promises.refusals}"

    async def _send(self) -> None:
        journal = Journal(self.journal)
        limits = httpx.Limits(max_connections=CALLERS, max_keepalive_connections=CALLERS)
        async with httpx.AsyncClient(base_url=self.base, limits=limits, timeout=20, trust_env=False) as http:
            caller = Caller(self, http, journal)
            kinds = (caller.start, caller.start, caller.start, caller.order, caller.walk, caller.order)
            await asyncio.gather(*(self._repeat(kinds[n % len(kinds)]) for n in range(CALLERS)))
        journal.close()

    async def _repeat(self, once: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while not self._stop.is_set():
            try:
                await once()
            except httpx.TransportError:
                # Killed under way: nobody knows what became of it, and the journal has no answer.
                await asyncio.sleep(PAUSE_S)

    def promised(self, change: Callable[[Promises], None]) -> None:
        with self._changed:
            change(self.promises)
            self._changed.notify_all()


@dataclass
class Caller:
    """The requests."""

    load: Load
    http: httpx.AsyncClient
    journal: Journal

    async def start(self) -> None:
        """Start one case."""
        client = self.load.started
        reference = await self._announce("s", client)
        path = f"/api/scr/v1/{client.client_id}/cases"
        answer = await self._post(path, auth=client.auth, json=client.order_data(reference))
        if answer.status_code == 201:
            await self._acknowledge(reference, answer.json()["caseId"])
        else:
            await self._refused(answer)

    async def order(self) -> None:
        """Order one delivery, which is `started` at once and notified of."""
        case_id = await self._ordered(self.load.started, "d")
        if case_id is not None:
            self.load.promised(lambda known: known.notified.add(case_id))

    async def walk(self) -> None:
        """Order one delivery and walk it to its end, which is notified of."""
        case_id = await self._ordered(self.load.final, "w")
        for status in WALK if case_id else ():
            body = {"method": "delivery", "status": status}
            answer = await self._post(f"/sandbox/v1/cases/{case_id}/simulate", json=body, headers=ADMIN)
            if answer.status_code != 200:
                await self._refused(answer)
                return
            await self.journal.note(case=case_id, status=status)
            self.load.promised(lambda known, status=status: known.status.__setitem__(str(case_id), status))  # type: ignore[misc]
        if case_id is not None:
            self.load.promised(lambda known: known.notified.add(case_id))

    async def _ordered(self, client: Client, kind: str) -> str | None:
        reference = await self._announce(kind, client)
        answer = await self._post("/admin/v1/delivery-orders", content=client.order_line(reference), headers=NDJSON)
        if answer.status_code != 200 or answer.json()["rejected"]:
            await self._refused(answer)
            return None
        case_id: str = answer.json()["accepted"][0]["caseId"]
        await self._acknowledge(reference, case_id)
        self.load.promised(lambda known: known.status.__setitem__(case_id, "started"))
        return case_id

    async def _post(self, path: str, **options: Any) -> httpx.Response:
        self.load.in_flight += 1
        try:
            return await self.http.post(path, **options)
        finally:
            self.load.in_flight -= 1

    async def _announce(self, kind: str, client: Client) -> str:
        reference = f"{kind}-{next(self.load.numbers)}"
        await self.journal.note(sent=reference, client=client.client_id)
        self.load.promises.sent[reference] = client.client_id
        return reference

    async def _acknowledge(self, reference: str, case_id: str) -> None:
        await self.journal.note(acknowledged=reference, case=case_id)
        self.load.promised(lambda known: known.cases.__setitem__(reference, case_id))

    async def _refused(self, answer: httpx.Response) -> None:
        refusals = self.load.promises.refusals
        refusals[answer.status_code] = refusals.get(answer.status_code, 0) + 1
        self.load.refused.append((answer.status_code, answer.text))
        # An outage answers fast; the callers keep asking without drowning the machine that recovers.
        await asyncio.sleep(PAUSE_S)
