"""The export's schema and its execution; imported with the first query, for the library takes time and memory."""

from collections.abc import Iterator
from typing import Any, Final

import strawberry
from graphql import GraphQLError
from graphql.validation import MaxIntrospectionDepthRule
from strawberry.exceptions import StrawberryGraphQLError
from strawberry.extensions import AddValidationRules, SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext
from strawberry.types.graphql import OperationType

from fallwerk.domain.errors import DomainError
from fallwerk.domain.loancase.model import Caller
from fallwerk.domain.loancase.service import export_loan_case
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.neighbours.kex_export.errors import QueryFault, told_in_errors
from fallwerk.neighbours.kex_export.limits import TOKENS_MAX, TOO_DEEP, TooCostly, refuse_costly
from fallwerk.neighbours.kex_export.mapping import rendered
from fallwerk.neighbours.kex_export.schema import QueryBody
from fallwerk.neighbours.kex_export.types import Vorgang

OK: Final = 200
BAD_REQUEST: Final = 400


class Access:
    """Through what a query reads, and for whom; one per query."""

    def __init__(self, uow: UnitOfWork, caller: Caller) -> None:
        self.uow = uow
        self.caller = caller


@strawberry.type(name="Query")
class Query:
    """What can be read."""

    @strawberry.field
    def vorgang(self, info: strawberry.Info[Access, None], vorgangsnummer: str) -> Vorgang | None:
        """Return a Vorgang in the reach of the caller's partner."""
        access = info.context
        try:
            return Vorgang(view=export_loan_case(access.uow, vorgangsnummer, caller=access.caller))
        except DomainError as error:
            told = told_in_errors(error)
            if told is None:
                raise
            raise StrawberryGraphQLError(told["message"], extensions=told["extensions"]) from None


class _Limits(SchemaExtension):
    """Bounds a document while it is parsed and before it is validated."""

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = TOKENS_MAX
        yield

    def on_validate(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        if document is not None:
            try:
                refuse_costly(document)
            except TooCostly as refused:
                # With errors there already the library leaves out its own validation, which could take long.
                self.execution_context.pre_execution_errors = [GraphQLError(str(refused))]
        yield


class _Schema(strawberry.Schema):
    """Says nothing to the log: what callers write is theirs, and what fails by us is raised again."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave errors to whoever called."""


SCHEMA: Final = _Schema(
    Query,
    config=StrawberryConfig(auto_camel_case=True, disable_field_suggestions=True),
    extensions=[_Limits, lambda: AddValidationRules([MaxIntrospectionDepthRule])],
)


def run(uow: UnitOfWork, query: QueryBody, caller: Caller) -> tuple[int, bytes]:
    """
    Run a query in one transaction and return status and body.

    Source: public-facts.md "Europace KEX neighbours" (read); N-03.

    Raises:
        LoanCaseDeleted: a Vorgang of the query is deleted; the call fails by it as a whole.
        QueryFault: it is not clear which operation is meant, or it is none that reads.
    """
    try:
        result = SCHEMA.execute_sync(
            query.query,
            variable_values=query.variables,
            context_value=Access(uow, caller),
            operation_name=query.operationName,
            allowed_operation_types=[OperationType.QUERY],
        )
    except CannotGetOperationTypeError:
        raise QueryFault("operationName must name one of the query's operations.") from None
    except InvalidOperationTypeError:
        raise QueryFault("Only queries are taken.") from None
    errors: list[dict[str, Any]] = []
    for error in result.errors or ():
        # Whatever is not meant for the caller ends the call, and the router answers it.
        origin = error.original_error
        if isinstance(origin, RecursionError):
            # The library's parser gives up on what is far beyond our limit of depth.
            raise QueryFault(TOO_DEEP) from None
        if origin is not None and not isinstance(origin, GraphQLError):
            raise origin
        errors.append(_told(error))
    refused = result.data is None and all("path" not in error for error in errors)
    return (BAD_REQUEST if refused else OK), rendered(result.data, errors, has_data=not refused)


def _told(error: GraphQLError) -> dict[str, Any]:
    """Render an error as GraphQL does; its status stands beside the message as well, as the provider writes it."""
    told: dict[str, Any] = dict(error.formatted)
    status = (error.extensions or {}).get("status")
    return told if status is None else {**told, "status": status}
