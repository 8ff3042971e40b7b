"""The text of a coupon's symbol: read back as it was written, refused when it is anything else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallwerk.domain.coupon.scan import Scan, parse_scan, scan_text

SCAN = Scan("YR9W91GEZK24", "70UE778ER8GH", "87122222143703")
SCANS = st.builds(
    Scan,
    st.from_regex(r"[0-9A-Z]{12}", fullmatch=True),
    st.from_regex(r"[0-9A-Za-z._-]{1,14}", fullmatch=True),
    st.from_regex(r"[0-9A-Za-z-]{0,20}", fullmatch=True),
)


@pytest.mark.req("S-62")
def test_the_text_names_case_reference_and_accounting_number():
    assert scan_text(SCAN) == "PI1:YR9W91GEZK24:70UE778ER8GH:87122222143703"


@pytest.mark.req("S-62", "S-47")
@given(SCANS, st.sampled_from(["", " ", "\r\n", "\t", "\n"]))
def test_what_is_written_is_read_whatever_the_scanner_adds_at_its_end(scan, ending):
    assert parse_scan(scan_text(scan) + ending) == scan


@pytest.mark.parametrize(
    "text",
    [
        "",
        "70UE778ER8GH",
        "YR9W91GEZK24",
        "PI2:YR9W91GEZK24:70UE778ER8GH:87122222143703",
        "PI1:YR9W91GEZK24:70UE778ER8GH",
        "PI1:YR9W91GEZK24:70UE778ER8GH:87122222143703:1",
        "PI1:yr9w91gezk24:70UE778ER8GH:87122222143703",
        "PI1:YR9W91GEZK24::87122222143703",
        "PI1:YR9W91GEZK24:70UE 778ER8GH:87122222143703",
        "PI1:YR9W91GEZK24:70UE778ER8GH:8712\n2222143703",
        "PI1:YR9W91GEZK24:70UE778ER8GH:٨٧١٢",
        "https://example.org/PI1:YR9W91GEZK24:70UE778ER8GH:87122222143703",
    ],
)
def test_anything_else_is_no_coupon(text):
    assert parse_scan(text) is None


@given(st.text(max_size=80))
def test_no_text_makes_the_reader_fail(text):
    assert parse_scan(text) is None or scan_text(parse_scan(text)) == text.strip()
