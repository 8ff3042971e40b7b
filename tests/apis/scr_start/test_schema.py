import json
from typing import Annotated

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fallwerk.apis.scr_start import examples
from fallwerk.apis.scr_start.schema import check_order, read_order, request_schema, response_schema
from fallwerk.dialects.scr.checking import NAMES_REPORTED, Wire, check
from fallwerk.dialects.scr.faults import BadRequest, Fault
from fallwerk.dialects.scr.fields import GIVEN, CalendarDate, Text35
from fallwerk.dialects.scr.orderdata import AddressData, OrderData

STRING = "The provided value must be a string."
OBJECT = "The provided value must be an object."
ARRAY = "The provided value must be an array."
NAME = "Attribute names must be in camel case."
TWICE = "The attribute is already given in another spelling."
INVALID = "The provided value is not valid."
LICENCES = ("drivingLicenseProvided", "drivingLicenceProvided")
CLASSES = ("drivingLicenceClasses", "drivingLicenseClasses")
CALLBACKS = tuple(
    f"callbackUrl{event}" for event in ("CouponRequested", "ReviewPending", "Incomplete", "Success", "Declined")
)


def faults_of(value: object) -> list[Fault]:
    return faults_of_bytes(json.dumps(value).encode())


def faults_of_bytes(body: bytes) -> list[Fault]:
    with pytest.raises(BadRequest) as caught:
        read_order(body)
    return list(caught.value.faults)


def keys_of(value: object) -> list[str]:
    return [fault.key for fault in faults_of(value)]


def nested(path: str, value: object) -> dict[str, object]:
    """Build `{"a": {"b": value}}` from `a.b`; `x[]` is an array of one."""
    for name in reversed(path.split(".")):
        value = {name.removesuffix("[]"): [value]} if name.endswith("[]") else {name: value}
    return value


def key(path: str) -> str:
    return path.replace("[]", "[0]")


TEXTS = {
    **{f"customData.custom{number}": 100 for number in range(1, 6)},
    "contactDataProvided.salutation": 6,
    "contactDataProvided.title": 35,
    "contactDataProvided.firstName": 35,
    "contactDataProvided.lastName": 35,
    **{
        f"{owner}.address.{name}": maximum
        for owner in ("contactDataProvided", "identificationDocumentProvided")
        for name, maximum in {"streetAddress": 70, "appendix": 55, "postalCode": 11, "city": 55}.items()
    },
    **{
        f"identificationDocumentProvided.{name}": maximum
        for name, maximum in {
            "number": 20,
            "firstName": 35,
            "lastName": 35,
            "birthName": 35,
            "birthPlace": 55,
            "authority": 100,
            "placeOfIssue": 55,
        }.items()
    },
    **{
        f"{licence}.{name}": maximum
        for licence in LICENCES
        for name, maximum in {
            "number": 20,
            "firstName": 35,
            "lastName": 35,
            "birthPlace": 55,
            "restrictions": 35,
            "authority": 100,
            **{f"{classes}[].className": 10 for classes in CLASSES},
            **{f"{classes}[].restrictions": 35 for classes in CLASSES},
        }.items()
    },
}
COUNTRIES = (
    "processData.targetCountry",
    "contactDataProvided.address.country",
    "identificationDocumentProvided.address.country",
    "identificationDocumentProvided.countryOfDocument",
    *(f"{licence}.countryOfDocument" for licence in LICENCES),
)
DATES = (
    *(f"identificationDocumentProvided.{name}" for name in ("birthDate", "dateIssued", "dateOfExpiry")),
    *(f"{licence}.{name}" for licence in LICENCES for name in ("birthDate", "dateIssued", "dateOfExpiry")),
)
CLASS_DATES = tuple(
    f"{licence}.{classes}[].{name}"
    for licence in LICENCES
    for classes in CLASSES
    for name in ("dateIssued", "dateOfExpiry")
)
WEBHOOKS = tuple(
    f"processData.{name}" for name in ("webHookUrl", "webHookURL", "webHookUrlPartner", "webHookURLPartner")
)
WEB_BUTTONS = tuple(f"processData.{callback}.webUrl" for callback in CALLBACKS)
APP_BUTTONS = tuple(
    f"processData.{callback}.{name}" for callback in CALLBACKS for name in ("iosUrl", "iOSUrl", "androidUrl")
)
MAILS = ("contactDataProvided.email", "contactDataProvided.epost")
OTHERS = (
    "processData.preferredLanguage",
    "processData.referenceId",
    "contactDataProvided.mobilePhone",
    "identificationDocumentProvided.type",
    "identificationDocumentProvided.nationality",
)
STRINGS = (*TEXTS, *COUNTRIES, *DATES, *CLASS_DATES, *WEBHOOKS, *WEB_BUTTONS, *APP_BUTTONS, *MAILS, *OTHERS)
OBJECTS = (
    "customData",
    "processData",
    *(f"processData.{callback}" for callback in CALLBACKS),
    "contactDataProvided",
    "contactDataProvided.address",
    "identificationDocumentProvided",
    "identificationDocumentProvided.address",
    *LICENCES,
)
ARRAYS = tuple(f"{licence}.{classes}" for licence in LICENCES for classes in CLASSES)


