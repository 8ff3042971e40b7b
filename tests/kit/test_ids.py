import re
import uuid
from collections import Counter

import pytest

from fallwerk.kit import ids
from fallwerk.kit.ids import new_case_id, new_client_id, new_secret, new_uuid


@pytest.mark.req("S-31")
def test_case_ids_have_twelve_symbols_and_differ():
    made = {new_case_id() for _ in range(20_000)}
    assert len(made) == 20_000
    assert all(re.fullmatch("[0-9A-Z]{12}", case_id) for case_id in made)


@pytest.mark.req("S-31")
def test_every_number_below_36_to_the_twelfth_makes_its_own_case_id(monkeypatch):
    # What is beyond the last whole multiple of 36^12 is drawn again, or low numbers would be likelier.
    drawn = iter([2**64 - 1, 0, 36**12 - 1, 2**64 - 2**64 % 36**12, 36**12 + 1, 36, 2 * 36**12 + 36**11])
    monkeypatch.setattr(ids, "random_bytes", lambda size: next(drawn).to_bytes(size, "big"))
    assert [new_case_id() for _ in range(5)] == [
        "000000000000",
        "ZZZZZZZZZZZZ",
        "010000000000",
        "100000000000",
        "000000000010",
    ]
    assert next(drawn, None) is None


@pytest.mark.req("S-31")
def test_symbols_are_equally_likely_at_every_place():
    made = [new_case_id() for _ in range(36_000)]
    for place in range(12):
        counts = Counter(case_id[place] for case_id in made)
        assert len(counts) == 36
        # 1,000 expected each; seven standard deviations.
        assert all(780 < count < 1220 for count in counts.values())


@pytest.mark.req("S-02")
def test_client_ids_have_eight_symbols():
    assert all(re.fullmatch("[0-9A-Z]{8}", new_client_id()) for _ in range(1000))


def test_secrets_are_url_safe_and_carry_192_bits():
    made = {new_secret() for _ in range(1000)}
    assert len(made) == 1000
    assert all(re.fullmatch("[A-Za-z0-9_-]{32}", secret) for secret in made)


def test_uuids_are_random_ones():
    made = new_uuid()
    assert str(uuid.UUID(made)) == made
    assert uuid.UUID(made).version == 4
