"""UPDATE's JSON ↔ the domain; pure functions."""

import orjson

from fallwerk.domain.loancase.model import NewDocument


def document_answer(document: NewDocument) -> bytes:
    """Render what was stored (decisions.md "KEX.")."""
    return orjson.dumps({"filename": document.file_name, "size": document.size_bytes, "sha256": document.sha256})


def document_request(file_name: str, sha256: bytes) -> bytes:
    """Return what makes two uploads the same call: their contents are not kept, so their hashes are compared."""
    return orjson.dumps([file_name, sha256.hex()])
