import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallwerk.kit import forms
from fallwerk.kit.clock import monotonic_s
from fallwerk.kit.forms_urls import REFUSED_SCHEMES, is_app_url, is_web_url, is_webhook_url


@pytest.mark.req("S-08")
@pytest.mark.parametrize("name", ["a", "firstName", "webHookURL", "custom1", "x2y"])
def test_camel_case_names(name):
    assert forms.is_camel_case(name)


@pytest.mark.req("S-08")
@pytest.mark.parametrize(
    "name", ["", "First", "FIRST", "first_name", "first-name", "1st", "a b", "a\n", "ä", "$a", "a.b"]
)
def test_names_that_are_not_camel_case(name):
    assert not forms.is_camel_case(name)


@pytest.mark.req("S-25")
def test_length_counts_code_points_after_composition():
    assert not forms.is_longer("u\u0308" * 35, 35)
    assert forms.is_longer("u\u0308" * 36, 35)
    assert not forms.is_longer("😀" * 35, 35)
    assert forms.is_longer("😀" * 36, 35)
    # This letter is excluded from composition: one sent becomes two.
    assert forms.is_longer("\u0958" * 35, 35)
    assert not forms.is_longer("ᾂ", 1)
    assert not forms.is_longer(unicodedata.normalize("NFD", "ᾂ"), 1)


@given(st.text(), st.integers(0, 20))
def test_length_is_that_of_the_composed_text(value, maximum):
    assert forms.is_longer(value, maximum) == (len(unicodedata.normalize("NFC", value)) > maximum)


def test_a_megabyte_of_combining_marks_is_counted_at_once():
    started = monotonic_s()
    assert forms.is_longer("a" + "\u0315\u0300" * 250_000, 35)
    # Normalising it would take minutes.
    assert monotonic_s() - started < 5


@pytest.mark.req("S-25")
@pytest.mark.parametrize(
    "character", ["\x00", "\x07", "\x0b", "\x0c", "\x1b", "\x1f", "\x7f", "\x80", "\x85", "\x9f", "\r"]
)
def test_control_characters_are_found(character):
    assert forms.has_control_character(f"a{character}b")


@pytest.mark.req("S-25")
@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\r\nb", "a b", "ä\u00a0ö"])
def test_tab_newline_and_blanks_are_no_control_characters(text):
    assert not forms.has_control_character(text)


@pytest.mark.req("S-12", "S-20", "S-22")
def test_countries_are_alpha_3_and_kosovo():
    assert all(forms.is_country(code) for code in ("DEU", "RKS", "GBR", "ZWE"))
    assert not any(
        forms.is_country(code) for code in ("", "DE", "deu", "XKX", "XXA", "XXB", "XXC", "XXX", "DDR", "276")
    )
    assert len(forms.country_codes()) == 250


@pytest.mark.req("S-22")
def test_nationalities_add_the_four_codes_of_persons_without_one():
    assert forms.nationality_codes() - forms.country_codes() == {"XXA", "XXB", "XXC", "XXX"}
    assert not forms.is_nationality("XXD")


@pytest.mark.req("S-24")
@pytest.mark.parametrize("value", ["1969-07-31", "2020-02-29", "0001-01-01", "9999-12-31"])
def test_calendar_dates(value):
    assert forms.is_calendar_date(value)


@pytest.mark.req("S-24")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "1969-7-31",
        "31.07.1969",
        "2021-02-29",
        "0000-01-01",
        "2020-13-01",
        "2020-00-10",
        "20200101",
        "2020-W01-1",
        "2020-01-01T00:00:00",
        " 2020-01-01",
        "2020-01-01\n",
        "٢٠٢٠-٠١-٠١",
        "+020-01-01",
    ],
)
def test_what_is_not_a_calendar_date(value):
    assert not forms.is_calendar_date(value)


@pytest.mark.req("S-24")
@pytest.mark.parametrize("value", ["1.1.2010", "31.12.2018", "01.01.2012", "29.2.2020"])
def test_german_dates(value):
    assert forms.is_german_date(value)


@pytest.mark.req("S-24")
@pytest.mark.parametrize(
    "value", ["", "1.1.10", "29.2.2021", "31.4.2020", "1.13.2020", "1.1.0000", "1-1-2010", "١.١.2010"]
)
def test_what_is_not_a_german_date(value):
    assert not forms.is_german_date(value)


@pytest.mark.req("S-19")
@pytest.mark.parametrize(
    "value",
    ["+49 171123456789", "+49 171 123456789", "+1123456789010", "+1 123 456789010", "+1234567", "+123456789012345"],
)
def test_phone_numbers_of_the_guide_and_at_the_limits(value):
    assert forms.is_phone(value)


@pytest.mark.req("S-19")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "+",
        "+123456",
        "+1234567890123456",
        "0171123456",
        "+49-171-1234567",
        "+49\t1711234567",
        "+٤٩١٧١١٢٣٤",
        "++4917112345",
    ],
)
def test_what_is_not_a_phone_number(value):
    assert not forms.is_phone(value)


@pytest.mark.req("S-19")
@pytest.mark.parametrize(
    "value",
    [
        "max.muster@gmail.com",
        "max.muster@epost.de",
        "a+b_c'd@host.example",
        "x@mail.test",
        "x@mail.invalid",
        "jürgen@müller.de",
        "x@xn--mller-kva.de",
        "x@müller.de",
        "l" * 64 + "@example.org",
        "l" * 64 + "@" + ".".join(["d" * 63] * 4),
    ],
)
def test_email_addresses(value):
    assert forms.is_email(value)


