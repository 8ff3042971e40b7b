import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallwerk.kit.jsonio import MAX_DEPTH, NAME_SHOWN, JsonFault, NumberText, is_blank, read_json, showable


def fault_of(body: bytes) -> str:
    with pytest.raises(JsonFault) as caught:
        read_json(body)
    caught.value.message.encode()
    return caught.value.message


@pytest.mark.req("S-05")
def test_a_byte_order_mark_is_dropped():
    assert read_json(b'\xef\xbb\xbf{"a": "b"}') == {"a": "b"}


@pytest.mark.req("S-05")
@pytest.mark.parametrize("body", [b"", b" \r\n\t", b"\xef\xbb\xbf", b"\xef\xbb\xbf \n"])
def test_white_space_and_a_byte_order_mark_are_blank(body):
    assert is_blank(body)


@pytest.mark.req("S-05")
@pytest.mark.parametrize(
    "body", [b"{}", b"null", b'""', b"\x00", b"\xef\xbb", b"\xef\xbb\xbf\xef\xbb\xbf", b"\xc2\xa0"]
)
def test_anything_else_is_not_blank(body):
    assert not is_blank(body)


@pytest.mark.req("S-05")
@pytest.mark.parametrize(
    ("body", "byte"),
    [(b'{"a":"\xe4"}', 7), (b'{"a":"\xed\xa0\x80"}', 7), (b"\xff\xfe{\x00}\x00", 1), (b'"\xc0\xaf"', 2)],
)
def test_invalid_utf8_is_refused_and_never_guessed_as_another_encoding(body, byte):
    assert fault_of(body) == f"The body is not valid UTF-8 (byte {byte})."


@pytest.mark.req("S-05")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'a':1}",
        b"[1,]",
        b'{"a":1,}',
        b"{} {}",
        b'"\x01"',
        b"01",
        b"\xef\xbb\xbf\xef\xbb\xbf{}",
        b'"\\x"',
        b"tru",
    ],
)
def test_malformed_json_is_refused_with_its_position(body):
    assert fault_of(body).startswith("The body is not valid JSON (line 1, column ")


@pytest.mark.req("S-05")
@pytest.mark.parametrize("body", [b'{"a":1,"a":2}', b'[{"x":{"a":1,"b":2,"a":3}}]', b'{"a":1,"\\u0061":2}'])
def test_a_name_twice_in_one_object_is_refused_at_any_depth(body):
    assert fault_of(body) == 'The attribute "a" occurs more than once in one object.'


def test_one_name_in_two_objects_is_fine():
    assert read_json(b'{"a":{"a":1},"b":[{"a":1},{"a":2}]}') == {"a": {"a": 1}, "b": [{"a": 1}, {"a": 2}]}


def test_a_repeated_name_is_shown_only_as_far_as_it_can_be_encoded():
    name = '"\\ud800' + "x" * 300 + '"'
    message = fault_of(f"{{{name}:1,{name}:2}}".encode())
    assert message.startswith('The attribute "\N{REPLACEMENT CHARACTER}xxx')
    assert len(message) < 200


@pytest.mark.req("S-05")
@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_json_lacks_are_refused(constant):
    assert fault_of(f'{{"a":{constant}}}'.encode()) == f"The body is not valid JSON ({constant} is not a JSON number)."


@pytest.mark.req("S-05")
def test_integers_of_thousands_of_digits_are_refused():
    assert fault_of(b'{"a":' + b"1" * 5000 + b"}") == "The body contains a number with too many digits."


@pytest.mark.req("S-05")
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_the_depth_limit_is_exact(opening, closing):
    inner = b"0"
    read_json(opening * MAX_DEPTH + inner + closing * MAX_DEPTH)
    too_deep = opening * (MAX_DEPTH + 1) + inner + closing * (MAX_DEPTH + 1)
    assert fault_of(too_deep) == "The body is nested too deeply (max. 64 levels)."
    assert fault_of(b"[" * 64 + b"[]" + b"]" * 64) == "The body is nested too deeply (max. 64 levels)."


@pytest.mark.req("S-05")
def test_a_depth_that_exhausts_the_parser_is_refused_as_well():
    assert fault_of(b"[" * 500_000) == "The body is nested too deeply (max. 64 levels)."


def test_many_brackets_side_by_side_or_in_strings_are_not_depth():
    assert len(read_json(b"[" + b",".join([b"{}"] * 1000) + b"]")) == 1000
    assert read_json(b'"' + b"[" * 1000 + b'"') == "[" * 1000


def test_an_escaped_lone_surrogate_is_legal_json():
    assert read_json(b'"\\ud800"') == "\ud800"


def test_a_name_is_shown_without_control_characters_and_bounded():
    assert (
        showable("a\x00\x7f\ud800b") == "a\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}b"
    )
    assert showable("x" * NAME_SHOWN) == "x" * NAME_SHOWN
    assert showable("x" * (NAME_SHOWN + 1)) == "x" * (NAME_SHOWN - 1) + "…"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body):
    try:
        read_json(body)
    except JsonFault as fault:
        fault.message.encode()


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_what_was_written_is_read(value):
    assert read_json(json.dumps(value).encode()) == value


@pytest.mark.parametrize("text", ["0", "10.50", "-0", "1e2", "1E+400", "9" * 10_000])
def test_numbers_can_be_read_as_their_sender_wrote_them(text):
    value = read_json(f'{{"a": [{text}]}}'.encode(), numbers_as_text=True)
    assert value == {"a": [text]}
    assert type(value["a"][0]) is NumberText
    assert type(read_json(b'"1"', numbers_as_text=True)) is str
