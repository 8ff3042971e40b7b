"""The request journal: bounded in memory and time, without credentials, erased where it has to be, in all processes."""

import random

import pytest

from fallwerk.kit.clock import Clock
from fallwerk.kit.journal import MAX_BODY_BYTES, Journal, JournalEntry, JournalFilter
from fallwerk.kit.journal_ring import Ring
from fallwerk.kit.shared import COMMANDS, SharedState

SECOND = 1_000_000
CASE = "YR9W91GEZK24"


class SteppedClock(Clock):
    """The machine's time as the test says."""

    def __init__(self):
        super().__init__()
        self.at_us = 1_000 * SECOND

    def system_now_us(self):
        return self.at_us


@pytest.fixture
def clock():
    return SteppedClock()


@pytest.fixture
def shared():
    return SharedState(2, ring_bytes=0)


@pytest.fixture
def journal(shared, clock):
    return Journal(shared, clock, lifetime_s=300, masked=False)


def neighbour(shared, clock):
    """The journal of another process, in its own slot of the same memory."""
    first = shared.slot
    shared.attach(1)
    other = Journal(shared, clock, lifetime_s=300, masked=False)
    shared.attach(first)
    return other


class OtherProcess:
    """Acts in the second slot, as a second process would."""

    def __init__(self, shared, clock):
        self.shared = shared
        self.journal = neighbour(shared, clock)

    def __getattr__(self, name):
        def act(*arguments):
            self.shared.slot = 1
            try:
                return getattr(self.journal, name)(*arguments)
            finally:
                self.shared.slot = 0

        return act


def entry(**changes):
    known = {
        "at_us": 5, "method": "POST", "path": "/api/scr/v1/1234ABCD/cases", "query": "", "status": 201,
        "trace_id": "t-1", "account": "1234ABCD", "case_id": CASE, "tenant_id": 1, "request_body": b"{}",
        "response_body": b"{}", "duration_us": 7,
    }  # fmt: skip
    return JournalEntry(**{**known, **changes})


def bytes_of(shared):
    return b"".join(map(bytes, shared.rings))


def test_an_entry_comes_back_as_it_was_given(journal):
    journal.add(entry(query="a=1&b=ü", request_body='{"name":"Jürgen"}'.encode(), path="/x/ü\x00y"))
    (found,) = journal.entries()
    assert found.request_body == '{"name":"Jürgen"}'
    assert (found.query, found.path, found.method, found.status) == ("a=1&b=ü", "/x/ü\x00y", "POST", 201)
    assert (found.at_us, found.tenant_id, found.duration_us) == (5, 1, 7)
    assert (found.trace_id, found.account, found.case_id) == ("t-1", "1234ABCD", CASE)


def test_the_newest_comes_first_across_processes(journal, shared, clock):
    other = OtherProcess(shared, clock)
    for number, target in enumerate([journal, other, journal, other]):
        clock.at_us += 1
        target.add(entry(trace_id=str(number)))
    assert [found.trace_id for found in journal.entries()] == ["3", "2", "1", "0"]
    assert other.entries() == journal.entries()


@pytest.mark.parametrize(
    "wanted",
    [
        {"method": "get"}, {"path": "/other"}, {"path_prefix": "/oth"}, {"status": 404}, {"trace_id": "wanted"},
        {"account": "5678EFGH"}, {"case_id": "AAAAAAAAAAAA"}, {"limit": 1},
    ],
)  # fmt: skip
def test_each_filter_finds_its_entry_only(journal, clock, wanted):
    journal.add(entry())
    clock.at_us += 1
    journal.add(
        entry(method="GET", path="/other", status=404, trace_id="wanted", account="5678EFGH", case_id="AAAAAAAAAAAA")
    )
    assert [found.trace_id for found in journal.entries(JournalFilter(**wanted))] == ["wanted"]


def test_a_case_is_also_found_by_the_path(journal):
    journal.add(entry(case_id="", path=f"/api/scr/v1/1234ABCD/cases/{CASE}"))
    assert len(journal.entries(JournalFilter(case_id=CASE))) == 1


def test_memory_is_bounded_and_the_oldest_make_room(journal, clock):
    chance = random.Random(1)
    for number in range(3000):
        clock.at_us += 1
        journal.add(entry(trace_id=str(number), request_body=b"x" * chance.randrange(3000)))
        if number % 50 == 0:
            shown = [int(found.trace_id) for found in journal.entries()]
            assert shown == list(range(number, number - len(shown), -1))
    assert 100 < len(journal.entries()) < 250


