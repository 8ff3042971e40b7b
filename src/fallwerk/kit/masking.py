"""What may be kept of a request's body: credentials never, personal data in the sandbox only."""

import re
from typing import Final

import orjson

MASK: Final = "•••"
UNREADABLE: Final = "(content not recorded)"

_DIAGNOSTIC: Final = frozenset({"apiversion", "apiVersion", "code", "errorcode", "reason", "key", "status", "caseId"})
"""Names whose values describe our answer and never a person."""

_SECRET_NAME: Final = re.compile(r"(?i)(?:password|secret|token)$")
_SECRET_JSON: Final = re.compile(
    rb'(?i)("[^"\\]*(?:password|secret|token)"\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[^\s",}\]]+|[{\[].*)', re.DOTALL
)
_SECRET_FORM: Final = re.compile(rb"(?i)((?:^|[&?;])[^=&;]*(?:password|secret|token)=)[^&;]*")
_FORM_VALUE: Final = re.compile(rb"=[^&;]*")
_JSON_MASK: Final = rb'\1"' + MASK.encode() + b'"'
_FORM_MASK: Final = rb"\1" + MASK.encode()


def without_credentials(body: bytes) -> bytes:
    """
    Return the body with the value of every field masked whose name ends in `password`, `secret` or `token`.

    A body without such a name comes back unchanged, at the cost of a few searches. May be cut off anywhere.
    """
    if not _may_name_secrets(body):
        return body
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return query_without_credentials(_SECRET_JSON.sub(_JSON_MASK, body))
    return orjson.dumps(_mask_secrets(value)) if _names_secret(value) else body


def query_without_credentials(query: bytes) -> bytes:
    """Return a query or form with the values of credentials masked."""
    return _SECRET_FORM.sub(_FORM_MASK, query) if b"=" in query else query


def without_values(body: bytes) -> bytes:
    """Return a JSON body with every value masked but those of our own error codes; anything else not at all (C-04)."""
    if not body:
        return body
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return UNREADABLE.encode()
    return orjson.dumps(_mask_all(value))


def query_without_values(query: bytes) -> bytes:
    """Return a query with its names only; one that is a single word is masked as a whole."""
    if b"=" not in query:
        return MASK.encode() if query else query
    return _FORM_VALUE.sub(b"=" + MASK.encode(), query)


def _may_name_secrets(body: bytes) -> bool:
    # Three plain searches cost a tenth of one pattern; without the first letter they find `webhookPassword` too.
    return b"assword" in body or b"ecret" in body or b"oken" in body


def _names_secret(value: object) -> bool:
    if isinstance(value, dict):
        return any(_SECRET_NAME.search(name) or _names_secret(inner) for name, inner in value.items())
    return isinstance(value, list) and any(map(_names_secret, value))


def _mask_secrets(value: object) -> object:
    if isinstance(value, dict):
        return {n: MASK if _SECRET_NAME.search(n) and v is not None else _mask_secrets(v) for n, v in value.items()}
    return [_mask_secrets(inner) for inner in value] if isinstance(value, list) else value


def _mask_all(value: object) -> object:
    if isinstance(value, dict):
        return {
            name: (inner if name in _DIAGNOSTIC else MASK) if isinstance(inner, str | int) else _mask_all(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_mask_all(inner) for inner in value]
    return value if value is None else MASK