@pytest.mark.req("S-05")
@pytest.mark.parametrize("body", [b"", b"  \r\n", b"\xef\xbb\xbf", b"{}", b"\xef\xbb\xbf{}", b'{"orderData":{}}'])
def test_an_empty_body_is_an_order_without_data(body):
    assert read_order(body) == OrderData()


@pytest.mark.req("S-05")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"[]", OBJECT),
        (b'"x"', OBJECT),
        (b'""', OBJECT),
        (b"null", OBJECT),
        (b"1", OBJECT),
        (b"{", "The body is not valid JSON (line 1, column 2)."),
        (b'{"a":"\xff"}', "The body is not valid UTF-8 (byte 7)."),
        (b'{"x":{"a_b":1,"a_b":2}}', 'The attribute "a_b" occurs more than once in one object.'),
        (b'{"x":' + b"[" * 64 + b"]" * 64 + b"}", "The body is nested too deeply (max. 64 levels)."),
        (b'{"x":NaN,"customData":5}', "The body is not valid JSON (NaN is not a JSON number)."),
    ],
)
def test_a_body_unusable_as_a_whole_is_the_only_fault(body, message):
    assert faults_of_bytes(body) == [Fault("body", message, "90005", "incorrect value")]


@pytest.mark.req("S-10")
@pytest.mark.parametrize("name", examples.REQUESTS)
def test_the_examples_are_valid(name):
    read_order(json.dumps(examples.REQUESTS[name]["value"], indent=2, ensure_ascii=False).encode())


@pytest.mark.req("S-10")
def test_a_body_of_order_data_alone_is_unwrapped_and_keys_leave_it_out():
    assert read_order(json.dumps({"orderData": examples.SAMPLE_REQUEST}).encode()) == check_order(
        examples.SAMPLE_REQUEST
    )
    assert keys_of({"orderData": {"customData": {"custom1": 1}, "a_b": 1}}) == ["customData.custom1", "a_b"]


@pytest.mark.req("S-10")
@pytest.mark.parametrize("value", [None, ""])
def test_order_data_that_is_not_provided_is_an_order_without_data(value):
    assert read_order(json.dumps({"orderData": value}).encode()) == OrderData()


@pytest.mark.req("S-06", "S-10")
@pytest.mark.parametrize("value", [1, True, [], "x"])
def test_order_data_must_be_an_object(value):
    assert faults_of({"orderData": value}) == [Fault("orderData", OBJECT)]


def test_order_data_beside_other_attributes_or_in_itself_is_unknown_and_ignored():
    bad = {"customData": {"custom1": 1}}
    assert read_order(json.dumps({"orderData": bad, "customData": {"custom1": "x"}}).encode()).customData.custom1 == "x"
    assert read_order(json.dumps({"orderData": {"orderData": bad}}).encode()) == OrderData()


