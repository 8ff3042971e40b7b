"""The whole matrix of callback buttons: every URL, method, status and platform, each on its own."""

from itertools import product

import pytest

from fallwerk.domain.identcase.callbacks import Platform, callback_url
from fallwerk.domain.identcase.model import CallbackUrl, IdentStatus, Method

NAMES = ("coupon_requested", "review_pending", "incomplete", "success", "declined")
METHODS = (Method.BASIC, Method.VIDEO, Method.PHOTO, Method.EID)
STATUSES = (
    IdentStatus.STARTED,
    IdentStatus.COUPON_REQUESTED,
    IdentStatus.INCOMPLETE,
    IdentStatus.REVIEW_PENDING,
    IdentStatus.SUCCESS,
    IdentStatus.DECLINED,
)
WEB, IOS, ANDROID = Platform.WEB, Platform.IOS, Platform.ANDROID

# decisions.md "Callback buttons", row by row, with the URL that each platform gets.
EXPECTED = {
    ("coupon_requested", Method.BASIC, IdentStatus.COUPON_REQUESTED): {WEB: "web", IOS: "web", ANDROID: "web"},
    ("review_pending", Method.PHOTO, IdentStatus.REVIEW_PENDING): {WEB: "web", IOS: "ios", ANDROID: "android"},
    ("review_pending", Method.VIDEO, IdentStatus.REVIEW_PENDING): {WEB: "web", IOS: "ios", ANDROID: "android"},
    ("incomplete", Method.VIDEO, IdentStatus.INCOMPLETE): {IOS: "ios", ANDROID: "android"},
    ("success", Method.VIDEO, IdentStatus.REVIEW_PENDING): {WEB: "web", IOS: "ios", ANDROID: "android"},
    ("success", Method.VIDEO, IdentStatus.SUCCESS): {WEB: "web", IOS: "ios", ANDROID: "android"},
    ("success", Method.VIDEO, IdentStatus.DECLINED): {WEB: "web", IOS: "ios", ANDROID: "android"},
    ("success", Method.EID, IdentStatus.SUCCESS): {WEB: "web", IOS: "ios", ANDROID: "android"},
    ("success", Method.PHOTO, IdentStatus.SUCCESS): {WEB: "web", IOS: "ios", ANDROID: "android"},
    ("declined", Method.PHOTO, IdentStatus.DECLINED): {WEB: "web", IOS: "ios", ANDROID: "android"},
}


@pytest.mark.req("S-45")
@pytest.mark.parametrize(("name", "method", "status"), list(product(NAMES, METHODS, STATUSES)))
def test_each_url_alone_makes_a_button_exactly_where_the_matrix_has_it(name, method, status):
    urls = {name: CallbackUrl("web", "ios", "android")}
    found = {platform: callback_url(urls, method, status, platform) for platform in Platform}
    expected = EXPECTED.get((name, method, status), {})
    assert found == {platform: expected.get(platform) for platform in Platform}


@pytest.mark.req("S-45")
@pytest.mark.parametrize("key", EXPECTED)
@pytest.mark.parametrize("platform", [IOS, ANDROID])
def test_a_phone_without_a_url_of_its_own_gets_the_webs(key, platform):
    name, method, status = key
    assert callback_url({name: CallbackUrl(web="web")}, method, status, platform) == "web"


@pytest.mark.req("S-45")
@pytest.mark.parametrize("key", EXPECTED)
def test_the_web_never_gets_an_apps_url(key):
    name, method, status = key
    assert callback_url({name: CallbackUrl(ios="ios", android="android")}, method, status, WEB) is None


@pytest.mark.req("S-45")
@pytest.mark.parametrize("platform", Platform)
def test_a_video_under_review_uses_success_first(platform):
    urls = {"success": CallbackUrl("success"), "review_pending": CallbackUrl("pending")}
    assert callback_url(urls, Method.VIDEO, IdentStatus.REVIEW_PENDING, platform) == "success"
    empty = {"success": CallbackUrl(), "review_pending": CallbackUrl("pending")}
    assert callback_url(empty, Method.VIDEO, IdentStatus.REVIEW_PENDING, platform) == "pending"


@pytest.mark.req("S-45")
def test_without_a_url_there_is_no_button():
    for method, status, platform in product(METHODS, STATUSES, Platform):
        assert callback_url({}, method, status, platform) is None
