import json
import zoneinfo
from datetime import datetime

import pytest

from fallwerk.apis.scr_start import examples
from fallwerk.apis.scr_start.mapping import to_order, to_response
from fallwerk.apis.scr_start.schema import StartResponse, check_order
from fallwerk.dialects.scr.orderdata import AddressData
from fallwerk.dialects.scr.ordermapping import to_address
from fallwerk.domain.identcase.model import (
    Address,
    CallbackUrl,
    CaseOrder,
    Contact,
    DrivingLicence,
    IdentityDocument,
    LicenceClass,
)
from fallwerk.domain.identcase.rules import clear_incomplete_contact
from fallwerk.kit.clock import to_us


def order_of(body: object) -> CaseOrder:
    return to_order(check_order(body))


KOELN = Address("Heidestr. 17", None, "51147", "Köln", "DEU")


@pytest.mark.req("S-10", "S-11", "S-14", "S-15", "S-17", "S-18", "S-20", "S-21")
def test_the_sample_request_arrives_whole():
    page = "https://musterbank.eu/picallback/{}.html".format
    assert order_of(examples.SAMPLE_REQUEST) == CaseOrder(
        custom=("REF_101485489", "Kampagne A357", None, None, None),
        target_country="DEU",
        preferred_language="DE_DE",
        webhook_url="https://musterbank.eu/api/pi/webhooklistener",
        webhook_url_partner=None,
        reference_id="YR9W91GEZK24",
        callbacks={
            "coupon_requested": CallbackUrl(page("coupondownloaded")),
            "review_pending": CallbackUrl(page("reviewpending")),
            "incomplete": CallbackUrl(page("incomplete")),
            "success": CallbackUrl(page("success")),
            "declined": CallbackUrl(page("declined")),
        },
        contact=Contact(first_name="Erika", last_name="Mustermann", address=KOELN),
        identity_document=IdentityDocument(
            type="1",
            number="T01012148",
            first_name="Erika",
            last_name="Mustermann",
            birth_name="Gabler",
            birth_date="1964-08-12",
            birth_place="Berlin",
            nationality="DEU",
            address=KOELN,
            date_issued="2010-11-01",
            date_of_expiry="2020-10-31",
            authority="Stadt Köln",
            place_of_issue=None,
            country_of_document="DEU",
        ),
        driving_licence=None,
    )


@pytest.mark.req("S-05", "S-07", "S-12", "S-13")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"customData": {}, "processData": {}, "contactDataProvided": {}, "identificationDocumentProvided": {}},
        {"processData": {"targetCountry": "", "preferredLanguage": None, "callbackUrlSuccess": {"webUrl": ""}}},
        {
            "contactDataProvided": {"address": {"city": ""}},
            "drivingLicenceProvided": {"drivingLicenceClasses": [{}, None]},
        },
        {"customData": "", "drivingLicenseProvided": None},
    ],
)
def test_what_is_not_provided_leaves_the_defaults(body):
    assert order_of(body) == CaseOrder()


@pytest.mark.req("S-12", "S-13")
def test_country_and_language_are_taken_over():
    order = order_of({"processData": {"targetCountry": "RKS", "preferredLanguage": "EN_UK"}})
    assert (order.target_country, order.preferred_language) == ("RKS", "EN_UK")


@pytest.mark.req("S-14")
@pytest.mark.parametrize(("own", "partner"), [("webHookUrl", "webHookUrlPartner"), ("webHookURL", "webHookURLPartner")])
def test_webhooks_are_read_in_both_spellings(own, partner):
    order = order_of({"processData": {own: "https://a.de/own", partner: "https://a.de/partner"}})
    assert (order.webhook_url, order.webhook_url_partner) == ("https://a.de/own", "https://a.de/partner")


@pytest.mark.req("S-17")
@pytest.mark.parametrize("ios", ["iosUrl", "iOSUrl"])
@pytest.mark.parametrize(
    ("attribute", "name"),
    [
        ("callbackUrlCouponRequested", "coupon_requested"),
        ("callbackUrlReviewPending", "review_pending"),
        ("callbackUrlIncomplete", "incomplete"),
        ("callbackUrlSuccess", "success"),
        ("callbackUrlDeclined", "declined"),
    ],
)
def test_callbacks_keep_their_platforms(attribute, name, ios):
    urls = {"webUrl": "https://a.de/?x=1", ios: "bank://ios", "androidUrl": "bank://android"}
    assert order_of({"processData": {attribute: urls}}).callbacks == {
        name: CallbackUrl("https://a.de/?x=1", "bank://ios", "bank://android"),
    }


@pytest.mark.req("S-18", "S-19")
def test_contact_data_arrives_as_sent_but_without_salutation():
    order = order_of(
        {
            "contactDataProvided": {
                "salutation": "1",
                "title": "Dr.",
                "firstName": "Max",
                "lastName": "Muster",
                "mobilePhone": "+49 171 123456789",
                "email": "max.muster@gmail.com",
                "epost": "max.muster@epost.de",
                "address": {"appendix": "Hinterhaus"},
            },
        },
    )
    assert order.contact == Contact(
        title="Dr.",
        first_name="Max",
        last_name="Muster",
        mobile_phone="+49 171 123456789",
        email="max.muster@gmail.com",
        epost="max.muster@epost.de",
        address=Address(appendix="Hinterhaus"),
    )
    assert order_of({"contactDataProvided": {"salutation": "1"}}).contact is None


