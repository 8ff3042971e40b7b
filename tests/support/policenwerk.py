"""What the tests of the Policenwerk interface ask of an answer, and what they look up behind its back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import httpx

from tests.support.scr import rows

if TYPE_CHECKING:
    from tests.api.conftest import Running

PATH: Final = "/api/customer/create"
JSON_HEADER: Final = {"Content-Type": "application/json"}
CUSTOMER: Final[dict[str, Any]] = {
    "vorname": "Max",
    "nachname": "Mustermann",
    "geburtstag": "1980-05-21",
    "strasse": "Max-Muster-Weg",
    "hausnr": "10b",
    "plz": "12345",
    "ort": "Musterstadt",
    "land": 1,
    "email": "max.mustermann@policenwerk.de",
    "iban": "DE02701500000000594937",
}
"""Everything that is mandatory by the table, with the document's values."""
FIELDS: Final = [
    "anrede",
    "titel",
    "vorname",
    "nachname",
    "geburtstag",
    "strasse",
    "hausnr",
    "plz",
    "ort",
    "land",
    "tel",
    "email",
    "kontoinhaber",
    "iban",
    "firma",
    "ustid",
    "handelsr_nr",
    "handelsr",
]
TABLES: Final = ("customer", "audit_event", "idempotency")
"""Where anything that a call stores for a broker would show."""


def mandatory(name: str) -> str:
    return f"Das Feld {name} ist ein Pflichtfeld."


def too_long(name: str, maximum: int) -> str:
    return f"Das Feld {name} darf höchstens {maximum} Zeichen lang sein."


NOT_EMAIL: Final = "Das Feld email beinhaltet keine gültige E-Mail-Adresse."
NOT_COUNTRY: Final = "Bitte wählen Sie ein gültiges Land aus unserer Liste aus."


@dataclass
class Broker:
    """A broker made for one test."""

    server: "Running"
    user_id: int
    login_token: str
    valid_until: str

    @property
    def credentials(self) -> dict[str, Any]:
        return {"user_id": self.user_id, "login_token": self.login_token}

    def send(self, body: Any = None, **options: Any) -> httpx.Response:
        """POST a body (given as an object) or raw `content`."""
        if "content" in options:
            options.setdefault("headers", JSON_HEADER)
        else:
            options["json"] = body
        return self.server.http.post(PATH, **options)

    def create(self, *, left_out: tuple[str, ...] = (), headers: Any = None, **changes: Any) -> httpx.Response:
        """Send the document's customer with some changes."""
        body = {**self.credentials, **CUSTOMER, **changes}
        return self.send({name: value for name, value in body.items() if name not in left_out}, headers=headers)

    def created(self, **changes: Any) -> str:
        """Create a customer and return its id."""
        response = self.create(**changes)
        assert response.status_code == 200, response.text
        return str(response.json()["customer_id"])

    def customers(self, **query: str) -> list[dict[str, Any]]:
        """The broker's customers as the admin API shows them."""
        response = self.server.admin("GET", f"/brokers/{self.user_id}/customers", params=query)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()
        return found

    def events(self) -> list[dict[str, Any]]:
        """The broker's audit log, newest first."""
        found: list[dict[str, Any]] = self.server.admin("GET", f"/brokers/{self.user_id}/audit").json()
        return found


def new_broker(server: "Running", **settings: Any) -> Broker:
    """Make a broker through the admin API."""
    response = server.admin("POST", "/brokers", json=settings)
    assert response.status_code == 201, response.text
    made = response.json()
    return Broker(server, made["userId"], made["loginToken"], made["validUntil"])


def stored(broker: Broker) -> dict[str, int]:
    """How many rows each table holds of a broker."""
    tenant = rows(broker.server, "SELECT tenant_id FROM broker WHERE user_id = ?", broker.user_id)[0]["tenant_id"]
    counted = " UNION ALL ".join(
        f"SELECT '{table}' AS name, count(*) AS amount FROM {table} WHERE tenant_id = {tenant}" for table in TABLES
    )
    return {row["name"]: row["amount"] for row in rows(broker.server, counted)}


@contextmanager
def nothing_stored(*brokers: Broker) -> Iterator[None]:
    """Assert that what happens inside leaves no row of these brokers."""
    before = [stored(broker) for broker in brokers]
    yield
    assert [stored(broker) for broker in brokers] == before


def plain(response: httpx.Response, status: int) -> dict[str, Any]:
    """Assert that an answer is JSON in this dialect: nothing beyond ASCII, `login` first."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    assert response.headers["content-type"] == "application/json"
    assert response.content.isascii()
    body: dict[str, Any] = response.json()
    assert next(iter(body)) == "login"
    return body


def refused(response: httpx.Response, status: int, error: str) -> None:
    """Assert an error before the login (P-01, P-02): exactly these two members."""
    assert plain(response, status) == {"login": False, "error": error}
    assert list(response.json()) == ["login", "error"]


def bad(response: httpx.Response, **faults: str) -> None:
    """Assert a 400 with exactly one message for each of these fields, in the order of the table (P-05)."""
    body = plain(response, 400)
    assert list(body) == ["login", "token_valid_until", "warning", "error"]
    assert body["login"] is True
    assert body["error"] == {name: [message] for name, message in faults.items()}
    assert list(body["error"]) == [name for name in FIELDS if name in faults]
