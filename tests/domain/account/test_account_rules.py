from dataclasses import replace

import pytest

from fallwerk.domain.account.model import ScrSettings
from fallwerk.domain.account.rules import HOSTS_MAX, RANGES, is_client_id, is_host_entry, setting_faults
from fallwerk.domain.identcase.model import Method


def test_the_defaults_can_be_used():
    assert setting_faults(ScrSettings()) == ()


@pytest.mark.parametrize("name", RANGES)
def test_a_number_may_take_both_ends_of_its_range_and_nothing_beyond(name):
    smallest, largest = RANGES[name]
    for value in (smallest, largest):
        assert setting_faults(replace(ScrSettings(), **{name: value})) == ()
    for value in (smallest - 1, largest + 1):
        (fault,) = setting_faults(replace(ScrSettings(), **{name: value}))
        assert (fault.name, fault.message) == (name, f"The value must lie between {smallest} and {largest}.")


@pytest.mark.req("D-50")
def test_retention_ends_at_ninety_days():
    assert RANGES["retention_days"] == (0, 90)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("methods", [(), (Method.VIDEO,)], [(Method.DELIVERY,), (Method.VIDEO, Method.VIDEO)]),
        ("declined_closes", [(), (Method.EID,)], [(Method.DELIVERY,), (Method.EID, Method.EID)]),
        ("coupon_file_type", ["printable", "dmc_v2"], ["", "pdf"]),
        ("accounting_number", ["", "87122222143703", "A-1"], ["8" * 21, "8 7", "ü"]),
        ("display_name", ["", "Müsterbank & Söhne", "ü" * 100], ["x" * 101, "a\nb", "\ud800"]),
        ("ios_scheme", ["postident", "my-bank.app+1"], ["", "Bank", "javascript", "1bank", "a" * 51, "bank:"]),
        ("package_name", ["de.deutschepost.postident", "a.b_1"], ["", "bank", "de..bank", "de.1bank", "de.bänk"]),
        ("webhook_user", ["", "us er", "müller"], ["a:b", "a\nb", "x" * 256]),
        ("webhook_events", [(), ("final",), ("coupon requested", "success")], [("Final",), ("final", "final")]),
        ("webhook_hosts", [(), ("*",), ("a.de", "*.b.de:8443")], [("a.de/x",), ("a.de",) * (HOSTS_MAX + 1)]),
    ],
)
def test_a_setting_takes_its_forms_only(name, good, bad):
    for value in good:
        assert setting_faults(replace(ScrSettings(), **{name: value})) == (), value
    for value in bad:
        assert [fault.name for fault in setting_faults(replace(ScrSettings(), **{name: value}))] == [name], value


def test_a_webhook_password_needs_a_user_and_its_form():
    with_user = replace(ScrSettings(), webhook_user="u", webhook_password="a:b c")
    assert setting_faults(with_user) == ()
    for settings in (replace(with_user, webhook_user=""), replace(with_user, webhook_password="a\x00")):
        assert [fault.name for fault in setting_faults(settings)] == ["webhook_password"]


@pytest.mark.req("D-65")
@pytest.mark.parametrize(
    "entry",
    [
        "*",
        "musterbank.eu",
        "*.musterbank.eu",
        "musterbank.eu:8443",
        "*.bank:1",
        "localhost",
        "192.0.2.1:80",
        "[::1]:8080",
        "müller.de",
    ],
)
def test_an_allow_list_takes_names_wildcards_and_ports(entry):
    assert is_host_entry(entry)


@pytest.mark.req("D-65")
@pytest.mark.parametrize(
    "entry",
    [
        "",
        "*.",
        "**",
        "a.*.de",
        "https://a.de",
        "a.de/",
        "a.de:",
        "a.de:0",
        "a.de:65536",
        "u@a.de",
        "a de",
        "a.de?x",
        "a.de#x",
        "*.[::1]",
        "*a.de",
    ],
)
def test_an_allow_list_takes_nothing_else(entry):
    assert not is_host_entry(entry)


@pytest.mark.req("S-02")
def test_a_client_id_has_up_to_sixteen_capitals_and_digits():
    assert all(map(is_client_id, ("1234ABCD", "XCLIENTIDX", "A", "0" * 16)))
    assert not any(map(is_client_id, ("", "1234abcd", "0" * 17, "A B", "ÄBCD", "A\n")))


def test_faults_come_in_the_order_of_the_settings():
    settings = replace(ScrSettings(), package_name="", coupon_max=-1, webhook_hosts=("?",), validity_days=0)
    names = [fault.name for fault in setting_faults(settings)]
    assert names == ["coupon_max", "validity_days", "webhook_hosts", "package_name"]