@pytest.mark.req("S-06", "S-11", "S-12", "S-13", "S-14", "S-15", "S-17", "S-18", "S-20", "S-21", "S-23", "S-34", "S-35")
@pytest.mark.parametrize("path", STRINGS)
@pytest.mark.parametrize("value", [1, 1.5, True, False, 0, [], ["x"], {}, {"x": "y"}])
def test_what_should_be_a_string_and_is_not_is_named(path, value):
    assert faults_of(nested(path, value)) == [Fault(key(path), STRING, "90005", "incorrect value")]


@pytest.mark.req("S-06", "S-34")
@pytest.mark.parametrize("path", OBJECTS)
@pytest.mark.parametrize("value", [1, True, False, "x", " ", [], [{}]])
def test_what_should_be_an_object_and_is_not_is_named(path, value):
    assert faults_of(nested(path, value)) == [Fault(path, OBJECT)]


@pytest.mark.req("S-06", "S-23", "S-34")
@pytest.mark.parametrize("path", ARRAYS)
@pytest.mark.parametrize("value", [1, True, "x", {}])
def test_what_should_be_an_array_and_is_not_is_named(path, value):
    assert faults_of(nested(path, value)) == [Fault(path, ARRAY)]


@pytest.mark.req("S-06", "S-23", "S-34")
@pytest.mark.parametrize("path", ARRAYS)
@pytest.mark.parametrize("value", [1, True, "x", []])
def test_what_should_be_an_object_in_an_array_is_named_by_its_place(path, value):
    assert faults_of(nested(path, [{}, value])) == [Fault(f"{path}[1]", OBJECT)]


@pytest.mark.req("S-07")
@pytest.mark.parametrize("path", [*STRINGS, *OBJECTS, *ARRAYS])
@pytest.mark.parametrize("value", [None, ""])
def test_null_and_the_empty_string_mean_not_provided_everywhere(path, value):
    read_order(json.dumps(nested(path, value)).encode())


@pytest.mark.req("S-07", "S-23")
def test_classes_that_are_not_provided_keep_their_place():
    assert keys_of({"drivingLicenceProvided": {"drivingLicenceClasses": [None, "", {"className": 1}]}}) == [
        "drivingLicenceProvided.drivingLicenceClasses[2].className",
    ]


@pytest.mark.req("S-08")
@pytest.mark.parametrize(
    "name", ["first_name", "FirstName", "first-name", "_x", "x y", "1a", "größe", "FIRSTNAME", "$ref"]
)
@pytest.mark.parametrize("place", ["", *OBJECTS, *(f"{path}[]" for path in ARRAYS)])
def test_a_name_that_is_not_camel_case_is_named_with_its_place(place, name):
    path = f"{place}.{name}" if place else name
    assert faults_of(nested(path, "x")) == [Fault(key(path), NAME)]


@pytest.mark.req("S-08")
@pytest.mark.parametrize("value", [1, True, None, "x", [], {"a_b": {"C": 1}}, ["\ud800", "\x00"]])
@pytest.mark.parametrize("place", ["", *OBJECTS, *(f"{path}[]" for path in ARRAYS)])
def test_an_unknown_camel_case_name_is_ignored_whatever_its_value(place, value):
    path = f"{place}.unknownName" if place else "unknownName"
    body = json.dumps({"customData": {"custom5": "kept"}} | nested(path, value)).encode()
    if not path.startswith("customData"):
        assert read_order(body).customData.custom5 == "kept"
    read_order(body)


@pytest.mark.req("S-08")
def test_a_number_beyond_every_range_is_ignored_at_an_unknown_name_and_refused_at_a_known_one():
    assert read_order(b'{"unknownName":-1e400}') == OrderData()
    assert faults_of_bytes(b'{"customData":{"custom1":1e400}}') == [Fault("customData.custom1", STRING)]


@pytest.mark.req("S-08")
def test_names_that_cannot_be_shown_are_replaced_and_cut():
    body = b'{"\\ud800_":1,"":1,"a\\u0000":1,"' + b"X" * 5000 + b'":1}'
    faults = faults_of_bytes(body)
    assert [fault.key for fault in faults] == ["\ufffd_", '""', "a\ufffd", "X" * 99 + "…"]
    assert all(fault.message == NAME for fault in faults)
    "".join(fault.key for fault in faults).encode()