@pytest.mark.req("S-10", "S-23", "S-24")
@pytest.mark.parametrize("spelling", ["drivingLicenceProvided", "drivingLicenseProvided"])
@pytest.mark.parametrize("classes", ["drivingLicenceClasses", "drivingLicenseClasses"])
def test_a_driving_licence_keeps_its_spelling_and_the_dates_as_sent(spelling, classes):
    licence = dict(examples.LICENCE_REQUEST["drivingLicenceProvided"], restrictions="glasses")
    licence[classes] = [*licence.pop("drivingLicenceClasses"), None, {}, {"restrictions": "01.06"}]
    assert order_of({spelling: licence}).driving_licence == DrivingLicence(
        number="A 12345678",
        first_name="Max",
        last_name="Muster",
        birth_date="1969-07-31",
        birth_place="Berlin",
        classes=(
            LicenceClass("A", "1.1.2010", "31.12.2018"),
            LicenceClass("B", "1.1.2012", "31.12.2020"),
            LicenceClass(restrictions="01.06"),
        ),
        restrictions="glasses",
        date_issued="2011-05-30",
        date_of_expiry="2033-01-19",
        authority="Stadt Bonn",
        country_of_document="DEU",
        spelling=spelling,
        classes_spelling=classes,
    )


@pytest.mark.req("S-07", "S-10")
def test_an_empty_first_spelling_leaves_the_second_its_classes():
    licence = order_of(
        {"drivingLicenceProvided": {"drivingLicenceClasses": "", "drivingLicenseClasses": [{"className": "B"}]}}
    )
    assert licence.driving_licence is not None
    assert licence.driving_licence.classes == (LicenceClass("B"),)
    assert licence.driving_licence.classes_spelling == "drivingLicenseClasses"


@pytest.mark.req("S-20")
def test_an_address_of_nothing_is_none():
    assert to_address(None) is None
    assert to_address(AddressData(city="")) is None
    assert to_address(AddressData(city="Bonn")) == Address(city="Bonn")


@pytest.mark.req("S-40")
@pytest.mark.parametrize("missing", [{"firstName": None}, {"firstName": ""}, {"lastName": ""}, {"lastName": "  "}])
def test_without_first_or_last_name_all_contact_data_is_cleared_and_nothing_else(missing):
    contact = {**examples.CONTACT_REQUEST["contactDataProvided"], "address": {"city": "Bonn"}, **missing}
    order = order_of({**examples.SAMPLE_REQUEST, "contactDataProvided": contact})
    cleared = clear_incomplete_contact(order)
    assert cleared.contact is None
    assert cleared.identity_document == order.identity_document
    assert cleared.callbacks == order.callbacks


@pytest.mark.req("S-40")
@pytest.mark.parametrize("missing", ["email", "mobilePhone", "nothing"])
def test_other_missing_fields_clear_nothing(missing):
    contact = {
        name: value for name, value in examples.CONTACT_REQUEST["contactDataProvided"].items() if name != missing
    }
    order = order_of({"contactDataProvided": contact})
    assert clear_incomplete_contact(order) is order
    assert clear_incomplete_contact(CaseOrder()) == CaseOrder()


VALID_UNTIL_US = to_us(datetime(2016, 11, 2, 14, 23, 4, 999_999, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")))


@pytest.mark.req("S-30", "S-32", "S-33")
@pytest.mark.parametrize("base", ["https://postident.deutschepost.de", "https://postident.deutschepost.de/"])
def test_the_answer_is_the_guides_example(base):
    body = to_response(
        "YR9W91GEZK24",
        VALID_UNTIL_US,
        public_base_url=base,
        ios_scheme="postident",
        package_name="de.deutschepost.postident",
    )
    assert json.loads(body) == examples.SAMPLE_RESPONSE
    StartResponse.model_validate_json(body)


@pytest.mark.req("S-32")
def test_summer_has_berlins_summer_offset():
    summer = to_us(datetime(2026, 7, 1, 12, 0, 0, tzinfo=zoneinfo.ZoneInfo("UTC")))
    body = to_response("X" * 12, summer, public_base_url="http://x", ios_scheme="s", package_name="p")
    assert json.loads(body)["validUntil"] == "2026-07-01T14:00:00+02:00"


@pytest.mark.req("S-33")
def test_scheme_and_package_are_the_accounts():
    body = json.loads(
        to_response("X" * 12, 0, public_base_url="http://x", ios_scheme="mybank", package_name="eu.mybank")
    )
    expected = {"caseUrlScheme": "mybank://cases/XXXXXXXXXXXX", "packageName": "eu.mybank"}
    assert body["iosStart"] == expected
    assert body["androidStart"] == expected
