"""The JSON of documents on applications ↔ the domain; pure functions."""

import orjson

from fallwerk.domain.loancase.model import DocumentOrder, NewDocument
from fallwerk.neighbours.kex_antragsdokumente.schema import ApplicationDocumentBody


def to_order(body: ApplicationDocumentBody) -> DocumentOrder:
    """Turn a checked body into the domain's order; a tag that is there twice counts once."""
    return DocumentOrder(body.antragsdokument.fileName, body.kommentar or "", tuple(dict.fromkeys(body.tags or ())))


def stored_answer(document: NewDocument) -> bytes:
    """Render what the application has now (decisions.md "KEX.")."""
    return orjson.dumps({"filename": document.file_name, "size": document.size_bytes, "sha256": document.sha256})


def request_key(application_number: str, order: DocumentOrder, sha256: bytes) -> bytes:
    """Return what makes two calls the same one: the content is not kept, so its hash is compared."""
    return orjson.dumps([application_number, order.file_name, order.comment, order.tags, sha256.hex()])
