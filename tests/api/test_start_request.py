"""START: what a start request may say (S-01, S-04 to S-14, S-17 to S-25)."""

import json

import pytest

from fallwerk.apis.scr_start.examples import CONTACT_REQUEST, LICENCE_REQUEST, SAMPLE_REQUEST
from tests.support.scr import (
    JSON_HEADER,
    NOT_A_STRING,
    NOT_AN_ARRAY,
    NOT_AN_OBJECT,
    NOT_CAMEL_CASE,
    NOT_VALID,
    WRONG_DATE,
    bad,
    key_of,
    merged,
    nested,
    nothing_stored,
    started,
    stored_order,
    too_long,
)

CONTACT = {"contactDataProvided": {"firstName": "Max", "lastName": "Muster"}}
TWICE = "The attribute is already given in another spelling."
ADDRESS = {"streetAddress": 70, "appendix": 55, "postalCode": 11, "city": 55}
CONTACT_TEXTS = {"salutation": 6, "title": 35, "firstName": 35, "lastName": 35}
DOCUMENT_TEXTS = {
    "number": 20,
    "firstName": 35,
    "lastName": 35,
    "birthName": 35,
    "birthPlace": 55,
    "authority": 100,
    "placeOfIssue": 55,
}
LICENCE_TEXTS = {"number": 20, "firstName": 35, "lastName": 35, "birthPlace": 55, "restrictions": 35, "authority": 100}
CALLBACKS = ("CouponRequested", "ReviewPending", "Incomplete", "Success", "Declined")
PROCESS = ("targetCountry", "preferredLanguage", "webHookUrl", "webHookUrlPartner", "referenceId")
DOCUMENT = (*DOCUMENT_TEXTS, "type", "birthDate", "nationality", "dateIssued", "dateOfExpiry", "countryOfDocument")
LICENCE = (*LICENCE_TEXTS, "birthDate", "dateIssued", "dateOfExpiry", "countryOfDocument")
STRINGS = (
    *(f"customData.custom{number}" for number in range(1, 6)),
    *(f"processData.{name}" for name in PROCESS),
    *(f"processData.callbackUrl{name}.{url}" for name in CALLBACKS for url in ("webUrl", "iosUrl", "androidUrl")),
    *(f"contactDataProvided.{name}" for name in (*CONTACT_TEXTS, "mobilePhone", "email", "epost")),
    *(f"contactDataProvided.address.{name}" for name in (*ADDRESS, "country")),
    *(f"identificationDocumentProvided.{name}" for name in DOCUMENT),
    *(f"identificationDocumentProvided.address.{name}" for name in (*ADDRESS, "country")),
    *(f"drivingLicenseProvided.{name}" for name in LICENCE),
    *(
        f"drivingLicenseProvided.drivingLicenceClasses[].{name}"
        for name in ("className", "dateIssued", "dateOfExpiry", "restrictions")
    ),
)
"""Every attribute that holds a string."""
OBJECTS = (
    "customData",
    "processData",
    *(f"processData.callbackUrl{name}" for name in CALLBACKS),
    "contactDataProvided",
    "contactDataProvided.address",
    "identificationDocumentProvided",
    "drivingLicenseProvided",
    "drivingLicenceProvided",
)


@pytest.mark.req("S-01")
def test_a_start_request_makes_a_case_with_or_without_a_trailing_slash_and_whatever_is_accepted(account):
    for path in ("/cases", "/cases/"):
        for accept in (None, "application/json", "text/html", "image/png;q=0.1", "nonsense"):
            headers = {} if accept is None else {"Accept": accept}
            response = account.request("POST", path, json={}, headers=headers)
            assert response.status_code == 201, response.text
            assert response.headers["content-type"] == "application/json"
            assert stored_order(account, response.json()["caseId"]).reference_id is None


