"""Coupons end to end: page set, sealed, stored, case moved on; latency one at a time, rate with several at once."""

import httpx
from harness import ENGINES, Account, Figure, Load, System, main, median, note, post_template, served

CASES = 300
AT_ONCE = 8
SEVERAL = f"{AT_ONCE} at once"
ORDER = {
    "contactDataProvided": {"firstName": "Erika", "lastName": "Mustermann", "email": "erika@example.org"},
    "processData": {"preferredLanguage": "DE_DE"},
}
SETTINGS = {"couponActive": True, "couponMax": 1000, "accountingNumber": "87122222143703", "displayName": "Musterbank"}


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine."""
    return [figure for engine in ENGINES for figure in _engine(engine, quick=quick)]


def _engine(engine: str, *, quick: bool) -> list[Figure]:
    rounds, seconds = (3, 2) if quick else (7, 4)
    with served(engine) as system:
        account = system.open_accounts(1, **SETTINGS)[0]
        port = system.server.port
        paths = [f"cases/{case_id}/piCouponByFile" for case_id in start(system, account)]
        load = Load(port, [post_template(account, path, port) for path in paths])
        load.run(seconds=1.5, concurrency=1)
        latencies, rates = [], []
        for number in range(rounds):
            latencies.append(load.run(seconds=seconds, concurrency=1)["p50_ms"])
            rates.append(load.run(seconds=seconds, concurrency=AT_ONCE)["rate"])
            note(f"{engine} round {number + 1}: p50 {latencies[-1]:.1f} ms, {rates[-1]:.0f}/s")
        made = load.require_only("201")
        kept = system.count("coupon")
        if kept != made:
            raise RuntimeError(f"{made} coupons were answered, {kept} are kept")
    return [
        Figure("coupon, end to end, p50", engine, median(latencies), "ms", 12, at_least=False, detail="one at a time"),
        Figure("coupons per second and process", engine, median(rates), "/s", 80, at_least=True, detail=SEVERAL),
    ]


def start(system: System, account: Account) -> list[str]:
    """Start cases and return their ids."""
    url = f"{system.server.url}/api/scr/v1/{account.client_id}/cases"
    with httpx.Client(headers={"Authorization": account.authorization}, trust_env=False) as http:
        return [str(http.post(url, json=ORDER).raise_for_status().json()["caseId"]) for _ in range(CASES)]


if __name__ == "__main__":
    main(measure)
