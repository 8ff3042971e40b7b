"""Answers of the KEX APIs, and their repetition under an `Idempotency-Key` (C-11)."""

from collections.abc import Callable
from typing import Final

from starlette.responses import Response

from fallwerk.dialects.kex.router import JSON, Call
from fallwerk.domain.idempotency import Answer, once
from fallwerk.domain.unit_of_work import Transactions, UnitOfWork

OK: Final = 200
CREATED: Final = 201
EMPTY: Final = b"{}"
"""The success body where there is nothing to tell (decisions.md "KEX.")."""


def json_response(answer: Answer) -> Response:
    """Answer with JSON that is rendered already."""
    return Response(answer.body, answer.status, media_type=JSON)


async def answer_once(
    store: Transactions, call: Call, request: bytes, make: Callable[[UnitOfWork], Answer], *, now_us: int
) -> Response:
    """
    Run a use case in one transaction, once per idempotency key.

    Args:
        request: What must be equal for another call to be the same; the path counts besides.
    """
    repeated = call.idempotency(request)
    if repeated is None:
        return json_response(await store.write(make))
    return json_response(await store.write(lambda uow: once(uow, repeated, now_us=now_us, make=lambda: make(uow))))
