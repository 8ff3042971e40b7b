"""Instants and dates as people at a desk read them."""

import pytest

from fallwerk.domain.identcase.model import IdentityDocument
from fallwerk.web.console.documents import faults_of, read_document
from fallwerk.web.console.forms import Form
from fallwerk.web.console.moments import calendar_day, clock_time, moment

NOW = 1_786_000_000_000_000  # 2026-08-06T09:06:40+02:00
HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("offset", "german", "english"),
    [
        (0, "heute 09:06", "today 09:06"),
        (-10 * HOUR, "gestern 23:06", "yesterday 23:06"),
        (15 * HOUR, "morgen 00:06", "tomorrow 00:06"),
        (-48 * HOUR, "04.08.2026 09:06", "4 Aug 2026 09:06"),
        (200 * 24 * HOUR, "22.02.2027 08:06", "22 Feb 2027 08:06"),
    ],
)
def test_days_near_now_have_names_and_all_are_berlins(offset, german, english):
    assert moment(NOW + offset, NOW, "de").short == german
    assert moment(NOW + offset, NOW, "en").short == english


def test_the_whole_instant_stands_behind_it():
    at = moment(NOW, NOW, "de")
    assert (at.full, at.machine) == ("06.08.2026 09:06:40 (UTC+02:00)", "2026-08-06T09:06:40+02:00")
    assert clock_time(NOW) == "09:06"


@pytest.mark.parametrize(
    ("text", "shown"), [("1964-08-12", "12.08.1964"), ("", ""), (None, ""), ("kein Tag", "kein Tag")]
)
def test_a_calendar_date_is_shown_as_people_write_it(text, shown):
    assert calendar_day(text, "de") == shown


@pytest.mark.req("W-05")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("12.8.1964", "1964-08-12"),
        (" 12.08.1964 ", "1964-08-12"),
        ("1964-08-12", "1964-08-12"),
        ("31.2.1964", "31.2.1964"),
    ],
)
def test_a_date_is_read_as_people_type_it(typed, kept):
    assert read_document(Form({"birth_date": typed})).birth_date == kept


@pytest.mark.req("W-05")
def test_codes_are_read_in_capitals_and_an_address_of_blanks_is_none():
    read = read_document(Form({"nationality": "deu", "city": "  ", "number": " L01 "}))
    assert (read.nationality, read.number, read.address) == ("DEU", "L01", None)


@pytest.mark.req("W-05")
def test_a_document_counts_until_the_end_of_its_last_day_in_berlin():
    whole = {
        "type": "1",
        "number": "L01",
        "first_name": "E",
        "last_name": "M",
        "birth_date": "2026-08-06",
        "birth_place": "B",
        "nationality": "DEU",
        "date_issued": "2026-08-06",
        "date_of_expiry": "2026-08-06",
        "authority": "A",
        "country_of_document": "DEU",
    }
    document = IdentityDocument(**whole)
    assert faults_of(document, now_us=NOW, must_be_valid=True) == {}
    tomorrow = faults_of(document, now_us=NOW + 15 * HOUR, must_be_valid=True)
    assert tomorrow == {"date_of_expiry": "document_expired"}
    assert faults_of(document, now_us=NOW + 15 * HOUR, must_be_valid=False) == {}
    assert set(faults_of(IdentityDocument(), now_us=NOW, must_be_valid=True).values()) == {"document_missing"}