@pytest.mark.req("S-08", "S-09")
def test_an_answer_lists_a_bounded_number_of_wrong_names():
    assert len(faults_of({f"x_{number}": 1 for number in range(10_000)})) == NAMES_REPORTED


@pytest.mark.req("S-09", "S-34")
def test_all_faults_are_reported_in_the_order_of_the_tables_then_wrong_names_in_the_order_of_the_body():
    body = {
        "z_z": 1,
        "drivingLicenceProvided": {
            "b_b": 1,
            "countryOfDocument": "XX",
            "drivingLicenceClasses": [{}, {"restrictions": 1, "className": "x" * 11}],
            "number": 1,
        },
        "identificationDocumentProvided": {"address": {"country": "XXX"}, "dateIssued": "x", "nationality": "xxx"},
        "contactDataProvided": {"email": "x", "firstName": True, "address": 7},
        "processData": {"referenceId": "ä", "targetCountry": "DE", "callbackUrlDeclined": {"a_a": 1, "webUrl": "x"}},
        "customData": {"custom2": 2, "custom1": 1},
        "Y": 1,
    }
    assert keys_of(body) == [
        "customData.custom1",
        "customData.custom2",
        "processData.targetCountry",
        "processData.referenceId",
        "processData.callbackUrlDeclined.webUrl",
        "contactDataProvided.firstName",
        "contactDataProvided.email",
        "contactDataProvided.address",
        "identificationDocumentProvided.nationality",
        "identificationDocumentProvided.address.country",
        "identificationDocumentProvided.dateIssued",
        "drivingLicenceProvided.number",
        "drivingLicenceProvided.drivingLicenceClasses[1].className",
        "drivingLicenceProvided.drivingLicenceClasses[1].restrictions",
        "drivingLicenceProvided.countryOfDocument",
        "z_z",
        "drivingLicenceProvided.b_b",
        "processData.callbackUrlDeclined.a_a",
        "Y",
    ]


PAIRS = [
    ("", LICENCES, ({}, {})),
    ("drivingLicenceProvided", CLASSES, ([], [])),
    ("processData", ("webHookUrl", "webHookURL"), ("https://a.de", "https://a.de")),
    ("processData", ("webHookUrlPartner", "webHookURLPartner"), ("https://a.de", "https://a.de")),
    ("processData.callbackUrlSuccess", ("iosUrl", "iOSUrl"), ("https://a.de", "https://a.de")),
]


@pytest.mark.req("S-10", "S-14", "S-17")
@pytest.mark.parametrize(("place", "names", "values"), PAIRS)
@pytest.mark.parametrize("turn", [1, -1])
def test_both_spellings_at_once_are_refused_at_the_later_one(place, names, values, turn):
    names = names[::turn]
    body = dict(zip(names, values, strict=True))
    expected = f"{place}.{names[1]}" if place else names[1]
    assert faults_of(nested(place, body) if place else body) == [Fault(expected, TWICE)]
    # One entry per field, although its values are wrong as well.
    body = dict.fromkeys(names, 5)
    assert faults_of(nested(place, body) if place else body) == [Fault(expected, TWICE)]


@pytest.mark.req("S-07", "S-10", "S-14", "S-17")
@pytest.mark.parametrize(("place", "names", "values"), PAIRS)
@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("absent", [None, ""])
def test_a_spelling_without_a_value_stands_in_nobodys_way(place, names, values, turn, absent):
    first, second = names[::turn]
    body = {first: absent, second: values[0]}
    read_order(json.dumps(nested(place, body) if place else body).encode())


@pytest.mark.req("S-11", "S-18", "S-20", "S-21", "S-23", "S-25", "S-35")
@pytest.mark.parametrize(("path", "maximum"), TEXTS.items())
def test_texts_have_their_lengths_in_composed_code_points(path, maximum):
    for fitting in ("x" * maximum, "ü" * maximum, "u\u0308" * maximum, "😀" * maximum, "a\tb\nc"):
        read_order(json.dumps(nested(path, fitting)).encode())
    for longer in ("x" * (maximum + 1), "ü" * (maximum + 1), "u\u0308" * (maximum + 1)):
        assert faults_of(nested(path, longer)) == [
            Fault(
                key(path), f"The provided value is too long (max. {maximum} characters).", "90005", "incorrect value"
            ),
        ]


