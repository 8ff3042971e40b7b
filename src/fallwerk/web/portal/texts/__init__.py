"""
The portal's words: German in the polite form, English as plain; one key per text, the same keys in both.

`{name}` stands for the account's name, or for a word that replaces it where it has none; `{Name}` begins a sentence,
`{dative}` follows a preposition that wants it.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fallwerk.web.portal.texts import de, en

_PLACE: Final = re.compile(r"\{(?:name|Name|dative)\}")
LANGUAGES: Final = ("de", "en")
TEXTS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {"de": MappingProxyType(de.TEXTS), "en": MappingProxyType(en.TEXTS)}
)
SOMEBODY: Final = MappingProxyType({"de": ("das Unternehmen", "dem Unternehmen"), "en": ("the company", "the company")})
"""Stands for an account without a name; nominative and accusative are one word, the dative is not."""


def words(language: str, display_name: str) -> dict[str, str]:
    """Return every text with the account's name in its place."""
    name, dative = (display_name, display_name) if display_name else SOMEBODY[language]
    # An account's name may hold braces itself, so each place is filled once and nothing is looked for in what fills it.
    fills = {"{name}": name, "{Name}": name[:1].upper() + name[1:], "{dative}": dative}
    return {key: _PLACE.sub(lambda place: fills[place[0]], text) for key, text in TEXTS[language].items()}
