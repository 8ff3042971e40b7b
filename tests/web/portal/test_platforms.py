"""Platforms by the user agents that browsers really send."""

import pytest

from fallwerk.domain.identcase.callbacks import Platform
from fallwerk.web.portal.platforms import platform_of

IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
IPAD = "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1"
ANDROID = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 Chrome/126.0.0.0 Mobile Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Version/17.5 Safari/605.1.15"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"


@pytest.mark.req("S-45")
@pytest.mark.parametrize(
    ("user_agent", "platform"),
    [
        (IPHONE, Platform.IOS),
        (IPAD, Platform.IOS),
        (ANDROID, Platform.ANDROID),
        (MAC, Platform.WEB),
        (WINDOWS, Platform.WEB),
        ("", Platform.WEB),
        ("androidish", Platform.WEB),
    ],
)
def test_the_platform_is_told_by_the_user_agent(user_agent, platform):
    assert platform_of(user_agent) is platform
