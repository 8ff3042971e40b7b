"""Which URLs an account takes, and what a notification says."""

import json

import pytest

from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.notification.rules import host_allowed, is_allow_list_entry, notification_body, storable
from fallwerk.domain.notification.target import Target, parse_target

HTTPS = "https://hooks.example.org/a/b"


@pytest.mark.req("D-65")
@pytest.mark.parametrize(
    ("url", "entry", "expected"),
    [
        ("https://hooks.example.org/x", "hooks.example.org", True),
        ("https://HOOKS.Example.ORG/x", "hooks.example.org", True),
        ("https://hooks.example.org/x", "Hooks.EXAMPLE.org", True),
        ("https://hooks.example.org./x", "hooks.example.org", True),
        ("https://hooks.example.org/x", "hooks.example.org.", True),
        ("https://hooks.example.org:8443/x", "hooks.example.org", True),
        ("https://hooks.example.org", "example.org", False),
        ("https://hooks.example.org", "*.example.org", True),
        ("https://a.b.example.org", "*.example.org", True),
        ("https://example.org", "*.example.org", False),
        ("https://evil-example.org", "*.example.org", False),
        ("https://hooks.example.org.evil.test", "*.example.org", False),
        ("https://hooks.example.org.evil.test", "hooks.example.org", False),
        ("https://hooks.example.org", "hooks.example.org:443", True),
        ("http://hooks.example.org", "hooks.example.org:80", True),
        ("http://hooks.example.org", "hooks.example.org:443", False),
        ("https://hooks.example.org:8443", "hooks.example.org:443", False),
        ("https://hooks.example.org:8443", "*.example.org:8443", True),
        ("https://hooks.example.org:8444", "*.example.org:8443", False),
        ("https://bücher.example", "xn--bcher-kva.example", True),
        ("https://xn--bcher-kva.example", "BÜCHER.example", True),
        ("https://www.bücher.example", "*.bücher.example", True),
        ("https://straße.example", "strasse.example", False),
        ("https://[2001:DB8:0::1]:9/x", "[2001:db8::1]", True),
        ("https://[2001:db8::1]:9/x", "2001:db8::1", True),
        ("https://[2001:db8::1]:9/x", "[2001:db8::1]:9", True),
        ("https://[2001:db8::1]/x", "[2001:db8::1]:9", False),
        ("https://[2001:db8::2]/x", "2001:db8::1", False),
        ("https://192.0.2.7/x", "192.0.2.7", True),
        ("https://anything.example", "*", True),
        ("https://hooks.example.org", "", False),
        ("https://hooks.example.org", "*.", False),
        ("https://hooks.example.org", "hooks.*.org", False),
        ("https://hooks.example.org", "**", False),
        ("https://hooks.example.org", "https://hooks.example.org", False),
        ("https://hooks.example.org", "hooks.example.org/x", False),
        ("https://hooks.example.org", "hooks.example.org:0", False),
        ("https://hooks.example.org", "user@hooks.example.org", False),
    ],
)
def test_a_host_matches_an_exact_name_or_a_wildcard_for_its_subdomains(url, entry, expected):
    assert host_allowed(url, (entry,)) is expected


@pytest.mark.req("D-65")
def test_one_matching_entry_of_several_is_enough_and_none_matches_nothing():
    assert host_allowed(HTTPS, ("other.example", "*.example.org"))
    assert not host_allowed(HTTPS, ())


@pytest.mark.req("D-65")
@pytest.mark.parametrize(
    "url",
    [
        "https://allowed.example@evil.test/",
        "https://evil.test\\@allowed.example/",
        "https://evil.test#@allowed.example/",
        "https://evil.test?@allowed.example/",
        "https://evil.test/\nallowed.example",
        "https:///allowed.example",
        "https://",
        "//allowed.example",
        "ftp://allowed.example/",
        "https://allowed.example:99999/",
        "http://2130706433/",
        "http://0x7f.1/",
        "https://[fe80::1%25eth0]/",
        "",
    ],
)
def test_a_url_that_can_be_read_in_two_ways_is_on_no_list(url):
    assert parse_target(url) is None
    assert not host_allowed(url, ("*",))


def test_a_target_has_one_form_for_comparing_resolving_and_sending():
    assert parse_target("HTTPS://Bücher.Example.:8443/ä/%7e") == Target(
        "https", "xn--bcher-kva.example", 8443, "/%C3%A4/%7e"
    )
    assert parse_target("http://example.org") == Target("http", "example.org", 80, "/")


@pytest.mark.parametrize(
    ("url", "header"),
    [
        ("https://example.org:443/", "example.org"),
        ("http://example.org:443/", "example.org:443"),
        ("https://[::1]:8443/", "[::1]:8443"),
        ("http://[::1]/", "[::1]"),
    ],
)
def test_the_host_header_names_the_port_only_if_it_is_not_the_usual_one(url, header):
    target = parse_target(url)
    assert target is not None
    assert target.authority == header


@pytest.mark.req("S-14")
def test_http_is_stored_only_where_the_account_allows_it():
    refused = storable("http://example.org/", settings=ScrSettings())
    assert refused == "The URL must use https."
    assert storable("HTTP://example.org/", settings=ScrSettings()) == refused
    assert storable("http://example.org/", settings=ScrSettings(webhook_http_allowed=True)) is None


@pytest.mark.req("S-14", "D-65")
def test_the_host_must_be_on_the_list_of_an_account_whose_webhook_is_active():
    active = ScrSettings(webhook_active=True, webhook_hosts=("*.example.org",))
    assert storable(HTTPS, settings=active) is None
    assert storable("https://example.net/", settings=active) == "The host is not on the account's allow-list."


@pytest.mark.req("S-14")
def test_the_url_is_stored_whatever_its_host_while_the_webhook_is_inactive():
    assert storable(HTTPS, settings=ScrSettings(webhook_active=False, webhook_hosts=())) is None


@pytest.mark.parametrize(
    ("entry", "good"),
    [("*", True), ("a.example", True), ("*.a.example:1", True), ("::1", True), ("*.[::1]", False), ("a b", False)],
)
def test_an_operators_entry_is_told_from_a_slip(entry, good):
    assert is_allow_list_entry(entry) is good


@pytest.mark.req("D-61")
@pytest.mark.parametrize(
    ("reference_id", "custom1", "settings", "expected"),
    [
        ("r", "c", ScrSettings(), {"caseId": "ABC"}),
        ("r", "c", ScrSettings(webhook_reference_id=True), {"caseId": "ABC", "referenceId": "r"}),
        ("r", "c", ScrSettings(webhook_custom1=True), {"caseId": "ABC", "custom1": "c"}),
        (None, None, ScrSettings(webhook_reference_id=True, webhook_custom1=True), {"caseId": "ABC"}),
        (
            "r",
            "Ü€",
            ScrSettings(webhook_reference_id=True, webhook_custom1=True),
            {"caseId": "ABC", "referenceId": "r", "custom1": "Ü€"},
        ),
    ],
)
def test_a_notification_holds_reference_and_custom1_only_if_configured_and_given(
    reference_id, custom1, settings, expected
):
    body = notification_body("ABC", reference_id, custom1, settings)
    assert json.loads(body.decode("utf-8")) == expected
