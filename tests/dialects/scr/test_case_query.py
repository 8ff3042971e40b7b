from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallwerk.dialects.scr.case_query import parse_filter, read_archive_list
from fallwerk.dialects.scr.faults import BadRequest, Fault
from fallwerk.domain.identcase.filter import CaseFilter
from fallwerk.domain.identcase.model import CaseStatus
from fallwerk.kit.clock import to_us

ALL_BUT_ONE_US = 999_999


def us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


def faults_of(query: bytes) -> tuple[Fault, ...]:
    with pytest.raises(BadRequest) as raised:
        parse_filter(query)
    return raised.value.faults


@pytest.mark.req("D-24")
def test_without_parameters_closed_cases_that_are_not_archived_are_asked_for():
    assert parse_filter(b"") == CaseFilter(frozenset({CaseStatus.CLOSED}), include_archived=False)


@pytest.mark.req("D-24")
@pytest.mark.parametrize(
    ("query", "statuses"),
    [
        (b"new=true", {"new", "closed"}),
        (b"inProgress=true&closed=false", {"in progress"}),
        (b"new=TRUE&inProgress=True&closed=tRuE", {"new", "in progress", "closed"}),
        (b"closed=False", set()),
        (b"new=tru%65", {"new", "closed"}),
    ],
)
def test_status_filters_add_up_in_any_case(query, statuses):
    assert parse_filter(query).statuses == statuses


@pytest.mark.req("D-24")
def test_archived_includes_and_is_off_otherwise():
    assert parse_filter(b"archived=true").include_archived
    assert not parse_filter(b"archived=false").include_archived


@pytest.mark.req("D-24", "D-25")
@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2016-12-26T00:00:00%2B02:00", "2016-12-25T22:00:00+00:00"),
        ("2016-12-26T00:00:00+02:00", "2016-12-25T22:00:00+00:00"),
        ("2016-12-26T00:00:00%2002:00", "2016-12-25T22:00:00+00:00"),
        ("2016-12-26T00:00:00-05:30", "2016-12-26T05:30:00+00:00"),
        ("2016-12-26T00:00:00Z", "2016-12-26T00:00:00+00:00"),
        ("2016-12-26t00:00:00z", "2016-12-26T00:00:00+00:00"),
        ("2016-12-26T00:00:00", "2016-12-25T23:00:00+00:00"),
        ("2016-06-26T00:00:00", "2016-06-25T22:00:00+00:00"),
        ("2016-12-26T00:00:00.999Z", "2016-12-26T00:00:00+00:00"),
        ("2016-12-26T00:00:00,123456789123", "2016-12-25T23:00:00+00:00"),
        ("2016-12-26T13:30", "2016-12-26T12:30:00+00:00"),
        ("2016-12-26T13:30Z", "2016-12-26T13:30:00+00:00"),
        ("2016%2D12%2D26T13%3A30%3A00%5A", "2016-12-26T13:30:00+00:00"),
    ],
)
def test_dates_are_read_in_every_form_at_whole_seconds(value, instant):
    wanted = parse_filter(f"createdFrom={value}&createdUntil={value}&closedFrom={value}&closedUntil={value}".encode())
    start = us(instant)
    assert (wanted.created_from_us, wanted.closed_from_us) == (start, start)
    assert (wanted.created_until_us, wanted.closed_until_us) == (start + ALL_BUT_ONE_US, start + ALL_BUT_ONE_US)


@pytest.mark.req("D-24")
@pytest.mark.parametrize(
    ("day", "start", "end"),
    [
        ("2021-03-05", "2021-03-05T00:00:00+01:00", "2021-03-06T00:00:00+01:00"),
        ("2021-03-28", "2021-03-28T00:00:00+01:00", "2021-03-29T00:00:00+02:00"),
        ("2021-10-31", "2021-10-31T00:00:00+02:00", "2021-11-01T00:00:00+01:00"),
    ],
)
def test_a_date_alone_is_a_berlin_day(day, start, end):
    wanted = parse_filter(f"closedFrom={day}&closedUntil={day}".encode())
    assert (wanted.closed_from_us, wanted.closed_until_us) == (us(start), us(end) - 1)


