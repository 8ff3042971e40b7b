"""Wire shapes of the export: GraphQL over HTTP."""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from fallwerk.dialects.kex.checking import check
from fallwerk.neighbours.kex_export.errors import QueryFault


class QueryBody(BaseModel):
    """A query with its variables; other members are ignored."""

    model_config = ConfigDict(strict=True, frozen=True)

    query: str = Field(min_length=1)
    variables: dict[str, Any] | None = None
    operationName: str | None = None


_QUERY: Final = TypeAdapter(QueryBody)


def read_query(value: object) -> QueryBody:
    """
    Return the body in its shape.

    Source: public-facts.md "Europace KEX neighbours" (read); N-03.

    Raises:
        QueryFault: the first fault.
    """
    body = check(_QUERY, value)
    if isinstance(body, list):
        where = body[0].pointer.removeprefix("/")
        raise QueryFault(f"{where}: {body[0].detail}" if where else body[0].detail)
    return body


def request_schema() -> dict[str, Any]:
    """JSON Schema of the body."""
    return QueryBody.model_json_schema()
