"""
Serve a small application with the product's processes: `python small_server.py '{"processes": 3, …}'`.

`GET /` answers the process id, the client's address and the scheme; `/slow` answers after a second request `/release`
reached the same process; `/crash` ends the process on the spot.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from fallwerk.kit.server_plan import ServerPlan, StartRefused

OPTIONS = json.loads(sys.argv[1])
REFUSAL = OPTIONS.pop("refusal", None)
BUG = OPTIONS.pop("bug", None)
for name in ("tls_certificate", "tls_key"):
    if name in OPTIONS:
        OPTIONS[name] = Path(OPTIONS[name])


def say(text):
    # One call of the system, so that lines of several processes do not mix.
    os.write(1, f"{text}\n".encode())


def make_app(port, shared):
    released = asyncio.Event()

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
            return
        path = scope["path"]
        if path == "/crash":
            os.kill(os.getpid(), signal.SIGKILL)
        if path == "/slow":
            say("slow")
            await released.wait()
        if path == "/release":
            released.set()
        body = json.dumps(
            {"pid": os.getpid(), "slot": shared.slot, "client": scope["client"][0], "scheme": scope["scheme"]}
        ).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    async def lifespan(receive, send):
        await receive()
        if BUG:
            raise RuntimeError(BUG)
        if REFUSAL:
            raise StartRefused(REFUSAL)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        say(f"closed {shared.slot}")
        await send({"type": "lifespan.shutdown.complete"})

    return app


plan = ServerPlan(**{"host": "127.0.0.1", "port": 0, "log_messages": True, **OPTIONS})
sys.exit(plan.run(make_app, announce=lambda port: f"Announced {port}"))
