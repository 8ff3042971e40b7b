"""First answers keep keyed hashes of what was sent: nobody with a stolen database can test a guess (C-04, C-11)."""

import hashlib

import pytest

from fallwerk.store.sealing import KeyedHashes

BODY = b'{"contactDataProvided":{"lastName":"Mustermann"}}'


@pytest.mark.req("C-04", "C-11")
def test_a_request_s_hash_needs_the_system_s_key_and_is_no_other_hash_of_it():
    hashes, others = KeyedHashes(b"s" * 32, b"b" * 32), KeyedHashes(b"s" * 32, b"c" * 32)
    found = hashes.request(BODY)
    assert found == hashes.request(BODY)
    assert found not in {others.request(BODY), hashlib.sha256(BODY).digest(), hashes.secret(BODY.decode())}
    assert hashes.blind(1, "email", "a@b.de") not in found
