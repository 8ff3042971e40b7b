"""One long string out of a JSON text that comes in parts."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallwerk.kit.json_tap import JsonTap, RestTooLarge
from fallwerk.kit.jsonio import JsonFault

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(['"', "\\", '\\"', "content", "{"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["content", "a", 'b"', "c\\"]), inner, max_size=3)
    ),
    max_leaves=12,
)


def taken(text: str, path: list[str], size: int) -> tuple[str, str, bool]:
    body, tap, found = text.encode(), JsonTap(path, rest_maximum=100_000), b""
    for start in range(0, len(body), size):
        found += tap.feed(body[start : start + size])
    return found.decode(), tap.rest().decode(), tap.found


@pytest.mark.req("U-10", "U-12")
@given(
    before=st.dictionaries(st.sampled_from(["a", 'b"', "c\\"]), VALUES, max_size=3),
    content=st.text(max_size=30) | st.sampled_from(["\\", '"', '\\"', "\\\\", '\\\\"']),
    after=st.dictionaries(st.sampled_from(["d", "e"]), VALUES, max_size=3),
    nested=st.booleans(),
    size=st.integers(1, 40),
    indent=st.sampled_from([None, 1]),
)
def test_the_string_at_the_place_is_handed_out_and_everything_else_is_kept(
    before, content, after, nested, size, indent
):
    inner = {**before, "content": content, **after}
    whole = {**before, "outer": inner, "content": "x"} if nested else inner
    path = ["outer", "content"] if nested else ["content"]
    string, rest, found = taken(json.dumps(whole, indent=indent), path, size)
    assert (json.loads(f'"{string}"'), found) == (content, True)
    inner["content"] = ""
    assert json.loads(rest) == whole


@given(value=VALUES, size=st.integers(1, 40))
def test_where_no_string_stands_at_the_place_all_is_kept(value, size):
    whole = {"other": value, "list": [{"content": "x"}, "content"], "content": 5}
    string, rest, found = taken(json.dumps(whole), ["content"], size)
    assert (string, json.loads(rest), found) == ("", whole, False)


def test_an_escaped_name_is_the_same_name_and_a_second_one_is_a_fault():
    assert taken('{"c\\u006fntent":"x"}', ["content"], 3) == ("x", '{"c\\u006fntent":""}', True)
    with pytest.raises(JsonFault, match="more than once"):
        taken('{"content":"x","content":"y"}', ["content"], 3)


@pytest.mark.req("U-12")
def test_what_stands_around_the_string_is_bounded_and_the_string_is_not():
    body = b'{"content":"' + b"x" * 100_000 + b'"}'
    tap = JsonTap(["content"], rest_maximum=14)
    assert len(tap.feed(body)) == 100_000
    with pytest.raises(RestTooLarge):
        JsonTap(["content"], rest_maximum=14).feed(b'{"comment":"' + b"x" * 10)


def test_a_text_nested_too_deeply_is_refused_at_once():
    with pytest.raises(JsonFault, match="nested too deeply"):
        JsonTap(["content"], rest_maximum=1000).feed(b"[" * 65)


@pytest.mark.parametrize("text", ['{"content"', '{"content":"', "]", "}", '{"\\x":1}', "{:,", "\\", '"', '"\\'])
def test_what_is_no_json_comes_out_as_such(text):
    _, rest, _ = taken(text, ["content"], 2)
    with pytest.raises(json.JSONDecodeError):
        json.loads(rest)
