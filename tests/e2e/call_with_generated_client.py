"""
Perform one call with a client that a public generator made; runs in the peers' environment, knows nothing of ours.

Reads the call as JSON from standard input: `folder` and `package` of the client, its `tag` and `operation`,
`arguments`, `body`, `headers` and the server's `url`. Writes what it made of the answer: `status`, `kind`, `parsed`.
"""

import importlib
import inspect
import json
import sys
import typing
from typing import Any


def model_of(annotation: Any) -> Any:
    """Return the generated class that an annotation names, alone or among others."""
    choices = typing.get_args(annotation) or (annotation,)
    return next((choice for choice in choices if hasattr(choice, "from_dict")), None)


def main() -> None:
    """Read, call, write."""
    call = json.load(sys.stdin)
    sys.path.insert(0, call["folder"])
    client_class = importlib.import_module(f"{call['package']}.client").Client
    operation = importlib.import_module(f"{call['package']}.api.{call['tag']}.{call['operation']}").sync_detailed
    arguments: dict[str, Any] = dict(call["arguments"])
    if call["body"] is not None:
        model = model_of(inspect.signature(operation).parameters["body"].annotation)
        arguments["body"] = call["body"] if model is None else model.from_dict(call["body"])
    with client_class(base_url=call["url"], headers=call["headers"], raise_on_unexpected_status=True) as client:
        response = operation(client=client, **arguments)
    parsed = response.parsed
    shown = parsed.to_dict() if hasattr(parsed, "to_dict") else [entry.to_dict() for entry in parsed]
    json.dump({"status": response.status_code.value, "kind": type(parsed).__name__, "parsed": shown}, sys.stdout)


if __name__ == "__main__":
    main()
