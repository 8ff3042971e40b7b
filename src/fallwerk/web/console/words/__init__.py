"""The console's words in both languages, a module per desk: key → (German, English)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fallwerk.web.console.words import customers, delivery, frame, loans, people, users

LANGUAGES: Final = ("de", "en")
Pairs = Mapping[str, tuple[str, str]]

_MODULES: Final[tuple[Pairs, ...]] = (
    frame.WORDS,
    delivery.WORDS,
    customers.WORDS,
    people.WORDS,
    loans.WORDS,
    users.WORDS,
)


def _texts(index: int) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for words in _MODULES:
        for key, pair in words.items():
            if key in found:
                raise ValueError(f"two desks call their words {key}")
            found[key] = pair[index]
    return MappingProxyType(found)


TEXTS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {language: _texts(index) for index, language in enumerate(LANGUAGES)}
)