@pytest.mark.req("S-04")
def test_a_body_needs_the_media_type_of_json_in_utf_8(account):
    for good in (
        "application/json",
        "application/json; charset=utf-8",
        'Application/JSON;charset="UTF-8"',
        "application/json;version=1;charset=UTF8",
        "application/json; profile=x",
    ):
        started(account, content=b"{}", headers={"Content-Type": good})
    missing = "The header Content-Type is missing; use application/json."
    with nothing_stored(account):
        bad(account.start(content=b"{}", headers={}), ("Content-Type", missing))
        for wrong in ("text/plain", "application/xml", "application/jsonx", "application/problem+json", "", "json"):
            response = account.start(content=b"{}", headers={"Content-Type": wrong})
            bad(response, ("Content-Type", "The content type must be application/json."))
        for charset in ("iso-8859-1", "utf-16", "", "ascii"):
            response = account.start(content=b"{}", headers={"Content-Type": f"application/json; charset={charset}"})
            bad(response, ("Content-Type", "The charset must be UTF-8."))


@pytest.mark.req("S-04", "S-05")
def test_no_body_needs_no_media_type_but_a_wrong_one_is_refused_all_the_same(account):
    for body in (b"", b" \r\n\t", b"{}", b"\xef\xbb\xbf", b"\xef\xbb\xbf{}"):
        started(account, content=body, headers=JSON_HEADER)
    started(account, content=b"", headers={})
    started(account, content=b"  ", headers={})
    with nothing_stored(account):
        bad(
            account.start(content=b"", headers={"Content-Type": "text/plain"}),
            ("Content-Type", "The content type must be application/json."),
        )


@pytest.mark.req("S-05")
@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"customData":{"custom1":"\xe4"}}', "The body is not valid UTF-8 (byte 27)."),
        (b"\xff\xfe{\x00}\x00", "The body is not valid UTF-8 (byte 1)."),
        (b'{"customData"', "The body is not valid JSON (line 1, column 14)."),
        (b"{}{}", "The body is not valid JSON (line 1, column 3)."),
        (b'{"a":NaN}', "The body is not valid JSON (NaN is not a JSON number)."),
        (b'{"a":1' + b"0" * 5000 + b"}", "The body contains a number with too many digits."),
        (b"[]", NOT_AN_OBJECT),
        (b"null", NOT_AN_OBJECT),
        (b'"text"', NOT_AN_OBJECT),
        (b"7", NOT_AN_OBJECT),
        (b'{"customData":{},"customData":{}}', 'The attribute "customData" occurs more than once in one object.'),
        (b'{"x":{"a":1,"a":2}}', 'The attribute "a" occurs more than once in one object.'),
        (b'{"x":' + b"[" * 64 + b"]" * 64 + b"}", "The body is nested too deeply (max. 64 levels)."),
        (b'{"x":' + b"[" * 100_000, "The body is nested too deeply (max. 64 levels)."),
    ],
    ids=range(14),
)
def test_a_body_that_is_unusable_as_a_whole_is_the_only_fault_and_stores_nothing(account, body, message):
    with nothing_stored(account):
        bad(account.start(content=body), ("body", message))


@pytest.mark.req("S-05")
def test_a_body_of_exactly_one_mebibyte_is_read_and_a_larger_one_is_not(account):
    def body(size: int) -> bytes:
        return b'{"x":"' + b"a" * (size - 8) + b'"}'

    started(account, content=body(2**20))
    with nothing_stored(account):
        for content in (body(2**20 + 1), iter([body(2**20), b" "])):
            response = account.start(content=content, headers=JSON_HEADER)
            bad(response, ("body", "The request body is too large."))


@pytest.mark.req("S-06")
def test_every_known_attribute_refuses_what_is_not_a_string(account):
    with nothing_stored(account):
        for path in STRINGS:
            for value in (7, 1.5, True, False, {}, ["x"]):
                bad(account.start(nested(path, value)), (key_of(path), NOT_A_STRING))
        for path in OBJECTS:
            for value in (7, True, "text", []):
                bad(account.start(nested(path, value)), (key_of(path), NOT_AN_OBJECT))
        for value in (7, True, "text", {}):
            body = nested("drivingLicenseProvided.drivingLicenceClasses", value)
            bad(account.start(body), ("drivingLicenseProvided.drivingLicenceClasses", NOT_AN_ARRAY))


