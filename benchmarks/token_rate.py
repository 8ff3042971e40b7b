"""Token requests per second of one process: right credentials by HTTP Basic, a fresh signed token in every answer."""

import base64

from harness import ADMIN, CONCURRENCY, ENGINES, Figure, Load, System, main, median, note, served

TARGET = 1_500
BODY = b"grant_type=client_credentials"
CLIENTS = 8


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine; neither is asked per token, so they should not differ."""
    return [_engine(engine, quick=quick) for engine in ENGINES]


def _engine(engine: str, *, quick: bool) -> Figure:
    rounds, seconds = (3, 2) if quick else (9, 4)
    with served(engine) as system:
        load = Load(system.server.port, templates(system))
        load.run(seconds=1.5)
        runs = [load.run(seconds=seconds) for _ in range(rounds)]
        answered = load.require_only("200")
    rate = median([run["rate"] for run in runs])
    note(f"{engine}: {rate:.0f}/s")
    p99 = median([run["p99_ms"] for run in runs])
    detail = f"{answered} tokens at concurrency {CONCURRENCY}, {CLIENTS} clients; p99 {p99:.1f} ms"
    return Figure("token requests per second, one process", engine, rate, "/s", TARGET, at_least=True, detail=detail)


def templates(system: System) -> list[tuple[bytes, bytes]]:
    """Make one request for each of some clients; its unique number is the trace id."""
    made = []
    for _ in range(CLIENTS):
        body = {"scopes": ["privatkredit:vorgang:schreiben", "privatkredit:vorgang:lesen"]}
        new = system.admin("POST", "/admin/v1/oauth-clients", json=body, headers=ADMIN).json()
        credentials = base64.b64encode(f"{new['clientId']}:{new['clientSecret']}".encode()).decode()
        head = (
            f"POST /auth/token HTTP/1.1\r\nHost: 127.0.0.1:{system.server.port}\r\n"
            f"Authorization: Basic {credentials}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(BODY)}\r\nX-TraceId: "
        )
        made.append((head.encode(), b"\r\n\r\n" + BODY))
    return made


if __name__ == "__main__":
    main(measure)
