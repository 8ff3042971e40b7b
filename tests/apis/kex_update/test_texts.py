"""Large bodies of comments, read text by text while they arrive: the same texts, the same faults."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallwerk.apis.kex_update.texts import TextReader
from fallwerk.dialects.problem import Problem

A_TEXT = "x" * 10_000


def read(body: bytes, step: int) -> list[str]:
    reader = TextReader()
    for begin in range(0, len(body), step):
        reader.feed(body[begin : begin + step])
    return reader.end()


def refused(body: bytes, step: int = 7) -> list[tuple[str, str]]:
    with pytest.raises(Problem) as refusal:
        read(body, step)
    assert refusal.value.status == 400
    return [(error.pointer, error.detail) for error in refusal.value.errors]


@pytest.mark.req("U-20")
@given(st.lists(st.text(st.characters(codec="utf-8"))), st.booleans(), st.integers(1, 9), st.sampled_from([None, 2]))
def test_texts_come_out_as_they_went_in_however_they_are_cut(texts, escaped, step, indent):
    assert read(json.dumps(texts, ensure_ascii=escaped, indent=indent).encode(), step) == texts


@pytest.mark.req("U-20")
@pytest.mark.parametrize(
    "body",
    [b"[", b"[1", b'["a"', b'["a",]', b"[,]", b'["a" "b"]', b'["a"]]', b'["a"],', b'["a\n"]', b'["\\x"]', b'["a', b""],
)
def test_what_is_no_json_at_all_is_malformed_or_no_array_of_strings(body):
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
    ((pointer, message),) = refused(body)
    assert (pointer, "not valid JSON" in message) in {("", True), ("/0", False)}


@pytest.mark.req("U-20")
def test_faults_are_those_of_a_small_body():
    assert refused(b'{"a":1}') == [("", "The body must be an array.")]
    assert refused(b'["a", null]') == [("/1", "The value must be a string.")]
    long = json.dumps(["a", A_TEXT, A_TEXT + "x", "b", "\ud800"]).encode()
    assert refused(long, 65_536) == [
        ("/2", "The value is too long (max. 10000 characters)."),
        ("/4", "The value is no Unicode text: it holds half of a surrogate pair."),
    ]
    assert refused(b'["' + b"x" * 130_000, 65_536) == [("/0", "The value is too long (max. 10000 characters).")]
    assert refused(json.dumps(["a"] * 1_001).encode(), 65_536) == [("", "There are too many values (max. 1000).")]
    assert len(read(json.dumps(["a"] * 1_000).encode(), 65_536)) == 1_000