@pytest.mark.req("S-07")
def test_absent_null_and_empty_all_mean_not_provided(account):
    empty = stored_order(account, started(account, {}))
    for nothing in (None, ""):
        body = merged(*(nested(path, nothing) for path in STRINGS if "[]" not in path))
        assert stored_order(account, started(account, body)) == empty
        body = merged(*(nested(path, nothing) for path in OBJECTS if "." not in path))
        assert stored_order(account, started(account, body)) == empty
        body = nested("drivingLicenseProvided.drivingLicenceClasses", nothing)
        assert stored_order(account, started(account, body)) == empty
    assert stored_order(account, started(account, SAMPLE_REQUEST)).identity_document.place_of_issue is None


@pytest.mark.req("S-08")
def test_names_that_are_not_camel_case_are_refused_and_unknown_camel_case_ones_are_ignored(account):
    with nothing_stored(account):
        for name in ("custom_data", "CustomData", "custom-data", "customDäta", "custom data", "1custom"):
            bad(account.start({name: "x"}), (name, NOT_CAMEL_CASE))
            bad(account.start({"processData": {name: None}}), (f"processData.{name}", NOT_CAMEL_CASE))
        licence = {"drivingLicenceProvided": {"drivingLicenceClasses": [{}, {"class_name": "B"}]}}
        key = "drivingLicenceProvided.drivingLicenceClasses[1].class_name"
        bad(account.start(licence), (key, NOT_CAMEL_CASE))
    for value in (1, True, None, {"any_name": 1}, [[]]):
        started(account, {"unknown": value, "customData": {"custom6": value}})


@pytest.mark.req("S-09", "S-34")
def test_all_faults_come_together_one_per_field_in_the_order_of_the_guide(account):
    body = {
        "UNKNOWN": 1,
        "drivingLicenceProvided": {
            "drivingLicenceClasses": [{"className": "B"}, {"className": "x" * 11, "dateIssued": "1.13.2020"}],
            "number": 7,
        },
        "identificationDocumentProvided": {"dateIssued": "01.11.2010", "type": "12", "address": {"country": "DE"}},
        "contactDataProvided": {"email": "nobody", "title": "x" * 36, "mobilePhone": "0171"},
        "processData": {"referenceId": "a b", "targetCountry": "GER"},
        "customData": {"custom2": "x" * 101, "custom1": 1},
    }
    with nothing_stored(account):
        bad(
            account.start(body),
            ("customData.custom1", NOT_A_STRING),
            ("customData.custom2", too_long(100)),
            ("processData.targetCountry", NOT_VALID),
            ("processData.referenceId", NOT_VALID),
            ("contactDataProvided.title", too_long(35)),
            ("contactDataProvided.mobilePhone", NOT_VALID),
            ("contactDataProvided.email", NOT_VALID),
            ("identificationDocumentProvided.type", NOT_VALID),
            ("identificationDocumentProvided.address.country", NOT_VALID),
            ("identificationDocumentProvided.dateIssued", WRONG_DATE),
            ("drivingLicenceProvided.number", NOT_A_STRING),
            ("drivingLicenceProvided.drivingLicenceClasses[1].className", too_long(10)),
            ("drivingLicenceProvided.drivingLicenceClasses[1].dateIssued", WRONG_DATE),
            ("UNKNOWN", NOT_CAMEL_CASE),
        )


@pytest.mark.req("S-10")
@pytest.mark.parametrize("ident_class", ["GwG", "TKG", "Standard", "Mobility"])
def test_the_five_objects_are_accepted_in_every_class(server, ident_class):
    account = server.account(identClass=ident_class)
    body = merged(SAMPLE_REQUEST, LICENCE_REQUEST, {"processData": {"referenceId": None}})
    for given in (body, {"orderData": body}):
        order = stored_order(account, started(account, given))
        assert order.custom[:2] == ("REF_101485489", "Kampagne A357")
        assert order.callbacks["success"].web == "https://musterbank.eu/picallback/success.html"
        assert (order.contact.first_name, order.contact.address.city) == ("Erika", "Köln")
        assert (order.identity_document.number, order.identity_document.type) == ("T01012148", "1")
        assert [entry.class_name for entry in order.driving_licence.classes] == ["A", "B"]
    assert stored_order(account, started(account, {"orderData": None})).contact is None
    with nothing_stored(account):
        bad(account.start({"orderData": []}), ("orderData", NOT_AN_OBJECT))


