"""Large contents in parts of a size."""

import base64

from hypothesis import given
from hypothesis import strategies as st

from fallwerk.kit.parts import PART_BYTES, base64_parts, even_parts


@given(st.lists(st.binary(max_size=20)), st.integers(1, 9))
def test_parts_are_the_same_bytes_and_all_but_the_last_have_the_size(pieces, size):
    parts = list(even_parts(pieces, size))
    assert b"".join(parts) == b"".join(pieces)
    assert all(len(part) == size for part in parts[:-1])
    assert 0 < len(parts[-1]) <= size or parts == [b""]


def test_the_base64_of_parts_is_that_of_the_whole():
    for size in (0, 1, PART_BYTES - 1, PART_BYTES, 2 * PART_BYTES + 2):
        content = bytes(range(256)) * (size // 256 + 1)
        assert b"".join(base64_parts(content[:size])) == base64.b64encode(content[:size])
