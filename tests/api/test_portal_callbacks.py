"""The button back to the client on the real pages, by the states that desks and people reach, on every platform."""

import re
from html import unescape

import pytest

from tests.api.conftest import EVERYTHING
from tests.support.portal import FULL, Person
from tests.support.scr import merged, started
from tests.web.portal.test_platforms import ANDROID, IPHONE, WINDOWS

NAMES = ("CouponRequested", "ReviewPending", "Incomplete", "Success", "Declined")
AGENTS = {"web": WINDOWS, "ios": IPHONE, "android": ANDROID}
PREPARED = ("started", "review pending")
STEPS = {
    ("basic", "coupon requested"): ("CouponRequested", {"web": "web", "ios": "web", "android": "web"}, ()),
    ("basic", "success"): (None, {}, ("coupon requested",)),
    ("video", "incomplete"): ("Incomplete", {"web": None, "ios": "ios", "android": "android"}, ("started",)),
    ("video", "review pending"): ("Success", {"web": "web", "ios": "ios", "android": "android"}, ("started",)),
    ("video", "success"): ("Success", {"web": "web", "ios": "ios", "android": "android"}, PREPARED),
    ("video", "declined"): ("Success", {"web": "web", "ios": "ios", "android": "android"}, PREPARED),
    ("photo", "review pending"): ("ReviewPending", {"web": "web", "ios": "ios", "android": "android"}, ("started",)),
    ("photo", "success"): ("Success", {"web": "web", "ios": "ios", "android": "android"}, PREPARED),
    ("photo", "declined"): ("Declined", {"web": "web", "ios": "ios", "android": "android"}, PREPARED),
    ("photo", "incomplete"): (None, {}, PREPARED),
    ("eid", "success"): ("Success", {"web": "web", "ios": "ios", "android": "android"}, ("started",)),
    ("eid", "declined"): (None, {}, ("started",)),
}
CODES = {
    ("video", "incomplete"): {"subStatus": 9030, "subStatusReason": 9131},
    ("video", "declined"): {"subStatus": 9010, "subStatusReason": 9104},
    ("photo", "incomplete"): {"subStatus": 9040, "subStatusReason": 9141},
    ("photo", "declined"): {"subStatus": 9010, "subStatusReason": 9104},
    ("eid", "declined"): {"subStatus": 9060, "subStatusReason": 9161},
}


def order(*platforms):
    urls = {"web": "https://musterbank.eu/{}?a=1&b=2", "ios": "musterbank://{}", "android": "musterbank-a://{}"}
    keys = {"web": "webUrl", "ios": "iosUrl", "android": "androidUrl"}
    given = {f"callbackUrl{n}": {keys[p]: urls[p].format(n) for p in platforms} for n in NAMES}
    return merged(FULL, {"processData": given})


def walk(server, case_id, method, *statuses):
    for status in statuses:
        step = {"method": method, "status": status, **CODES.get((method, status), {})}
        answer = server.sandbox("POST", f"/cases/{case_id}/simulate", json=step)
        assert answer.status_code == 200, answer.text


def button(account, case_id, platform):
    with Person(account, case_id, **{"User-Agent": AGENTS[platform]}) as somebody:
        found = re.search(r'<a class="button[^"]*" href="([^"]*)" rel="noreferrer">Zurück zu', somebody.open().text)
    return unescape(found[1]) if found else None


def url(name, platform):
    urls = {"web": "https://musterbank.eu/{}?a=1&b=2", "ios": "musterbank://{}", "android": "musterbank-a://{}"}
    return urls[platform].format(name) if platform else None


@pytest.mark.req("S-45")
@pytest.mark.parametrize("step", STEPS)
def test_the_pages_carry_the_matrixs_button(server, step):
    name, expected, before = STEPS[step]
    account = server.account(**EVERYTHING, displayName="Musterbank", declinedCloses=["photo", "video", "eid"])
    case_id = started(account, order("web", "ios", "android"))
    assert [button(account, case_id, platform) for platform in AGENTS] == [None, None, None]
    walk(server, case_id, step[0], *before, step[1])
    for platform in AGENTS:
        assert button(account, case_id, platform) == url(name, expected.get(platform))


@pytest.mark.req("S-45")
def test_phones_fall_back_on_the_webs_address_and_without_any_there_is_no_button(server):
    account = server.account(**EVERYTHING, displayName="Musterbank")
    case_id = started(account, order("web"))
    walk(server, case_id, "photo", "started", "review pending")
    for platform in AGENTS:
        assert button(account, case_id, platform) == url("ReviewPending", "web")
    case_id = started(account, order("ios"))
    walk(server, case_id, "photo", "started", "review pending")
    assert [button(account, case_id, platform) for platform in AGENTS] == [None, "musterbank://ReviewPending", None]


@pytest.mark.req("S-49")
@pytest.mark.parametrize(("status", "name"), [("success", "Success"), ("declined", "Declined")])
def test_a_photos_result_leads_back_by_its_own_button(server, status, name):
    account = server.account(**EVERYTHING, displayName="Musterbank")
    case_id = started(account, order("web"))
    walk(server, case_id, "photo", *PREPARED, status)
    assert button(account, case_id, "web") == url(name, "web")


@pytest.mark.req("W-03")
def test_the_way_to_the_phone_is_offered_at_the_desk_only(server):
    account = server.account(**EVERYTHING)
    case_id = started(account, FULL)
    for platform, offered in (("web", True), ("ios", False), ("android", False)):
        with Person(account, case_id, **{"User-Agent": AGENTS[platform]}) as somebody:
            assert ("/handy" in somebody.open().text) is offered
