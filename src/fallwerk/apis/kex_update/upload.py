"""Taking a document in: judged while it is read, uploaded while it is judged."""

from collections.abc import AsyncIterator

from fallwerk.apis.kex_update.schema import CONTENT, read_file_name
from fallwerk.dialects.kex.documents import DocumentBody
from fallwerk.dialects.kex.router import Call


class DocumentUpload:
    """
    The document of one call.

    Args:
        maximum: Bytes that it may have.
    """

    def __init__(self, call: Call, maximum: int) -> None:
        self._body = DocumentBody(call.body.parts(), CONTENT, maximum=maximum)
        self.file_name = ""
        """Known once all is read."""

    async def content(self) -> AsyncIterator[bytes]:
        """
        Yield the content; whoever takes all of it knows that the whole body is good.

        Raises:
            Problem: 413, 400.
        """
        async for part in self._body.document():
            yield part
        self.file_name = read_file_name(*self._body.rest())

    async def judge(self) -> None:
        """
        Read all of it and keep nothing.

        Raises:
            Problem: 413, 400.
        """
        async for _ in self.content():
            pass