@pytest.mark.req("S-10")
def test_both_spellings_of_the_licence_are_read_and_remembered_but_not_both_at_once(account):
    for spelling in ("drivingLicenseProvided", "drivingLicenceProvided"):
        for classes in ("drivingLicenceClasses", "drivingLicenseClasses"):
            body = {spelling: {"number": "A 1", classes: [{"className": "B"}]}}
            licence = stored_order(account, started(account, body)).driving_licence
            assert (licence.number, licence.classes[0].class_name) == ("A 1", "B")
            assert (licence.spelling, licence.classes_spelling) == (spelling, classes)
    with nothing_stored(account):
        both = {"drivingLicenseProvided": {"number": "1"}, "drivingLicenceProvided": {"number": "1"}}
        bad(account.start(both), ("drivingLicenceProvided", TWICE))
        both = {"drivingLicenceClasses": [{"className": "B"}], "drivingLicenseClasses": [{"className": "B"}]}
        key = "drivingLicenceProvided.drivingLicenseClasses"
        bad(account.start({"drivingLicenceProvided": both}), (key, TWICE))


@pytest.mark.req("S-11", "S-18", "S-20", "S-21", "S-23", "S-35")
def test_every_text_is_taken_at_its_longest_and_refused_when_longer(account):
    texts = {
        **{f"customData.custom{number}": 100 for number in range(1, 6)},
        **{f"contactDataProvided.{name}": maximum for name, maximum in CONTACT_TEXTS.items()},
        **{f"contactDataProvided.address.{name}": maximum for name, maximum in ADDRESS.items()},
        **{f"identificationDocumentProvided.{name}": maximum for name, maximum in DOCUMENT_TEXTS.items()},
        **{f"identificationDocumentProvided.address.{name}": maximum for name, maximum in ADDRESS.items()},
        **{f"drivingLicenseProvided.{name}": maximum for name, maximum in LICENCE_TEXTS.items()},
        "drivingLicenseProvided.drivingLicenceClasses[].className": 10,
        "drivingLicenseProvided.drivingLicenceClasses[].restrictions": 35,
    }
    longest = merged(*(nested(path, "ü" * maximum) for path, maximum in texts.items()))
    order = stored_order(account, started(account, longest))
    assert order.custom == ("ü" * 100,) * 5
    assert order.contact.address.street_address == "ü" * 70
    assert order.identity_document.authority == "ü" * 100
    assert order.driving_licence.restrictions == "ü" * 35
    with nothing_stored(account):
        for path, maximum in texts.items():
            bad(account.start(nested(path, "x" * (maximum + 1))), (key_of(path), too_long(maximum)))


@pytest.mark.req("S-12", "S-20", "S-22")
def test_countries_are_alpha_3_or_kosovo_and_nationalities_may_also_be_none(account):
    paths = (
        "processData.targetCountry",
        "contactDataProvided.address.country",
        "identificationDocumentProvided.address.country",
        "identificationDocumentProvided.countryOfDocument",
        "drivingLicenseProvided.countryOfDocument",
    )
    nationality = "identificationDocumentProvided.nationality"
    for country in ("DEU", "FRA", "ZWE", "RKS"):
        started(account, merged(*(nested(path, country) for path in (*paths, nationality))))
    for code in ("XXA", "XXB", "XXC", "XXX"):
        started(account, nested(nationality, code))
    assert stored_order(account, started(account, {})).target_country == "DEU"
    assert stored_order(account, started(account, nested(paths[0], "AUT"))).target_country == "AUT"
    with nothing_stored(account):
        for path in paths:
            for wrong in ("DE", "deu", "GER", "XXX", "XKX", "DEU "):
                bad(account.start(nested(path, wrong)), (path, NOT_VALID))
        for wrong in ("DE", "deu", "XXD", "deutsch"):
            bad(account.start(nested(nationality, wrong)), (nationality, NOT_VALID))


