"""A Vorgang with something in every sealed column, and whether all of it is still read."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.server import ADMIN

ENCODED = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw"


@dataclass
class FilledCase:
    """What the demo Vorgänge showed when they had been filled."""

    records: list[dict[str, Any]]
    sha256: str

    @classmethod
    def fill(cls, url: str) -> "FilledCase":
        """Add a comment, a document, and a status with a note."""
        form = {"grant_type": "client_credentials"}
        answer = httpx.post(f"{url}/auth/token", data=form, auth=("demo-kex", "demo-kex-secret"))
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        status = {
            "antragsnummer": "985132/1/1",
            "produktanbieterstatus": "ABGELEHNT",
            "kommentar": "n",
            "hinweise": ["h"],
        }
        document = {"filename": "Test.pdf", "base64Content": ENCODED}
        for path, body in (
            ("vorgang/123456/kommentare", ["a comment"]),
            ("antraege/status", status),
            ("vorgang/123456/dokument", document),
        ):
            answer = httpx.post(f"{url}/kreditsmart/kex/{path}", json=body, headers=headers)
            assert answer.is_success, answer.text
        return cls(shown(url), answer.json()["sha256"])

    def assert_same(self, url: str) -> None:
        """Assert that everything is read as it was."""
        assert shown(url) == self.records
        answer = httpx.get(f"{url}/admin/v1/vorgaenge/123456/documents/{self.sha256}", headers=ADMIN)
        assert (answer.status_code, answer.content) == (200, bytes(range(64)))


def shown(url: str) -> list[dict[str, Any]]:
    """Show the demo Vorgänge as staff see them."""
    return [httpx.get(f"{url}/admin/v1/vorgaenge/{number}", headers=ADMIN).json() for number in ("123456", "985132")]
