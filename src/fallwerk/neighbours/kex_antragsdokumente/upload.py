"""Taking a document in whose application may be named behind it."""

from dataclasses import dataclass, field

from fallwerk.dialects.kex.documents import DocumentBody
from fallwerk.dialects.kex.router import Call
from fallwerk.neighbours.kex_antragsdokumente.schema import CONTENT, ApplicationDocumentBody, read_document


@dataclass(frozen=True, slots=True)
class Received:
    """A body that was read and judged, and the document of it."""

    body: ApplicationDocumentBody
    content: bytes = field(repr=False)


async def receive(call: Call, maximum: int) -> Received:
    """
    Read a body, decoding the document as it arrives.

    The document is held in memory, unlike UPDATE's: whose it is stands perhaps behind it, and the blob store wants to
    know that first. The limit of the whole body bounds it.

    Args:
        maximum: Bytes that the body may have.

    Raises:
        TooLarge: as soon as it is. Problem: 400 with every fault.
    """
    read = DocumentBody(call.body.parts(), CONTENT, maximum=maximum)
    content = bytearray()
    async for part in read.document():
        content += part
    return Received(read_document(*read.rest()), bytes(content))
