"""Base64 inside a JSON string, cut anywhere."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallwerk.kit.base64_parts import Base64Parts, NotBase64

WRITTEN = {
    "plain": lambda content: json.dumps(base64.b64encode(content).decode()),
    "without padding": lambda content: json.dumps(base64.b64encode(content).decode().rstrip("=")),
    "in lines": lambda content: json.dumps(base64.encodebytes(content).decode()),
    "in lines of mail": lambda content: json.dumps(base64.encodebytes(content).decode().replace("\n", "\r\n")),
    "escaped slashes": lambda content: json.dumps(base64.b64encode(content).decode()).replace("/", "\\/"),
    "escaped symbols": lambda content: (
        json.dumps(base64.b64encode(content).decode())
        .replace("+", "\\u002b")
        .replace("=", "\\u003D")
        .replace("A", "\\u0041")
    ),
}


def decoded(inside: str, size: int) -> bytes:
    text, parts, result = inside.encode(), Base64Parts(), b""
    for start in range(0, len(text), size):
        result += parts.feed(text[start : start + size])
    return result + parts.feed(b"", last=True)


@pytest.mark.req("U-10")
@given(content=st.binary(max_size=300), way=st.sampled_from(sorted(WRITTEN)), size=st.integers(1, 100))
def test_whatever_way_it_is_written_and_cut_the_same_bytes_come_out(content, way, size):
    assert decoded(WRITTEN[way](content)[1:-1], size) == content


REFUSED = (
    "QUI-",
    "QU_D",
    "QUJD=",
    "QUJDR",
    "Q=UJ",
    "QQ==QQ==",
    "QQ===",
    "Q",
    "QU JD",
    "QUJD\tQUJD",
    "QUJD\0",
    "\\n",
    "QUJD\\",
    'QUJD"QUJD',
    "ä",
    "ＱＱ",
    "QQ=\n=x",
)


@pytest.mark.req("U-10")
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
@pytest.mark.parametrize("text", REFUSED)
def test_anything_but_symbols_line_breaks_and_padding_is_refused(text, size):
    for written in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
        with pytest.raises(NotBase64):
            decoded(written[1:-1], size)


@pytest.mark.parametrize(("text", "content"), [("", b""), ("\n", b""), ("QQ", b"A"), ("QQ=", b"A"), ("QQ=\n=", b"A")])
def test_padding_may_be_missing_in_part_and_lines_may_end_anywhere(text, content):
    assert decoded(json.dumps(text)[1:-1], 2) == content