@pytest.mark.req("D-24")
def test_a_local_time_that_exists_twice_leaves_no_case_out():
    wanted = parse_filter(b"createdFrom=2021-10-31T02:30:00&createdUntil=2021-10-31T02:30:00")
    assert wanted.created_from_us == us("2021-10-31T00:30:00+00:00")
    assert wanted.created_until_us == us("2021-10-31T01:30:00+00:00") + ALL_BUT_ONE_US


@pytest.mark.req("D-24")
def test_a_local_time_that_does_not_exist_is_read_with_the_offset_before_the_change():
    wanted = parse_filter(b"createdFrom=2021-03-28T02:30:00&createdUntil=2021-03-28T02:30:00")
    assert wanted.created_from_us == us("2021-03-28T01:30:00+00:00")
    assert wanted.created_until_us == us("2021-03-28T01:30:00+00:00") + ALL_BUT_ONE_US


@pytest.mark.req("D-24")
@pytest.mark.parametrize("name", ["new", "inProgress", "closed", "archived"])
@pytest.mark.parametrize("value", ["", "yes", "1", "true%20", "%FF", "null"])
def test_what_is_neither_true_nor_false_is_refused_by_name(name, value):
    assert faults_of(f"{name}={value}".encode()) == (
        Fault(name, "The value must be true or false.", "90005", "incorrect value"),
    )


@pytest.mark.req("D-24")
@pytest.mark.parametrize("name", ["createdFrom", "createdUntil", "closedFrom", "closedUntil"])
@pytest.mark.parametrize(
    "value",
    [
        "",
        "yesterday",
        "2021-02-29",
        "2021-13-01",
        "2021-1-1",
        "20210101",
        "01.01.2021",
        "2021-01-01T",
        "2021-01-01T24:00:00",
        "2021-01-01T12:60:00",
        "2021-01-01T12:00:60",
        "2021-01-01T12",
        "2021-01-01T12:00:00+2:00",
        "2021-01-01T12:00:00+0200",
        "2021-01-01T12:00:00+24:00",
        "2021-01-01T12:00:00+02:60",
        "2021-01-01T12:00:00%20%2B02:00",
        "2021-01-01%2012:00:00",
        "2021-01-01T12:00:00.",
        "2021-01-01T12:00.5",
        "2021-01-01+02:00",
        "0000-01-01",
        "%D9%A2021-01-01",
        "2021-01-01%00",
        "2021-01-01%0A",
        "%FF",
    ],
)
def test_what_is_no_date_is_refused_by_name(name, value):
    (fault,) = faults_of(f"{name}={value}".encode())
    assert (fault.key, fault.errorcode, fault.reason) == (name, "90001", "wrong date format")
    assert fault.message.startswith("The value must be `YYYY-MM-DD`")


@pytest.mark.req("D-24")
@pytest.mark.parametrize("query", [b"new=true&new=true", b"new=true&%6Eew=false", b"closedFrom=2021-01-01&closedFrom="])
def test_a_parameter_given_twice_is_refused_by_name(query):
    (fault,) = faults_of(query)
    assert fault.key in {"new", "closedFrom"}
    assert fault.message == "The parameter is given more than once."


@pytest.mark.req("D-24")
def test_all_faults_are_named_in_the_documents_order():
    faults = faults_of(b"closedUntil=x&archived=x&createdFrom=x&new=x&closed=false")
    assert [fault.key for fault in faults] == ["new", "archived", "createdFrom", "closedUntil"]


@pytest.mark.req("D-24")
@pytest.mark.parametrize("query", [b"x=1&x=2", b"New=maybe", b"&&", b"=", b"%FF=%FF", b"createdfrom=x", b"limit=5"])
def test_unknown_parameters_are_ignored(query):
    assert parse_filter(query) == CaseFilter()


