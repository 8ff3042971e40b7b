"""Webhook deliveries per second to a fast receiver, one process, from the first to the last of several thousand."""

import time

from harness import ENGINES, Figure, main, median, note, order, receiver, served

ORDERS = 4_000
ORDERS_QUICK = 2_000
PATIENCE_S = 120


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine."""
    return [_engine(engine, quick=quick) for engine in ENGINES]


def _engine(engine: str, *, quick: bool) -> Figure:
    orders, rounds = (ORDERS_QUICK, 1) if quick else (ORDERS, 3)
    with served(engine) as system:
        account = system.open_accounts(
            1, deliveryActive=True, webhookActive=True, webhookEvents=["started"], webhookHosts=["*"]
        )[0]
        rates = []
        for _ in range(rounds):
            with receiver() as (port, figures):
                order(system, account, orders, f"http://127.0.0.1:{port}/hook")
                end = time.monotonic() + PATIENCE_S
                while (found := figures())["different"] < orders and time.monotonic() < end:
                    time.sleep(0.2)
                # A delivery that came twice would count once too often.
                if found["different"] != orders or found["requests"] != orders:
                    raise RuntimeError(f"{orders} notifications were due, the receiver counts {found}")
                rates.append((orders - 1) / found["seconds"])
                note(f"{engine}: {rates[-1]:.0f}/s")
    detail = f"{orders} notifications, each recorded durably; all of them arrived once"
    return Figure("webhook deliveries per second", engine, median(rates), "/s", 500, at_least=True, detail=detail)


if __name__ == "__main__":
    main(measure)
