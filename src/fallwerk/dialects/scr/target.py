"""Request targets as existing clients send them."""

import re
from typing import Final
from urllib.parse import unquote_to_bytes

_ABSOLUTE: Final = re.compile(r"/?https?://[^/?]*", re.IGNORECASE)


def decode_encoded_target(raw_path: bytes, query: bytes) -> tuple[str, bytes]:
    """
    Return the path and the query of a request target, also of one that was percent-encoded as a whole.

    Source: D-25, decision 11. A `?` that is encoded into the path begins the query, which is then decoded once already;
    a query given besides is kept behind it. No documented path holds a `?` of its own, so nothing else is misread. A
    scheme and host that were encoded along are dropped. Bytes that are not UTF-8 become replacement
    characters, which no name of ours holds; so does NUL, which no database takes.

    Args:
        raw_path: The path as received, before any decoding.

    Returns:
        The decoded path and the query, still to be parsed.
    """
    if b"%" not in raw_path:
        return raw_path.decode(errors="replace"), query
    decoded = unquote_to_bytes(raw_path)
    path, _, inner = decoded.partition(b"?")
    text = path.decode(errors="replace").replace("\0", "\ufffd")
    if "://" in text:
        text = _ABSOLUTE.sub("", text, count=1)
    if text.startswith("//"):
        # An encoded target cannot begin a request line, so its sender put a slash before the encoded one.
        text = "/" + text.lstrip("/")
    return text, b"&".join(part for part in (inner, query) if part)