@pytest.mark.req("S-13")
def test_the_language_is_german_unless_english_is_asked_for(account):
    path = "processData.preferredLanguage"
    assert stored_order(account, started(account, {})).preferred_language == "DE_DE"
    for language in ("DE_DE", "EN_UK"):
        assert stored_order(account, started(account, nested(path, language))).preferred_language == language
    with nothing_stored(account):
        for wrong in ("de_de", "EN", "EN_GB", "DE-DE"):
            bad(account.start(nested(path, wrong)), (path, NOT_VALID))


@pytest.mark.req("S-14")
def test_a_webhook_url_is_absolute_http_or_https_without_query_user_or_fragment(account):
    message = "The provided value must be an http(s) URL without query, user information and fragment."
    longest = "https://example.org/" + "a" * 480
    for spelling in ("webHookUrl", "webHookURL"):
        for url in ("https://example.org", "http://example.org:8080/a/b", "https://[2001:db8::1]/x", longest):
            order = stored_order(account, started(account, {"processData": {spelling: url}}))
            assert (order.webhook_url, order.webhook_url_partner) == (url, None)
            order = stored_order(account, started(account, {"processData": {f"{spelling}Partner": url}}))
            assert (order.webhook_url, order.webhook_url_partner) == (None, url)
    with nothing_stored(account):
        for name in ("webHookUrl", "webHookURL", "webHookUrlPartner", "webHookURLPartner"):
            key = f"processData.{name}"
            for wrong in (
                "https://example.org/?a=1",
                "https://user@example.org/",
                "https://user:word@example.org/",
                "https://example.org/#part",
                "ftp://example.org/",
                "javascript:alert(1)",
                "//example.org/",
                "/hook",
                "https://",
                "https://exa mple.org/",
            ):
                bad(account.start(nested(key, wrong)), (key, message))
            bad(account.start(nested(key, longest + "a")), (key, too_long(500)))
        both = {"webHookUrl": "https://example.org/", "webHookURL": "https://example.org/"}
        bad(account.start({"processData": both}), ("processData.webHookURL", TWICE))


@pytest.mark.req("S-14", "D-65")
def test_the_webhook_host_must_be_listed_only_where_the_webhook_is_active(server):
    body = {"processData": {"webHookUrl": "https://other.example/hook"}}
    hosts = {"webhookHosts": ["example.org", "*.example.com", "ports.example:8443"]}
    active, inactive = server.account(webhookActive=True, **hosts), server.account(webhookActive=False, **hosts)
    refused_host = "The host is not on the account's allow-list."
    assert stored_order(inactive, started(inactive, body)).webhook_url == "https://other.example/hook"
    for url in (
        "https://example.org/",
        "https://EXAMPLE.org:99/x",
        "https://a.b.example.com/",
        "https://ports.example:8443/",
    ):
        started(active, {"processData": {"webHookUrl": url, "webHookUrlPartner": url}})
    with nothing_stored(active):
        for host in (
            "other.example",
            "www.example.org",
            "example.com",
            "notexample.com",
            "ports.example",
            "ports.example:444",
        ):
            for name in ("webHookUrl", "webHookUrlPartner"):
                response = active.start({"processData": {name: f"https://{host}/hook"}})
                bad(response, (f"processData.{name}", refused_host))


@pytest.mark.req("S-14")
def test_plain_http_webhooks_are_the_sandbox_s_default_and_can_be_forbidden(server):
    body = {"processData": {"webHookUrl": "http://example.org/hook"}}
    started(server.account(), body)
    strict = server.account(webhookHttpAllowed=False)
    with nothing_stored(strict):
        bad(strict.start(body), ("processData.webHookUrl", "The URL must use https."))


