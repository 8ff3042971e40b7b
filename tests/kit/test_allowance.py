"""What is written down of what strangers cause has an end, and the rest is counted."""

from fallwerk.kit.allowance import Allowance, Limit


def test_each_key_has_its_room_all_together_have_theirs_and_what_is_withheld_is_told_by_the_next():
    now = [0.0]
    allowance = Allowance(4, 600, lambda: now[0])
    a, b = Limit("a", 2), Limit("b", 3)
    assert [allowance.take(a) for _ in range(3)] == [0, 0, None]
    assert allowance.take(b) == 1
    assert allowance.take(a, b) is None
    assert allowance.take(b) == 1
    assert allowance.take(b) is None
    assert allowance.take(Limit("c", 9)) is None
    now[0] = 599.9
    assert allowance.take(a) is None
    now[0] = 600
    assert allowance.take(a) == 3
    assert allowance.take(a) == 0
    assert allowance.take(a) is None
