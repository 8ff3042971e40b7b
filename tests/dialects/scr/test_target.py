from datetime import datetime
from urllib.parse import quote

import pytest

from fallwerk.apis.scr_delivery import examples
from fallwerk.dialects.scr.case_query import parse_filter
from fallwerk.dialects.scr.target import decode_encoded_target
from fallwerk.kit.clock import to_us


def us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


@pytest.mark.req("D-25")
def test_the_documents_encoded_target_works():
    path, query = decode_encoded_target(examples.ENCODED_TARGET.encode(), b"")
    assert path == "/api/scr/v1/XCLIENTIDX/cases/delivery"
    wanted = parse_filter(query)
    assert wanted.closed_from_us == us("2017-06-25T13:30:01+02:00")
    assert wanted.closed_until_us == us("2017-06-25T13:40:01+02:00") + 999_999


@pytest.mark.req("D-25")
@pytest.mark.parametrize(
    ("raw_path", "query", "expected"),
    [
        (b"/a/b", b"", ("/a/b", b"")),
        (b"/a/b", b"new=true", ("/a/b", b"new=true")),
        (b"/a%2Fb", b"new=%74rue", ("/a/b", b"new=%74rue")),
        (b"/a/b%3Fnew%3Dtrue", b"", ("/a/b", b"new=true")),
        (b"/a/b%3fnew=true&closed=false", b"", ("/a/b", b"new=true&closed=false")),
        (b"/a/b%3Fnew%3Dtrue", b"closed=false", ("/a/b", b"new=true&closed=false")),
        (b"/a/b%3F", b"", ("/a/b", b"")),
        (b"/https%3A%2F%2Fhost.example%2Fa%2Fb%3Fnew%3Dtrue", b"", ("/a/b", b"new=true")),
        (b"https%3A%2F%2Fhost.example%2Fa%2Fb", b"", ("/a/b", b"")),
        (b"/a/%FF", b"", ("/a/�", b"")),
        (b"/a/b%253Fnew", b"", ("/a/b%3Fnew", b"")),
    ],
)
def test_a_target_is_decoded_once(raw_path, query, expected):
    assert decode_encoded_target(raw_path, query) == expected


@pytest.mark.req("D-25")
def test_a_target_encoded_as_a_whole_asks_for_the_same_as_a_plain_one():
    plain = decode_encoded_target(b"/api/scr/v1/X/cases/delivery", examples.QUERY.encode())
    url = f"/api/scr/v1/X/cases/delivery?{examples.QUERY}"
    whole = decode_encoded_target(quote(url, safe="").encode(), b"")
    assert whole == plain
    assert parse_filter(whole[1]) == parse_filter(plain[1])
