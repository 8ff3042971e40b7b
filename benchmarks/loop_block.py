"""
How long a server is ever deaf because its heaviest work blocks the event loop: PDF, pictures, ciphers, texts.

The server watches its own loop (`loop_block_log_ms`) and logs every time at which it did not come round. Each kind of
work runs by itself, several calls at a time, from the first one on: what is loaded for it after the server's warm-up
counts as well. The figure is the longest block of all; what other processes take of the machine counts against it too.
"""

import base64
import contextlib
import io
import itertools
import json
import os
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import unescape
from types import SimpleNamespace
from typing import Any

import httpx
from coupon import SETTINGS
from coupon import start as start_cases
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from document_upload import Requests, connect, seconds_of_upload
from encrypted_results import key_headers
from harness import ENGINES, Account, Figure, Load, System, main, note, order, served, start_templates
from loan_rate import token
from PIL import Image

from tests.support.portal import FULL, Person

LOGGED_MS = 2
TARGET_MS = 20
AT_ONCE = 3
WARM_UP_S = 2
RESULTS = 10_000
COMMENTS = ["ä" * 10_000] * 1_000
"""The most that UPDATE takes in one call."""
PICTURE = (7_000, 5_500)
"""Just under the limit of pixels."""
PICTURE_BYTES = range(8_000_000, 12_000_000)
SHOTS = ("foto-vorderseite", "foto-rueckseite", "foto-selfie")
PASSWORD = "demo-admin-password"

Once = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of work: `prepare` makes what one call does; the calls are counted."""

    name: str
    prepare: Callable[[System], Once]
    calls: int
    calls_quick: int


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine."""
    return [_engine(engine, quick=quick) for engine in ENGINES]


def _engine(engine: str, *, quick: bool) -> Figure:
    worst: dict[str, float] = {}
    with served(engine, {"FALLWERK_LOOP_BLOCK_LOG_MS": str(LOGGED_MS)}) as system:
        for kind in KINDS:
            once = kind.prepare(system)
            # A server makes what its start did not wait for half a second after it.
            time.sleep(WARM_UP_S)
            seen = len(system.server.log())
            with ThreadPoolExecutor(AT_ONCE) as threads:
                list(threads.map(once, range(kind.calls_quick if quick else kind.calls)))
            worst[kind.name] = longest_block(system.server.log()[seen:])
            note(f"{engine}: {kind.name}: {worst[kind.name]:.1f} ms")
    detail = ", ".join(f"{name} {found:.0f} ms" for name, found in worst.items())
    name = "event loop, longest block by PDF, pictures, ciphers, texts"
    return Figure(name, engine, max(worst.values()), " ms", TARGET_MS, at_least=False, detail=detail)


def longest_block(log: str) -> float:
    """Return the longest block that a part of the log tells of, in milliseconds."""
    lines = (json.loads(line) for line in log.splitlines() if '"loop.blocked"' in line)
    return max((float(line["ms"]) for line in lines), default=0.0)


def coupons(system: System) -> Once:
    """Issue coupons."""
    account = system.open_accounts(1, **SETTINGS)[-1]
    paths = [f"cases/{case_id}/piCouponByFile" for case_id in start_cases(system, account)]
    http = client(system, account)

    def once(number: int) -> None:
        http.post(paths[number % len(paths)]).raise_for_status()

    return once


def pictures(system: System) -> Once:
    """Take a picture at the limits and the selfie of a smaller camera, and fetch what was sent off, encrypted."""
    account = system.open_accounts(1, methods=["photo"], identClass="GwG")[-1]
    large, http = photograph(), client(system, account)
    visited: Any = SimpleNamespace(server=system.server)

    def once(_: int) -> None:
        case_id = str(http.post("cases", json=FULL).raise_for_status().json()["caseId"])
        with Person(visited, case_id) as person:
            person.http.timeout = httpx.Timeout(120)
            person.choose("photo")
            for shot in SHOTS:
                taken = person.upload(shot, large)
                if not taken.url.path.endswith("/foto"):
                    raise RuntimeError(f"not taken: {taken.text}")
            person.open("foto")
            person.send("foto")
        http.get(f"cases/{case_id}/full?includeBinaryData=true", headers=key_headers(account, public_key()))

    return once


