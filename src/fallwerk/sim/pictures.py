"""Sample pictures of what a person shows to a camera; they show nobody."""

import io
from functools import cache
from typing import Final

MIME_TYPE: Final = "image/jpeg"
_SIZES: Final = {"userface": (480, 640)}
_USUAL: Final = (856, 540)
_SHADES: Final = {"idfrontside": (222, 232, 240), "idbackside": (226, 238, 226), "userface": (240, 230, 222)}


@cache
def sample_picture(kind: str) -> bytes:
    """
    Draw a small JPEG that says what it stands for; some milliseconds the first time, so call it off the event loop.

    Args:
        kind: A type of record, as `idfrontside`.
    """
    from PIL import Image, ImageDraw  # noqa: PLC0415 - costs start-up time and memory

    size = _SIZES.get(kind, _USUAL)
    image = Image.new("RGB", size, _SHADES.get(kind, (232, 232, 232)))
    draw = ImageDraw.Draw(image)
    draw.rectangle((12, 12, size[0] - 13, size[1] - 13), outline=(90, 100, 110), width=3)
    draw.text((36, 36), f"SPECIMEN {kind}", fill=(40, 50, 60), font_size=36)
    content = io.BytesIO()
    image.save(content, "JPEG", quality=80)
    return content.getvalue()