@pytest.mark.req("S-25")
@pytest.mark.parametrize("path", TEXTS)
@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x7f", "\x85", "\r"])
def test_control_characters_in_texts_are_refused(path, character):
    assert faults_of(nested(path, f"a{character}b")) == [
        Fault(key(path), "The provided value contains a control character."),
    ]


@pytest.mark.req("S-25")
@pytest.mark.parametrize("path", STRINGS)
@pytest.mark.parametrize("value", ["\ud800", "x\x00"])
def test_no_field_takes_a_lone_surrogate_or_a_null_character(path, value):
    assert keys_of(nested(path, value)) == [key(path)]


@pytest.mark.req("S-25")
def test_a_text_is_kept_as_it_was_sent():
    assert check_order({"customData": {"custom1": "u\u0308 "}}).customData.custom1 == "u\u0308 "


@pytest.mark.req("S-12", "S-20", "S-22", "S-23")
@pytest.mark.parametrize("path", COUNTRIES)
def test_countries_are_alpha_3_or_kosovo(path):
    for valid in ("DEU", "AUT", "RKS"):
        read_order(json.dumps(nested(path, valid)).encode())
    for invalid in ("DE", "deu", "XKX", "XXX", "XXA", "DEUX", " DEU"):
        assert faults_of(nested(path, invalid)) == [Fault(path, INVALID, "90005", "incorrect value")]


@pytest.mark.req("S-22")
def test_a_nationality_may_be_none_at_all():
    path = "identificationDocumentProvided.nationality"
    for valid in ("DEU", "RKS", "XXA", "XXB", "XXC", "XXX"):
        read_order(json.dumps(nested(path, valid)).encode())
    for invalid in ("XXD", "xxx", "D"):
        assert faults_of(nested(path, invalid)) == [Fault(path, INVALID)]


@pytest.mark.req("S-13")
def test_the_language_is_one_of_two():
    for valid in ("DE_DE", "EN_UK"):
        read_order(json.dumps(nested("processData.preferredLanguage", valid)).encode())
    for invalid in ("EN_GB", "de_de", "DE"):
        assert faults_of(nested("processData.preferredLanguage", invalid)) == [
            Fault("processData.preferredLanguage", INVALID),
        ]


@pytest.mark.req("S-15")
def test_a_reference_id_has_fourteen_characters_of_its_alphabet():
    path = "processData.referenceId"
    for valid in ("x", "YR9W91GEZK24", "aA0._-aA0._-aA"):
        read_order(json.dumps(nested(path, valid)).encode())
    for invalid in (" ", "a b", "ä", "a/b", "a\n", "٣"):
        assert faults_of(nested(path, invalid)) == [Fault(path, INVALID)]
    assert faults_of(nested(path, "x" * 15)) == [Fault(path, "The provided value is too long (max. 14 characters).")]


@pytest.mark.req("S-21")
def test_document_types_are_one_to_eleven_as_strings():
    path = "identificationDocumentProvided.type"
    for valid in range(1, 12):
        read_order(json.dumps(nested(path, str(valid))).encode())
    for invalid in ("0", "12", "01", " 1", "1.0", "ID"):
        assert faults_of(nested(path, invalid)) == [Fault(path, INVALID)]


@pytest.mark.req("S-14", "S-35")
@pytest.mark.parametrize("path", WEBHOOKS)
def test_webhooks_are_absolute_web_urls_without_query(path):
    for valid in ("https://musterbank.eu/hook", "http://127.0.0.1:9/x", "https://a.de/" + "x" * 487):
        read_order(json.dumps(nested(path, valid)).encode())
    message = "The provided value must be an http(s) URL without query, user information and fragment."
    for invalid in ("https://a.de/?a=b", "https://a.de/#x", "https://u:p@a.de/", "ftp://a.de", "a.de", "/x", "app://x"):
        assert faults_of(nested(path, invalid)) == [Fault(path, message)]
    assert faults_of(nested(path, "https://a.de/" + "x" * 488)) == [
        Fault(path, "The provided value is too long (max. 500 characters)."),
    ]