def photograph() -> bytes:
    """Make a picture near both limits, of pixels and of bytes."""
    width, height = PICTURE
    noise = Image.frombytes("L", (width // 4, height // 4), os.urandom(width // 4 * (height // 4)))
    picture = noise.resize(PICTURE).convert("RGB")
    for quality in range(96, 40, -4):
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=quality)
        if len(out.getvalue()) < PICTURE_BYTES.stop:
            break
    if len(out.getvalue()) not in PICTURE_BYTES:
        raise RuntimeError(f"the picture has {len(out.getvalue())} bytes")
    return out.getvalue()


def lists(system: System) -> Once:
    """Fetch lists of 10,000, of stored results and of untouched cases, plain and encrypted."""
    account = system.open_accounts(1, deliveryActive=True)[-1]
    for _ in range(RESULTS // 2_500):
        order(system, account, 2_500)
    Load(system.server.port, start_templates([account], system.server.port)).run(requests=RESULTS)
    http = client(system, account)
    paths = [f"{path}?new=true&inProgress=true" for path in ("cases", "cases/delivery")]
    ways = list(itertools.product(paths, ({}, key_headers(account, public_key()))))

    def once(number: int) -> None:
        path, headers = ways[number % len(ways)]
        http.get(path, headers=headers).raise_for_status()

    return once


def sign_ins(system: System) -> Once:
    """Sign in at the console, with the right password and with a wrong one."""

    def once(number: int) -> None:
        with httpx.Client(base_url=f"{system.server.url}/console", timeout=60, trust_env=False) as http:
            page = http.get("/sign-in").raise_for_status().text
            form_token = re.search(r'name="form_token" value="([^"]*)"', page)
            if form_token is None:
                raise RuntimeError("there is no form to sign in with")
            # Each wrong guess at another name, since one that is guessed at again and again is answered later.
            name, password = (f"nobody-{number}", "wrong") if number % 2 else ("admin", PASSWORD)
            fields = {"form_token": unescape(form_token[1]), "username": name, "password": password}
            http.post("/sign-in", data=fields)

    return once


def comments(system: System) -> Once:
    """Add the most comments that a call takes, and read them all."""
    http = httpx.Client(base_url=system.server.url, timeout=120, trust_env=False)
    http.headers["Authorization"] = f"Bearer {token(system)}"
    bodies = [json.dumps(COMMENTS, ensure_ascii=escaped).encode() for escaped in (False, True)]
    headers = {"Content-Type": "application/json"}

    def once(number: int) -> None:
        path = "/kreditsmart/kex/vorgang/123456/kommentare"
        http.post(path, content=bodies[number % len(bodies)], headers=headers).raise_for_status()

    return once


def documents(system: System) -> Once:
    """Upload documents of 10 MB."""
    requests = Requests(system, base64.b64encode(os.urandom(10_000_000)))
    lock = threading.Lock()

    def once(_: int) -> None:
        with contextlib.closing(connect(system)) as connection:
            with lock:
                request = requests.next()
            seconds_of_upload(connection, SimpleNamespace(next=lambda: request))  # type: ignore[arg-type]

    return once


def client(system: System, account: Account) -> httpx.Client:
    """Return a client of an account."""
    base = f"{system.server.url}/api/scr/v1/{account.client_id}/"
    return httpx.Client(base_url=base, headers={"Authorization": account.authorization}, timeout=120, trust_env=False)


def public_key() -> bytes:
    """Return a caller's public key, the same for all calls."""
    if not _KEY:
        key = generate_private_key(65537, 4096).public_key()
        _KEY.append(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return _KEY[0]


_KEY: list[bytes] = []
KINDS = (
    Kind("coupons", coupons, 200, 60),
    Kind("pictures", pictures, 6, 3),
    Kind("lists", lists, 24, 8),
    Kind("sign-ins", sign_ins, 60, 20),
    Kind("comments", comments, 12, 6),
    Kind("documents", documents, 60, 20),
)

if __name__ == "__main__":
    main(measure)