@pytest.mark.req("S-17")
def test_callback_urls_lead_to_the_web_or_to_an_app_and_never_run_anything(account):
    web, app = (
        "The provided value must be an http(s) URL.",
        ("The provided value must be an http(s) URL or a URL with the scheme of an app."),
    )
    longest = "https://example.org/?a=" + "a" * 477
    names = {"CouponRequested": "coupon_requested", "ReviewPending": "review_pending"}
    names |= {name: name.lower() for name in ("Incomplete", "Success", "Declined")}
    for name, stored_name in names.items():
        for ios in ("iosUrl", "iOSUrl"):
            urls = {"webUrl": longest, ios: "musterbank://done/1?x=2", "androidUrl": "https://example.org/#x"}
            order = stored_order(account, started(account, {"processData": {f"callbackUrl{name}": urls}}))
            assert list(order.callbacks) == [stored_name]
            callback = order.callbacks[stored_name]
            assert (callback.web, callback.ios, callback.android) == (urls["webUrl"], urls[ios], urls["androidUrl"])
    with nothing_stored(account):
        for name in CALLBACKS:
            path = f"processData.callbackUrl{name}"
            bad(account.start(nested(f"{path}.webUrl", "musterbank://x")), (f"{path}.webUrl", web))
            for wrong in (
                "javascript:alert(1)",
                "JavaScript:alert(1)",
                "data:text/html,x",
                "file:///etc/passwd",
                "x",
                "/x",
            ):
                bad(account.start(nested(f"{path}.webUrl", wrong)), (f"{path}.webUrl", web))
                for platform in ("iosUrl", "iOSUrl", "androidUrl"):
                    bad(account.start(nested(f"{path}.{platform}", wrong)), (f"{path}.{platform}", app))
            bad(account.start(nested(f"{path}.androidUrl", longest + "a")), (f"{path}.androidUrl", too_long(500)))
        both = {"iosUrl": "a://x", "iOSUrl": "a://x"}
        body = {"processData": {"callbackUrlSuccess": both}}
        bad(account.start(body), ("processData.callbackUrlSuccess.iOSUrl", TWICE))


@pytest.mark.req("S-18")
def test_the_salutation_is_accepted_and_forgotten(account):
    body = merged(CONTACT, {"contactDataProvided": {"salutation": "Frau", "title": "Dr."}})
    case_id = started(account, body)
    order = stored_order(account, case_id)
    assert order.contact.title == "Dr."
    assert "Frau" not in repr(order)


@pytest.mark.req("S-19")
def test_telephone_numbers_and_mail_addresses_are_checked_by_form_alone(account):
    for phone in (
        "+49 171 123456789",
        "+1234567",
        "+123456789012345",
        "+49 1 2 3 4 5 6 7",
        CONTACT_REQUEST["contactDataProvided"]["mobilePhone"],
    ):
        order = stored_order(
            account, started(account, merged(CONTACT, {"contactDataProvided": {"mobilePhone": phone}}))
        )
        assert order.contact.mobile_phone == phone
    longest = "a" * 64 + "@" + ".".join(["b" * 62] * 4) + ".de"
    assert len(longest.partition("@")[2]) <= 255
    for mail in ("max.muster@gmail.com", "x@example.test", "a+b@sub.example.invalid", longest):
        for name in ("email", "epost"):
            order = stored_order(account, started(account, merged(CONTACT, {"contactDataProvided": {name: mail}})))
            assert getattr(order.contact, name) == mail
    with nothing_stored(account):
        for wrong in ("0171 1234567", "+123456", "+1234567890123456", "+49/171/1234567", "+49 171 12345x"):
            bad(
                account.start(nested("contactDataProvided.mobilePhone", wrong)),
                ("contactDataProvided.mobilePhone", NOT_VALID),
            )
        for name in ("email", "epost"):
            for wrong in (
                "nobody",
                "@example.org",
                "a@",
                "a@b@c.de",
                "a b@example.org",
                "a@example..org",
                "a" * 65 + "@x.de",
            ):
                bad(
                    account.start(nested(f"contactDataProvided.{name}", wrong)),
                    (f"contactDataProvided.{name}", NOT_VALID),
                )
            long = "a@" + "b" * 320
            bad(
                account.start(nested(f"contactDataProvided.{name}", long)),
                (f"contactDataProvided.{name}", too_long(320)),
            )
        bad(
            account.start(nested("contactDataProvided.mobilePhone", "+" + "1" * 20)),
            ("contactDataProvided.mobilePhone", too_long(20)),
        )