@pytest.mark.req("S-17", "S-35")
@pytest.mark.parametrize("path", WEB_BUTTONS)
def test_buttons_on_the_web_lead_to_web_urls(path):
    for valid in ("https://musterbank.eu/?done=1#top", "http://localhost", "https://a.de/" + "x" * 487):
        read_order(json.dumps(nested(path, valid)).encode())
    for invalid in ("javascript:alert(1)", "app://x", "data:text/html,x", "x", " https://a.de"):
        assert faults_of(nested(path, invalid)) == [Fault(path, "The provided value must be an http(s) URL.")]
    assert faults_of(nested(path, "https://a.de/" + "x" * 488)) == [
        Fault(path, "The provided value is too long (max. 500 characters)."),
    ]


@pytest.mark.req("S-17", "S-35")
@pytest.mark.parametrize("path", APP_BUTTONS)
def test_buttons_in_apps_lead_to_web_urls_or_apps(path):
    for valid in ("https://musterbank.eu/?done=1", "musterbank://done", "com.bank.app:/done"):
        read_order(json.dumps(nested(path, valid)).encode())
    message = "The provided value must be an http(s) URL or a URL with the scheme of an app."
    for invalid in ("javascript:alert(1)", "\tJavaScript:x", "DATA:text/html,x", "file:///etc/passwd", "x", "https://"):
        assert faults_of(nested(path, invalid)) == [Fault(path, message)]
    assert faults_of(nested(path, "app://" + "x" * 495)) == [
        Fault(path, "The provided value is too long (max. 500 characters)."),
    ]


@pytest.mark.req("S-19", "S-34", "S-35")
@pytest.mark.parametrize("path", MAILS)
def test_mail_addresses_have_mail_syntax(path):
    for valid in ("max.muster@gmail.com", "x@mail.test", "l" * 64 + "@" + ".".join(["d" * 63] * 4)):
        read_order(json.dumps(nested(path, valid)).encode())
    for invalid in ("max.muster", "max@", "max@gmail..com", "a b@c.de"):
        assert faults_of(nested(path, invalid)) == [Fault(path, INVALID, "90005", "incorrect value")]
    assert faults_of(nested(path, "l" * 65 + "@" + ".".join(["d" * 63] * 4))) == [
        Fault(path, "The provided value is too long (max. 320 characters)."),
    ]


@pytest.mark.req("S-18", "S-19")
def test_a_mobile_phone_is_a_plus_and_digits_within_twenty_characters():
    path = "contactDataProvided.mobilePhone"
    for valid in ("+49 171123456789", "+49 171 123456789", "+1123456789010", "+1 123 456789010"):
        read_order(json.dumps(nested(path, valid)).encode())
    for invalid in ("0171 123456", "+123456", "+1234567890123456", "+49/171/1234567"):
        assert faults_of(nested(path, invalid)) == [Fault(path, INVALID)]
    assert faults_of(nested(path, "+49 171 1 2 3 4 5 6 7")) == [
        Fault(path, "The provided value is too long (max. 20 characters)."),
    ]


@pytest.mark.req("S-24", "S-34")
@pytest.mark.parametrize("path", [*DATES, *CLASS_DATES])
def test_dates_exist_and_have_the_iso_form(path):
    for valid in ("1969-07-31", "2020-02-29", "0001-01-01", "9999-12-31"):
        read_order(json.dumps(nested(path, valid)).encode())
    for invalid in (
        "1969-7-31",
        "2021-02-29",
        "0000-01-01",
        "31/07/1969",
        "1969-07-31T00:00",
        "x" * 999,
        " ",
        "\ud800",
    ):
        assert faults_of(nested(path, invalid)) == [
            Fault(key(path), "Date field format must be YYYY-MM-DD.", "90001", "wrong date format"),
        ]


@pytest.mark.req("S-24")
@pytest.mark.parametrize("value", ["1.1.2010", "31.12.2018"])
def test_only_dates_of_licence_classes_may_have_the_german_form(value):
    for path in CLASS_DATES:
        read_order(json.dumps(nested(path, value)).encode())
    for path in DATES:
        assert [fault.errorcode for fault in faults_of(nested(path, value))] == ["90001"]


