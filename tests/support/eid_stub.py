"""
An independent eID server: the messages of TR-03130's `useID` and `getResult`, and a person who lays a card on a reader.

It shares no code with ours and knows nothing of our types; what it says is written down from the guideline.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Self

OK: Final = "http://www.bsi.bund.de/ecard/api/1.1/resultmajor#ok"
ERROR: Final = "http://www.bsi.bund.de/ecard/api/1.1/resultmajor#error"
PENDING: Final = "http://www.bsi.bund.de/eid/server/2.0/resultminor/getResult#noResultYet"
CANCELLED: Final = "http://www.bsi.bund.de/ecard/api/1.1/resultminor/sal#cancellationByUser"
INVALID: Final = "http://www.bsi.bund.de/eid/server/2.0/resultminor/getResult#invalidDocument"
SPECIMEN: Final = {
    "DocumentType": "ID",
    "IssuingState": "D",
    "DateOfExpiry": "20311031",
    "GivenNames": "ERIKA",
    "FamilyNames": "MUSTERMANN",
    "BirthName": "GABLER",
    "DateOfBirth": {"DateString": "19640812", "DateValue": "1964-08-12"},
    "PlaceOfBirth": {"FreetextPlace": "BERLIN"},
    "Nationality": "D",
    "PlaceOfResidence": {
        "StructuredPlace": {"Street": "HEIDESTRASSE 17", "City": "KÖLN", "Country": "D", "ZipCode": "51147"}
    },
    "RestrictedID": {"ID": "01A4FB509CEBC6595151A4FB5F9C75C6FE01A4FB59CB655A4FB5F9C75C6FEC75"},
}


class EidStub:
    """The server; `said` is what it answers once a card was read."""

    def __init__(self, token: str = "eid-secret") -> None:
        self.token = token
        self.sessions: dict[str, dict[str, Any]] = {}
        self.asked: list[dict[str, Any]] = []
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                message = json.loads(self.rfile.read(length))
                if self.headers["authorization"] != f"Bearer {stub.token}":
                    self.answer(401, {})
                    return
                stub.asked.append(message)
                self.answer(200, stub.use(message) if self.path == "/useID" else stub.result(message))

            def answer(self, status: int, content: dict[str, Any]) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def use(self, message: dict[str, Any]) -> dict[str, Any]:
        """Open a session."""
        session = message["PSK"]["ID"]
        self.sessions[session] = {"refresh": message["RefreshAddress"], "wanted": message["UseOperations"]}
        return {"Result": {"ResultMajor": OK}, "tcTokenURL": f"{self.url}/tc?session={session}&a=b"}

    def result(self, message: dict[str, Any]) -> dict[str, Any]:
        """Tell what became of a session."""
        said = self.sessions[message["Session"]["ID"]].get("said")
        if said is None:
            return {"Result": {"ResultMajor": ERROR, "ResultMinor": PENDING}}
        return said  # type: ignore[no-any-return]

    def card(self, **changes: Any) -> str:
        """Lay a card on the reader of the latest session, and return where the browser is sent."""
        session = list(self.sessions.values())[-1]
        session["said"] = {"Result": {"ResultMajor": OK}, "PersonalData": {**SPECIMEN, **changes}}
        return str(session["refresh"])

    def fails(self, minor: str) -> str:
        """Let the reading fail, and return where the browser is sent."""
        session = list(self.sessions.values())[-1]
        session["said"] = {"Result": {"ResultMajor": ERROR, "ResultMinor": minor}}
        return str(session["refresh"])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
