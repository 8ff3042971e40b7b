"""Wire shapes of documents on applications."""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from fallwerk.dialects.kex.applications import NO_NUMBER
from fallwerk.dialects.kex.checking import check
from fallwerk.dialects.problem import PointedFault, bad_request
from fallwerk.domain.loancase.rules import FILE_NAME_LONGEST, TEXT_LONGEST

REF_TEMPLATE: Final = "#/components/schemas/{model}"
CONTENT: Final = ("antragsdokument", "fileContent")
"""Where the document stands in the body."""
TAGS_MAX: Final = 10

TagValue = Literal["QES"]


class FileBody(BaseModel):
    """A file; other members are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    fileName: Annotated[str, Field(min_length=1, max_length=FILE_NAME_LONGEST)]
    fileContent: str


class ApplicationDocumentBody(BaseModel):
    """A document and the application that it belongs to; null means "not submitted"."""

    model_config = ConfigDict(strict=True, frozen=True)

    antragsnummer: str | None = None
    produktanbieterantragsnummer: str | None = None
    kommentar: Annotated[str, Field(max_length=TEXT_LONGEST)] | None = None
    tags: Annotated[list[TagValue], Field(max_length=TAGS_MAX)] | None = None
    antragsdokument: FileBody


class StoredDocument(BaseModel):
    """What the application now has; `size` in bytes, `sha256` in hexadecimal, both of the decoded content."""

    model_config = ConfigDict(extra="forbid")

    filename: str
    size: int
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


_BODY: Final = TypeAdapter(ApplicationDocumentBody)


def read_document(rest: object, faults: list[PointedFault]) -> ApplicationDocumentBody:
    """
    Return the body in its shape.

    Source: public-facts.md "Europace KEX neighbours" (documents on applications); N-02.

    Args:
        rest: The body with its content left out.
        faults: Those of the content.

    Raises:
        Problem: 400 with every fault.
    """
    body = check(_BODY, rest)
    found = list(body) if isinstance(body, list) else []
    numbers = ("antragsnummer", "produktanbieterantragsnummer")
    # A number that is wrong is not missing.
    if isinstance(rest, dict) and not any(rest.get(name) for name in numbers):
        found.insert(0, NO_NUMBER)
    found += faults
    if isinstance(body, list) or found:
        raise bad_request(found)
    return body


def request_schema() -> dict[str, Any]:
    """JSON Schema of the body."""
    return ApplicationDocumentBody.model_json_schema(ref_template=REF_TEMPLATE)


def stored_schema() -> dict[str, Any]:
    """JSON Schema of the answer."""
    return StoredDocument.model_json_schema()
