"""Wire shapes of UPDATE."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, RootModel, TypeAdapter

from fallwerk.dialects.kex.checking import check
from fallwerk.dialects.problem import PointedFault, bad_request
from fallwerk.domain.loancase.rules import FILE_NAME_LONGEST, TEXT_LONGEST, TEXTS_MAX

CONTENT: Final = ("base64Content",)
"""Where the document stands in the body."""


class DocumentBody(BaseModel):
    """A document; other members are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, defer_build=True)

    filename: Annotated[str, Field(min_length=1, max_length=FILE_NAME_LONGEST)]
    base64Content: str


class StoredDocument(BaseModel):
    """What was stored; `size` in bytes, `sha256` in hexadecimal, both of the decoded content."""

    model_config = ConfigDict(extra="forbid")

    filename: str
    size: int
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Comments(RootModel[Annotated[list[Annotated[str, Field(max_length=TEXT_LONGEST)]], Field(max_length=TEXTS_MAX)]]):
    """Each text becomes a comment; only an empty one is left out."""

    model_config = ConfigDict(strict=True, frozen=True, defer_build=True)


_DOCUMENT: Final = TypeAdapter(DocumentBody)
_COMMENTS: Final = TypeAdapter(Comments)


def read_file_name(rest: object, faults: list[PointedFault]) -> str:
    """
    Return the file name of a document's body, exactly as it was sent.

    Source: UPDATE "Dokumente", Request Format; U-10, U-11.

    Args:
        rest: The body with its content left out.
        faults: Those of the content.

    Raises:
        Problem: 400 with every fault.
    """
    body = check(_DOCUMENT, rest)
    if isinstance(body, list) or faults:
        raise bad_request([*(body if isinstance(body, list) else ()), *faults])
    return body.filename


def read_comments(value: object) -> list[str]:
    """
    Return the comments of a body.

    Source: UPDATE "Kommentare", Request Format; U-20.

    Raises:
        Problem: 400, no array of strings, or too many or too long ones.
    """
    body = check(_COMMENTS, value)
    if isinstance(body, list):
        raise bad_request(body)
    return body.root


def document_schema() -> dict[str, Any]:
    """JSON Schema of a document's body."""
    return DocumentBody.model_json_schema()


def stored_schema() -> dict[str, Any]:
    """JSON Schema of the answer to a document."""
    return StoredDocument.model_json_schema()


def comments_schema() -> dict[str, Any]:
    """JSON Schema of a body of comments."""
    return Comments.model_json_schema()