@pytest.mark.req("D-24")
def test_the_ends_of_the_calendar_are_read():
    wanted = parse_filter(b"createdFrom=0001-01-01T00:00:00%2B14:00&createdUntil=9999-12-31")
    assert wanted.created_from_us == us("0001-01-01T00:00:00+00:00") - 14 * 3_600_000_000
    assert wanted.created_until_us == us("9999-12-31T23:59:59.999999+01:00")


@pytest.mark.req("D-24", "D-25")
@given(
    st.datetimes(datetime.fromisoformat("1971-01-02"), datetime.fromisoformat("2200-01-01")),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
    st.sampled_from([quote, str, lambda text: text.replace("+", " ").replace(" ", "%20")]),
)
def test_any_instant_survives_any_way_of_encoding(moment, zone, encoded):
    text = moment.replace(tzinfo=zone).isoformat(timespec="seconds")
    wanted = parse_filter(b"closedFrom=" + encoded(text).encode())
    assert wanted.closed_from_us == us(text)


@given(st.binary(max_size=60))
def test_no_query_breaks_the_reader(query):
    for name in (b"", b"new=", b"createdFrom=", b"closedUntil=2021-01-01T"):
        try:
            parse_filter(name + query)
        except BadRequest as refused:
            assert refused.faults  # noqa: PT017 - the point is that nothing else is raised


A, B = "KRZ1A8M4UBZZ", "MGY0AKXFJDEM"


@pytest.mark.req("D-40", "D-41", "D-42")
def test_case_ids_are_read_in_order_and_what_is_none_is_left_out():
    assert read_archive_list(orjson.dumps([B, A, B])) == [B, A, B]
    assert read_archive_list(b" [ ] ") == []
    assert read_archive_list(b'\xef\xbb\xbf["KRZ1A8M4UBZZ"]') == [A]
    strange = ["", "krz1a8m4ubzz", A + "\n", "\x00" * 12, "KRZ1A8M4UBZ", "ＫＲＺ1A8M4UBZZ"]
    assert read_archive_list(orjson.dumps([*strange, A])) == [A]
    assert read_archive_list(b'["\\ud800"]') == []


@pytest.mark.req("D-42")
def test_ten_thousand_case_ids_are_taken_and_one_more_is_not():
    assert len(read_archive_list(orjson.dumps([A] * 10_000))) == 10_000
    with pytest.raises(BadRequest) as raised:
        read_archive_list(orjson.dumps(["x"] * 10_001))
    assert raised.value.faults == (Fault("body", "The body holds too many case ids (max. 10000)."),)


@pytest.mark.req("D-42")
@pytest.mark.parametrize(
    "body",
    [b"{}", b'"KRZ1A8M4UBZZ"', b"null", b"[null]", b"[1]", b'["KRZ1A8M4UBZZ", ["KRZ1A8M4UBZZ"]]', b'{"caseIds":[]}'],
)
def test_anything_but_an_array_of_strings_is_refused(body):
    with pytest.raises(BadRequest) as raised:
        read_archive_list(body)
    assert raised.value.faults == (Fault("body", "The body must be a JSON array of strings."),)


@pytest.mark.req("D-42")
@pytest.mark.parametrize("body", [b"", b" \n", b"[", b'["\xff"]', b"[" * 100 + b"]" * 100, b"[NaN]", b"KRZ1A8M4UBZZ"])
def test_what_is_no_json_is_refused_under_body(body):
    with pytest.raises(BadRequest) as raised:
        read_archive_list(body)
    (fault,) = raised.value.faults
    assert (fault.key, fault.errorcode, fault.reason) == ("body", "90005", "incorrect value")
    assert fault.message.startswith("The body ")


def test_utc_is_what_z_means():
    assert parse_filter(b"createdFrom=2021-01-01T00:00:00Z").created_from_us == to_us(datetime(2021, 1, 1, tzinfo=UTC))
