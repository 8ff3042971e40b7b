"""A document as YAML."""

from typing import Final

import orjson
import yaml

_WIDTH: Final = 120


class _Dumper(yaml.SafeDumper):
    """Writes shared parts out instead of making anchors of them, which some readers lack, and long texts as blocks."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def _text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def yaml_of(as_json: bytes) -> bytes:
    """Write a JSON text as YAML, names in the same order."""
    text: str = yaml.dump(orjson.loads(as_json), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=_WIDTH)
    return text.encode()
