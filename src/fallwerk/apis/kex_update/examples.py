"""Example values of UPDATE, for its description and the tests."""

from typing import Any, Final

# decision 41: the document's own example is cut off after 21 characters; this is what it is the beginning of.
DOCUMENT: Final[dict[str, Any]] = {"filename": "Test.pdf", "base64Content": "JVBERi0xLjMKJcTl8uXrp/Og0MTGCg=="}
DOCUMENT_CUT_OFF: Final = "JVBERi0xLjMKJcTl8uXrp"
STORED: Final[dict[str, Any]] = {
    "filename": "Test.pdf",
    "size": 22,
    "sha256": "c2b64a6ca3bd4fa36fbf802c64b0f6723ec85871553e4dde82604b69f3136371",
}
COMMENTS: Final = ["Testkommentar"]