@pytest.mark.req("S-19")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "@",
        "max.muster",
        "max.muster(at)gmail.com",
        "@gmail.com",
        "max@",
        "max@localhost",
        "max@gmail..com",
        ".max@gmail.com",
        "max.@gmail.com",
        "ma..x@gmail.com",
        "max. muster@gmail. com",
        "max@gmail.com\n",
        "max@-gmail.com",
        "max@gmail-.com",
        "max@1.2.3.4",
        "max@[1.2.3.4]",
        '"max"@gmail.com',
        "Max <max@gmail.com>",
        "a@b@gmail.com",
        "l" * 65 + "@example.org",
        "x@" + "d" * 64 + ".de",
        "x@" + ".".join(["d" * 63] * 4) + ".e",
        "ü\u200b@müller.de",
        "\ud800@müller.de",
        "x@\ud800.de",
        "x@mü ller.de",
        "x@müller",
    ],
)
def test_what_is_not_an_email_address(value):
    assert not forms.is_email(value)


WEB = [
    "https://musterbank.eu/api/pi/webhooklistener",
    "http://127.0.0.1:8080/hook",
    "HTTPS://Example.ORG",
    "https://[::1]:8443/x",
    "https://localhost/a%20b/(c);d=e",
    "http://my_service:80/",
    "https://bäckerei.de/rückkehr",
]


@pytest.mark.req("S-14", "S-17")
@pytest.mark.parametrize("value", WEB)
def test_web_urls(value):
    assert is_web_url(value)
    assert is_webhook_url(value)
    assert is_app_url(value)


@pytest.mark.req("S-14")
@pytest.mark.parametrize("value", ["https://a.de/?x=1", "https://a.de?", "https://a.de/#f", "https://a.de#"])
def test_a_webhook_has_neither_query_nor_fragment_while_a_button_may(value):
    assert not is_webhook_url(value)
    assert is_web_url(value)


@pytest.mark.req("S-14", "S-17")
@pytest.mark.parametrize(
    "value",
    [
        "",
        "musterbank.eu/hook",
        "//musterbank.eu/hook",
        "/hook",
        "https:",
        "https://",
        "https:///hook",
        "https:musterbank.eu",
        "https://user@musterbank.eu/",
        "https://user:secret@musterbank.eu/",
        "https://musterbank.eu@evil.example/",
        "https://musterbank.eu\\@evil.example/",
        "https://muster bank.eu/",
        "https://musterbank.eu/a b",
        " https://musterbank.eu/",
        "https://musterbank.eu/\n",
        "https://musterbank.eu/\x85",
        "https://musterbank.eu/\ud800",
        "https://\ud800.eu/",
        "https://musterbank.eu:0/",
        "https://musterbank.eu:65536/",
        "https://musterbank.eu:port/",
        "https://musterbank..eu/",
        "https://-musterbank.eu/",
        "https://" + "a" * 64 + ".eu/",
        "https://" + "a." * 126 + "aa/",
        "https://[::g]/",
        "https://0x7f.1/",
        "https://2130706433/",
        "https://1.2.3/",
        "https://musterbank.eu/%zz",
        'https://musterbank.eu/"onload',
        "https://musterbank.eu/<script>",
        "https://musterbank。eu/",
        "https://musterbank.eu／x.evil.example/",
        "ftp://musterbank.eu/",
    ],
)
def test_what_is_not_a_web_url(value):
    assert not is_web_url(value)
    assert not is_webhook_url(value)
    assert not is_app_url(value)


@pytest.mark.req("S-17")
@pytest.mark.parametrize("value", ["postident://cases/X", "MyBank://", "com.bank.app:/done?x=1#y", "intent://x#y"])
def test_an_apps_own_scheme_is_a_url_for_apps_only(value):
    assert is_app_url(value)
    assert not is_web_url(value)


@pytest.mark.req("S-17")
@pytest.mark.parametrize("scheme", sorted(REFUSED_SCHEMES))
@pytest.mark.parametrize("disguise", ["{}:", " {}:", "\x01{}:", "\t{}:", "\ufeff{}:"])
def test_dangerous_schemes_are_refused_in_any_case_and_disguise(scheme, disguise):
    for spelt in (scheme, scheme.upper(), scheme.title()):
        assert not is_app_url(disguise.format(spelt) + "alert(1)")
        assert not is_app_url(disguise.format(spelt) + "//x/y")


@pytest.mark.req("S-17")
@pytest.mark.parametrize(
    "value", ["java\tscript:alert(1)", "java\nscript:x", "javascript%3Aalert(1)", "javascript\u00a0:x", ":x", "x"]
)
def test_a_scheme_with_something_in_it_is_no_scheme(value):
    assert not is_app_url(value)


def test_hostile_values_are_decided_at_once():
    started = monotonic_s()
    for value in (
        "https://a.de/" + "a" * 400 + "\x00",
        "https://" + "a." * 240 + "!",
        "a@" + "a." * 150 + "!",
        "a" * 499 + " ",
    ):
        for form in (is_web_url, is_webhook_url, is_app_url, forms.is_email, forms.is_phone):
            form(value)
    assert monotonic_s() - started < 1


@given(st.text())
def test_no_text_makes_a_form_fail(value):
    for form in (
        is_web_url,
        is_webhook_url,
        is_app_url,
        forms.is_email,
        forms.is_phone,
        forms.is_country,
        forms.is_calendar_date,
        forms.is_german_date,
    ):
        assert form(value) in {True, False}
