"""A person at the portal: a browser without a screen that keeps cookies and fills in forms."""

import re
from html import unescape
from typing import TYPE_CHECKING, Any, Final, Self

import httpx

if TYPE_CHECKING:
    from tests.api.conftest import Account

FULL: Final = {
    "contactDataProvided": {
        "firstName": "Erika",
        "lastName": "Mustermann",
        "email": "erika@example.org",
        "mobilePhone": "+49 171 123456",
    },
    "identificationDocumentProvided": {"birthDate": "1964-08-12", "number": "T01012148", "nationality": "DEU"},
}
"""All that the dialogue would ask for, and a birth date to confirm with."""
PERSONAL: Final = ("Erika", "Mustermann", "erika@example.org", "171", "1964", "T01012148")


class Person:
    """Somebody with a case's address."""

    def __init__(self, account: "Account", case_id: str, **headers: str) -> None:
        self.account = account
        self.case_id = case_id
        self.http = httpx.Client(base_url=account.server.url, timeout=30, headers=headers)
        self.last: httpx.Response | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def open(self, name: str = "", **parameters: str) -> httpx.Response:
        """Open one of the case's pages, without a name the case itself; redirects are followed."""
        path = f"/identportal/{self.case_id}/{name}" if name else "/identportal/"
        query = parameters if name else {"vorgangsnummer": self.case_id, **parameters}
        self.last = self.http.get(path, params=query, follow_redirects=True)
        return self.last

    def csrf(self) -> str:
        """The token of the last page's form."""
        assert self.last is not None
        found = re.search(r'name="csrf" value="([^"]*)"', self.last.text)
        assert found, self.last.text
        return unescape(found[1])

    def send(self, name: str, *, follow: bool = True, token: str | None = None, **fields: str) -> httpx.Response:
        """Send the form of a page, with the token of the last page unless another is given."""
        data: dict[str, Any] = {"csrf": self.csrf() if token is None else token, **fields}
        answer = self.http.post(f"/identportal/{self.case_id}/{name}", data=data, follow_redirects=follow)
        self.last = answer
        return answer

    def agree(self) -> httpx.Response:
        """Give the consent that comes first."""
        page = self.open("einwilligung")
        version = re.search(r'name="version" value="([^"]*)"', page.text)
        assert version, page.text
        return self.send("einwilligung", agreed="yes", version=version[1])

    def choose(self, method: str) -> httpx.Response:
        """Agree if that is still to be done, and choose a method."""
        if self.open("verfahren").url.path.endswith("/einwilligung"):
            self.agree()
        self.open("verfahren")
        return self.send("verfahren", method=method)

    def upload(self, page: str, content: bytes, *, name: str = "picture.jpg") -> httpx.Response:
        """Send a picture through its page."""
        self.open(page)
        files = {"picture": (name, content, "image/jpeg")}
        path = f"/identportal/{self.case_id}/{page}"
        self.last = self.http.post(path, data={"csrf": self.csrf()}, files=files, follow_redirects=True)
        return self.last

    def confirm(self) -> httpx.Response:
        """Confirm with the birth date of `FULL`."""
        self.open("bestaetigen")
        return self.send("bestaetigen", way="birth date", day="12", month="8", year="1964")