@pytest.mark.req("S-23")
def test_a_licence_lists_a_bounded_number_of_classes():
    read_order(json.dumps(nested("drivingLicenceProvided.drivingLicenceClasses", [{}] * 100)).encode())
    assert faults_of(nested("drivingLicenceProvided.drivingLicenceClasses", [1] * 101)) == [
        Fault("drivingLicenceProvided.drivingLicenceClasses", "The provided array is too long (max. 100 entries)."),
    ]


def test_an_order_inside_something_else_carries_its_path():
    with pytest.raises(BadRequest) as caught:
        check_order({"customData": {"custom1": 1}, "x_y": 1}, "orderData")
    assert [fault.key for fault in caught.value.faults] == ["orderData.customData.custom1", "orderData.x_y"]
    with pytest.raises(BadRequest) as caught:
        check_order([], "orderData")
    assert caught.value.faults == (Fault("orderData", OBJECT),)
    assert check_order(None, "orderData") == OrderData()


class Person(Wire):
    firstName: Annotated[Text35, GIVEN]  # noqa: N815 - a wire name
    birthDate: Annotated[CalendarDate, GIVEN]  # noqa: N815 - a wire name
    address: AddressData


@pytest.mark.req("D-06")
def test_shapes_with_mandatory_values_name_what_is_missing():
    given_person = {"firstName": "Max", "birthDate": "1969-07-31", "address": {"city": "Bonn"}, "more": 1}
    assert check(Person, given_person).firstName == "Max"
    for absent in ({"address": None}, {"firstName": "", "birthDate": None, "address": ""}, None):
        with pytest.raises(BadRequest) as caught:
            check(Person, absent, "recipient")
        assert caught.value.faults == tuple(
            Fault(f"recipient.{name}", "A value must be provided.") for name in ("firstName", "birthDate", "address")
        )


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = sorted({name.removesuffix("[]") for path in (*STRINGS, *OBJECTS) for name in path.split(".")})
LIKELY = st.recursive(
    ANY | st.sampled_from(["", "DEU", "x@y.de", "2020-01-01", "https://a.de", "\ud800", "+49 1711234567"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(st.characters(), max_size=5), inner, max_size=8)
    ),
    max_leaves=30,
)


@pytest.mark.req("S-05", "S-09")
@settings(max_examples=300, deadline=None)
@given(ANY | LIKELY | st.fixed_dictionaries({}, optional=dict.fromkeys(OrderData.model_fields, LIKELY)))
def test_whatever_json_comes_is_an_order_or_a_list_of_distinct_printable_faults(value):
    faults = faults_if_any(json.dumps(value).encode())
    json.dumps([[fault.key, fault.message] for fault in faults], ensure_ascii=False).encode()
    keys = [fault.key for fault in faults if fault.message != NAME]
    assert len(keys) == len(set(keys))


@given(st.binary(max_size=100))
def test_whatever_bytes_come_are_an_order_or_faults(body):
    assert all(fault.key and fault.message for fault in faults_if_any(body))


def faults_if_any(body: bytes) -> tuple[Fault, ...]:
    try:
        read_order(body).model_dump_json()
    except BadRequest as refused:
        return refused.faults
    return ()


def test_the_request_schema_says_what_is_accepted():
    schema = request_schema()
    assert set(schema["properties"]) == set(OrderData.model_fields)
    assert "additionalProperties" not in schema
    assert schema["propertyNames"] == {"pattern": "^[a-z][A-Za-z0-9]*$"}
    assert schema["allOf"][0]["not"]["required"] == list(LICENCES)
    process = schema["$defs"]["ProcessData"]["properties"]
    country = process["targetCountry"]["anyOf"]
    assert "RKS" in country[0]["enum"]
    assert country[1] == {"type": ["string", "null"], "maxLength": 0}
    assert process["callbackUrlSuccess"]["anyOf"][0] == {"$ref": "#/components/schemas/MultiPlatformUrl"}


def test_the_response_schema_requires_every_part():
    assert response_schema()["required"] == ["caseId", "validUntil", "webStart", "iosStart", "androidStart"]