def test_a_long_body_is_cut_and_marked(journal):
    journal.add(entry(request_body="ü".encode() * MAX_BODY_BYTES, response_body=b"a" * MAX_BODY_BYTES))
    (found,) = journal.entries()
    assert found.request_body == "ü" * (MAX_BODY_BYTES // 2) + f"… ({2 * MAX_BODY_BYTES} bytes, cut)"
    assert found.response_body == "a" * MAX_BODY_BYTES


def test_a_body_cut_inside_a_character_is_still_text(journal):
    journal.add(entry(request_body=b"a" + "ü".encode() * MAX_BODY_BYTES))
    assert journal.entries()[0].request_body.startswith("aüüü")


def test_a_body_that_is_no_text_is_only_counted(journal):
    journal.add(entry(response_body=b"%PDF-1.7\xff\xfe\x00"))
    assert journal.entries()[0].response_body == "(11 bytes, not text)"


def test_oversized_texts_of_a_caller_do_no_harm(journal):
    long, body = "\U0001f600" * 70_000, b"x" * 70_000
    journal.add(entry(path=long, query=long, trace_id=long, account=long, request_body=body, response_body=body))
    journal.add(entry(path="/\ud800"))
    assert sorted(found.path for found in journal.entries()) == ["/?", long[:2048]]


def test_entries_disappear_after_their_lifetime_and_their_bytes_are_zeroed(journal, shared, clock):
    journal.add(entry(request_body=b"old-content"))
    clock.at_us += 200 * SECOND
    journal.add(entry(request_body=b"new-content"))
    clock.at_us += 100 * SECOND + 1
    assert [found.request_body for found in journal.entries()] == ["new-content"]
    assert b"old-content" in bytes_of(shared)
    journal.expire()
    assert b"old-content" not in bytes_of(shared)
    assert b"new-content" in bytes_of(shared)
    clock.at_us += 300 * SECOND
    journal.expire()
    assert not any(bytes(shared.rings[0])[64:])


def test_advancing_the_sandboxes_clock_does_not_empty_the_journal(journal, shared):
    shared.set_offset_us(90 * 86_400 * SECOND)
    journal.add(entry())
    assert len(journal.entries()) == 1


@pytest.mark.req("D-50", "C-04")
def test_an_erased_case_leaves_nothing_wherever_it_was_named(journal, shared, clock):
    other = OtherProcess(shared, clock)
    journal.add(entry(case_id=CASE))
    journal.add(entry(case_id="", path=f"/cases/{CASE}"))
    journal.add(entry(case_id="", response_body=f'[{{"caseId":"{CASE}"}}]'.encode()))
    journal.add(entry(case_id="BBBBBBBBBBBB", trace_id="kept"))
    other.add(entry(case_id=CASE))
    journal.erase_case(CASE)
    assert [found.trace_id for found in journal.entries()] == ["kept"]
    assert other.entries() == journal.entries()
    assert CASE.encode() not in bytes(shared.rings[0])
    assert CASE.encode() in bytes(shared.rings[1])
    other.expire()
    assert CASE.encode() not in bytes_of(shared)


@pytest.mark.req("D-50")
def test_another_process_erases_before_it_records_its_next_request(journal, shared, clock):
    other = OtherProcess(shared, clock)
    other.add(entry())
    journal.clear()
    other.add(entry(trace_id="after"))
    assert [found.trace_id for found in journal.entries()] == ["after"]


@pytest.mark.parametrize("count", [40, COMMANDS - 1, COMMANDS, 3 * COMMANDS])
def test_many_cases_are_erased_at_once(journal, shared, clock, count):
    other = OtherProcess(shared, clock)
    ids = [f"CASE{number:08d}" for number in range(count)]
    for target in (journal, other):
        target.add(entry(case_id=ids[0]))
        target.add(entry(case_id="", response_body=ids[-1].encode()))
    journal.erase_cases(ids[: count // 2])
    journal.erase_cases(ids[count // 2 :])
    assert journal.entries() == []
    other.expire()
    assert b"CASE0" not in bytes_of(shared)


def test_no_cases_to_erase_is_no_work(journal):
    journal.add(entry())
    journal.erase_cases([])
    assert len(journal.entries()) == 1


def test_clear_leaves_only_zeros(journal, shared):
    for _ in range(200):
        journal.add(entry(request_body=b"x" * 1000))
    journal.clear()
    assert journal.entries() == []
    assert not any(bytes(shared.rings[0])[64:])


def test_a_successor_goes_on_with_a_dead_processes_ring(journal, shared, clock):
    other = OtherProcess(shared, clock)
    other.add(entry(trace_id="of the dead"))
    journal.erase_case("ZZZZZZZZZZZZ")
    successor = OtherProcess(shared, clock)
    clock.at_us += 1
    successor.add(entry(trace_id="of the successor"))
    assert [found.trace_id for found in journal.entries()] == ["of the successor", "of the dead"]


@pytest.mark.req("C-04")
@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"username":"u","password":"p-1"}', '{"username":"u","password":"•••"}'),
        (b'{"a":[{"dataPassword":"p-1","x":1}]}', '{"a":[{"dataPassword":"•••","x":1}]}'),
        (b'{"clientSecret":"p-1"}', '{"clientSecret":"•••"}'),
        (b'{"user_id":4711,"login_token":"p-1"}', '{"user_id":4711,"login_token":"•••"}'),
        (b'{"token":123456}', '{"token":"•••"}'),
        (b'{"token":{"inner":"p-1"}}', '{"token":"•••"}'),
        (b'{"login":true,"token_valid_until":"2027-01-01"}', '{"login":true,"token_valid_until":"2027-01-01"}'),
        (b'{"password": "p-1", broken', '{"password": "•••", broken'),
        (b'{"password": "p-1 never closed', '{"password": "•••"'),
        (b'{"Password" : "p-1\\"p-1"', '{"Password" : "•••"'),
        (b"grant_type=x&client_secret=p-1&scope=y", "grant_type=x&client_secret=•••&scope=y"),
        (b'{"text": "forgotten tokens"}', '{"text": "forgotten tokens"}'),
    ],
)
def test_credentials_are_never_kept(journal, shared, body, kept):
    journal.add(entry(request_body=body, response_body=body))
    (found,) = journal.entries()
    assert (found.request_body, found.response_body) == (kept, kept)
    assert b"p-1" not in bytes_of(shared)


@pytest.mark.req("C-04")
def test_a_credential_at_the_cut_is_not_kept(journal, shared):
    body = b'{"x":"' + b"y" * (MAX_BODY_BYTES - 25) + b'","password":"p-1p-1p-1p-1"}'
    journal.add(entry(request_body=body, query="token=p-1&x=1"))
    assert b"p-1" not in bytes_of(shared)
    assert journal.entries()[0].query == "token=•••&x=1"


@pytest.mark.req("C-04")
def test_production_keeps_names_and_no_values(shared, clock):
    journal = Journal(shared, clock, lifetime_s=300, masked=True)
    journal.add(
        entry(
            request_body=b'{"contactDataProvided":{"firstName":"Erika","address":null,"n":[7,true]}}',
            response_body=b'{"error":{"code":400,"errors":[{"errorcode":"90005","key":"email","message":"Erika"}]}}',
            query="lastName=Erika&page=2",
        )
    )
    (found,) = journal.entries()
    assert found.request_body == '{"contactDataProvided":{"firstName":"•••","address":null,"n":["•••","•••"]}}'
    assert (
        found.response_body == '{"error":{"code":400,"errors":[{"errorcode":"90005","key":"email","message":"•••"}]}}'
    )
    assert found.query == "lastName=•••&page=•••"
    assert b"Erika" not in bytes_of(shared)


@pytest.mark.req("C-04")
@pytest.mark.parametrize("body", [b"Erika", b'{"a":"Erika"', b'{"a":"Erika"}' + b" " * MAX_BODY_BYTES])
def test_production_keeps_nothing_of_a_body_it_cannot_mask(shared, clock, body):
    journal = Journal(shared, clock, lifetime_s=300, masked=True)
    journal.add(entry(request_body=body, query="Erika"))
    assert journal.entries()[0].request_body.startswith("(content not recorded)")
    assert b"Erika" not in bytes_of(shared)


def test_a_record_that_cannot_fit_is_refused():
    with pytest.raises(ValueError, match="too large"):
        Ring(memoryview(bytearray(4096))).append(b"x" * 2048)


def test_a_half_erased_record_is_not_shown():
    memory = memoryview(bytearray(4096))
    ring = Ring(memory)
    ring.append(b"first")
    ring.append(b"second")
    copied = bytearray(memory)
    ((position, _), _) = ring.records()
    ring.erase(position)
    # A reader may have copied the head of a record before it was erased and its end afterwards.
    copied[64 + 16 :] = memory[64 + 16 :]
    assert [bytes(payload)[:6] for _, payload in Ring(memoryview(copied)).records()] == [b"second"]