@pytest.mark.req("S-21")
def test_document_types_are_the_texts_1_to_11(account):
    path = "identificationDocumentProvided.type"
    for number in range(1, 12):
        assert stored_order(account, started(account, nested(path, str(number)))).identity_document.type == str(number)
    with nothing_stored(account):
        for wrong in ("0", "12", "01", "1 ", "-1", "passport"):
            bad(account.start(nested(path, wrong)), (path, NOT_VALID))


@pytest.mark.req("S-23")
def test_the_guide_s_licence_is_stored_as_sent(account):
    licence = stored_order(account, started(account, LICENCE_REQUEST)).driving_licence
    given = LICENCE_REQUEST["drivingLicenceProvided"]
    assert (licence.number, licence.birth_date, licence.date_of_expiry) == ("A 12345678", "1969-07-31", "2033-01-19")
    assert [(one.class_name, one.date_issued, one.date_of_expiry) for one in licence.classes] == [
        (one["className"], one["dateIssued"], one["dateOfExpiry"]) for one in given["drivingLicenceClasses"]
    ]


@pytest.mark.req("S-24")
def test_dates_are_real_days_in_iso_form_and_classes_take_the_guide_s_german_form_too(account):
    paths = (
        *(f"identificationDocumentProvided.{name}" for name in ("birthDate", "dateIssued", "dateOfExpiry")),
        *(f"drivingLicenceProvided.{name}" for name in ("birthDate", "dateIssued", "dateOfExpiry")),
    )
    classes = tuple(f"drivingLicenceProvided.drivingLicenceClasses[].{name}" for name in ("dateIssued", "dateOfExpiry"))
    for day in ("2024-02-29", "1900-01-01", "2099-12-31"):
        started(account, merged(*(nested(path, day) for path in paths), nested(classes[0], day)))
    for day in ("1.1.2010", "31.12.2018", "01.02.2003", "29.2.2024"):
        started(account, nested(classes[1], day))
    wrong_everywhere = ("2023-02-29", "2024-13-01", "2024-1-1", "20240101", "2024-01-01T00:00:00", "today", "x" * 500)
    with nothing_stored(account):
        for wrong in wrong_everywhere:
            for path in (*paths, *classes):
                bad(account.start(nested(path, wrong)), (key_of(path), WRONG_DATE))
        for path in paths:
            bad(account.start(nested(path, "1.1.2010")), (path, WRONG_DATE))
        for wrong in ("29.2.2023", "1.13.2020", "1.1.20", "1/1/2020"):
            bad(account.start(nested(classes[0], wrong)), (key_of(classes[0]), WRONG_DATE))


@pytest.mark.req("S-25")
def test_length_counts_code_points_after_composition_and_control_characters_are_refused(account):
    path = "customData.custom1"
    for text in ("e\u0301" * 100, "🦊" * 100, "a\tb\nc"):
        assert stored_order(account, started(account, nested(path, text))).custom[0] == text
    with nothing_stored(account):
        for text in ("e\u0301" * 101, "🦊" * 101, "q\u0301" * 51):
            bad(account.start(nested(path, text)), (path, too_long(100)))
        for character in ("\x00", "\x07", "\x1b", "\x7f", "\x85"):
            response = account.start(nested(path, f"a{character}b"))
            bad(response, (path, "The provided value contains a control character."))
        response = account.start(content=json.dumps(nested(path, "\ud800")).encode())
        bad(response, (path, "The provided value contains an incomplete surrogate pair."))
