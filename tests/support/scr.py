"""
What the tests of the SCR interfaces ask of an answer, and what they look up behind its back.

`refused` is the one place that asserts the error envelopes: whatever answers an error, it has to get past it.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, Final

import httpx
import psycopg
from psycopg.rows import dict_row

from fallwerk.domain.identcase.model import CaseOrder
from fallwerk.store.orders import order_of
from fallwerk.store.sealing import Sealer
from tests.support.schema import TEST_KEY

if TYPE_CHECKING:
    from tests.api.conftest import Account, Running

NOT_VALID: Final = "The provided value is not valid."
NOT_A_STRING: Final = "The provided value must be a string."
NOT_AN_OBJECT: Final = "The provided value must be an object."
NOT_AN_ARRAY: Final = "The provided value must be an array."
NOT_CAMEL_CASE: Final = "Attribute names must be in camel case."
WRONG_DATE: Final = "Date field format must be YYYY-MM-DD."
JSON_HEADER: Final = {"Content-Type": "application/json"}

UNAUTHORIZED: Final = (
    b'{"apiversion":"v1","errors":[{"errorcode":"90114","reason":"unauthorized","key":"Authorization",'
    b'"message":"Authorization failed."}]}'
)
CASE_UNKNOWN: Final = (
    b'{"apiversion":"v1","errors":[{"errorcode":"90011","key":"not found","message":"Case not found."}]}'
)
TABLES: Final = (
    "ident_case",
    "identification",
    "delivery_order",
    "notification",
    "due_work",
    "idempotency",
    "audit_event",
)
"""Where anything that a call stores for a client would show."""

Fault = tuple[str, str]
"""Key and message of a 90005; a date's fault is told by its message."""


def refused(response: httpx.Response, status: int) -> list[dict[str, str]]:
    """Assert that an answer is an error in this dialect (S-34, S-36) and return its entries."""
    assert response.status_code == status, f"{response.status_code}: {response.text}"
    assert response.headers["content-type"] == "application/json"
    assert int(response.headers["content-length"]) == len(response.content)
    body = response.json()
    if status == 400:
        assert list(body) == ["apiVersion", "error"]
        assert body["apiVersion"] == "v1"
        assert list(body["error"]) == ["code", "message", "errors"]
        assert (body["error"]["code"], body["error"]["message"]) == (400, "Bad Request")
        entries: list[dict[str, str]] = body["error"]["errors"]
        assert all(list(entry) == ["reason", "errorcode", "key", "message"] for entry in entries)
    else:
        assert body["apiversion"] == "v1"
        assert set(body) == {"apiversion", "errors"} | ({"caseId"} if "90016" in response.text else set())
        entries = body["errors"]
        assert len(entries) == 1
        assert {"key", "message"} <= set(entries[0]) <= {"errorcode", "reason", "key", "message"}
    assert entries
    assert all(isinstance(value, str) and value for entry in entries for value in entry.values())
    return entries


def bad(response: httpx.Response, *faults: Fault) -> None:
    """Assert a 400 with exactly these faults in this order, each with the guide's code and reason."""
    found = refused(response, 400)
    assert [(entry["key"], entry["message"]) for entry in found] == list(faults)
    for entry in found:
        wrong_date = entry["message"] == WRONG_DATE or entry["message"].startswith("The value must be `YYYY-MM-DD`")
        expected = ("90001", "wrong date format") if wrong_date else ("90005", "incorrect value")
        assert (entry["errorcode"], entry["reason"]) == expected


def too_long(maximum: int) -> str:
    """The message for a text that is too long."""
    return f"The provided value is too long (max. {maximum} characters)."


def nested(path: str, value: object) -> dict[str, Any]:
    """Build `{"a": {"b": value}}` from `a.b`; `x[]` is an array of one."""
    for name in reversed(path.split(".")):
        value = {name.removesuffix("[]"): [value]} if name.endswith("[]") else {name: value}
    assert isinstance(value, dict)
    return value


def key_of(path: str) -> str:
    """The key under which a fault at a path is reported."""
    return path.replace("[]", "[0]")


def rows(server: "Running", statement: str, *values: object) -> list[dict[str, Any]]:
    """Read from the server's database as somebody else; `?` stands for a value on both engines."""
    if server.engine == "sqlite":
        path = server.database_url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement, values).fetchall()]
    with psycopg.connect(server.database_url, row_factory=dict_row) as connection:
        return connection.execute(statement.replace("?", "%s"), values).fetchall()  # type: ignore[arg-type]


def tenant_of(account: "Account") -> int:
    """The tenant's key of an account."""
    found = rows(account.server, "SELECT tenant_id FROM scr_client WHERE client_id = ?", account.client_id)
    return int(found[0]["tenant_id"])


def stored(account: "Account") -> dict[str, int]:
    """How many rows each table holds of an account."""
    tenant = tenant_of(account)
    counted = " UNION ALL ".join(
        f"SELECT '{table}' AS name, count(*) AS amount FROM {table} WHERE tenant_id = {tenant}" for table in TABLES
    )
    return {row["name"]: row["amount"] for row in rows(account.server, counted)}


@contextmanager
def nothing_stored(*accounts: "Account") -> Iterator[None]:
    """Assert that what happens inside leaves no row of these accounts."""
    before = [stored(account) for account in accounts]
    yield
    assert [stored(account) for account in accounts] == before


def case_row(account: "Account", case_id: str) -> dict[str, Any] | None:
    """A case as the database holds it."""
    statement = "SELECT * FROM ident_case WHERE tenant_id = ? AND case_id = ?"
    return next(iter(rows(account.server, statement, tenant_of(account), case_id)), None)


def stored_order(account: "Account", case_id: str) -> CaseOrder:
    """Open the sealed order of a case with the tests' own master key."""
    row = case_row(account, case_id)
    assert row is not None
    context = f"order|{row['tenant_id']}|{case_id}".encode()
    return order_of(Sealer([TEST_KEY]).open(bytes(row["order_sealed"]), context))


def started(account: "Account", body: object = None, **options: Any) -> str:
    """Start a case, which must work, and return its id."""
    response = account.start(body, **options)
    assert response.status_code == 201, response.text
    return str(response.json()["caseId"])


def merged(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Join objects deeply, in their order."""
    result: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            if isinstance(value, dict):
                known = result.get(name)
                result[name] = merged(known, value) if isinstance(known, dict) else merged(value)
            else:
                result[name] = value
    return result


def ids_of(results: Sequence[Mapping[str, Any]]) -> list[str]:
    """Case ids of a list answer."""
    return [str(result["caseId"]) for result in results]
