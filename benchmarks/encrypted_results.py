"""Encrypted single results (4096-bit key) per second ÷ plain ones, alternating."""

import base64
import hmac

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from harness import CONCURRENCY, ENGINES, Account, Figure, Load, System, get_template, main, median, note, order, served

CASES = 50
WAY = ("dmc provided", "packaging announced", "delivery started", "success")
OFFICE = {"streetAddress": "Poststr. 50", "city": "26897 Esterwegen"}


def measure(quick: bool) -> list[Figure]:  # noqa: FBT001 - the one switch of every script
    """Measure each engine."""
    key = generate_private_key(65537, 4096).public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return [_engine(engine, der, quick=quick) for engine in ENGINES]


def _engine(engine: str, der: bytes, *, quick: bool) -> Figure:
    rounds, seconds = (3, 2) if quick else (9, 3)
    with served(engine) as system:
        account = system.open_accounts(1, deliveryActive=True)[0]
        case_ids = order(system, account, CASES)
        for case_id in case_ids:
            succeed(system, case_id)
        port = system.server.port
        paths = [f"cases/delivery/{case_id}" for case_id in case_ids]
        plain = Load(port, [get_template(account, path, port) for path in paths])
        sealed = Load(port, [get_template(account, path, port, key_headers(account, der)) for path in paths])
        rates: list[tuple[float, float]] = []
        for load in (plain, sealed):
            load.run(seconds=1)
        for _ in range(rounds):
            rates.append((plain.run(seconds=seconds)["rate"], sealed.run(seconds=seconds)["rate"]))
            note(f"{engine}: plain {rates[-1][0]:.0f}/s, encrypted {rates[-1][1]:.0f}/s")
        for load in (plain, sealed):
            load.require_only("200")
    ratio = median([encrypted / other for other, encrypted in rates])
    detail = (
        f"{median([rate for _, rate in rates]):.0f}/s against {median([rate for rate, _ in rates]):.0f}/s"
        f" at concurrency {CONCURRENCY}"
    )
    name = "encrypted single results per second ÷ plain ones"
    return Figure(name, engine, ratio, "", 0.7, at_least=True, detail=detail)


def key_headers(account: Account, der: bytes) -> dict[str, str]:
    """Hand over the key as a caller does: with its HMAC under the data password."""
    digest = hmac.digest(account.data_password.encode(), der, "sha256")
    return {"x-scr-key": base64.b64encode(der).decode(), "x-scr-keyhash": base64.b64encode(digest).decode()}


def succeed(system: System, case_id: str) -> None:
    """Walk a case to success, so that its result is complete."""
    for status in WAY:
        body = {"method": "delivery", "status": status, "postOffice": OFFICE}
        system.admin("POST", f"/sandbox/v1/cases/{case_id}/simulate", json=body)


if __name__ == "__main__":
    main(measure)
