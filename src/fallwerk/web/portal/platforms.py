"""Which platform a browser runs on, as far as callback URLs tell platforms apart."""

import re
from typing import Final

from fallwerk.domain.identcase.callbacks import Platform

_IOS: Final = re.compile(r"\b(?:iPhone|iPad|iPod)\b")
_ANDROID: Final = re.compile(r"\bAndroid\b")


def platform_of(user_agent: str) -> Platform:
    """
    Judge by the `User-Agent` header.

    An iPad that asks for desktop pages calls itself a Macintosh and gets the web's button, which works there too.
    """
    if _IOS.search(user_agent):
        return Platform.IOS
    return Platform.ANDROID if _ANDROID.search(user_agent) else Platform.WEB
