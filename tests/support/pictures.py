"""Pictures as people and attackers send them."""

import io
import struct
import zlib
from functools import cache
from typing import Any, Final

SIZE: Final = (1200, 800)


@cache
def photograph(form: str = "JPEG", size: tuple[int, int] = SIZE, **options: Any) -> bytes:
    """A sharp picture with lines and patches, such as a document on a table."""
    from PIL import Image, ImageDraw  # noqa: PLC0415

    picture = Image.new("RGB", size, (96, 90, 84))
    draw = ImageDraw.Draw(picture)
    width, height = size
    draw.rectangle((width // 10, height // 10, width * 9 // 10, height * 9 // 10), fill=(214, 220, 206))
    for row in range(height // 6, height * 5 // 6, 14):
        draw.line((width // 6, row, width * 5 // 6, row), fill=(30, 30, 60), width=3)
    for column in range(width // 6, width * 5 // 6, 22):
        draw.line((column, height // 6, column, height * 5 // 6), fill=(160, 30, 30), width=2)
    encoded = io.BytesIO()
    picture.save(encoded, form, **options)
    return encoded.getvalue()


def with_place(orientation: int = 6) -> bytes:
    """A picture whose metadata say where it was taken, with what, and that it lies on its side."""
    from PIL import Image  # noqa: PLC0415

    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SECRETCAMERA"
    exif[0x9286] = "SECRETCOMMENT"
    exif[0x8825] = {1: "N", 2: (50.0, 56.0, 15.0), 3: "E", 4: (6.0, 57.0, 37.0)}
    return photograph("JPEG", exif=exif.tobytes(), comment=b"SECRETCOMMENT")


def blurred() -> bytes:
    """A picture out of focus."""
    from PIL import Image, ImageFilter  # noqa: PLC0415

    encoded = io.BytesIO()
    Image.open(io.BytesIO(photograph())).filter(ImageFilter.GaussianBlur(14)).save(encoded, "JPEG")
    return encoded.getvalue()


def of_one_colour(level: int) -> bytes:
    """A picture that is all dark or all bright."""
    from PIL import Image  # noqa: PLC0415

    encoded = io.BytesIO()
    Image.new("L", SIZE, level).save(encoded, "JPEG")
    return encoded.getvalue()


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few kilobytes that says it has so many pixels, and has."""
    raw = zlib.compress(b"\0" * min((width // 8 + 1) * height, 20_000_000), 9)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)),
        (b"IDAT", raw),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in parts)


def polyglot() -> bytes:
    """A good JPEG that is a page with a script as well, and a ZIP at its end."""
    page = b"<html><script>alert('POLYGLOT')</script></html>"
    marker = b"\xff\xfe" + struct.pack(">H", len(page) + 2) + page
    picture = photograph()
    return picture[:2] + marker + picture[2:] + b"PK\x03\x04POLYGLOT" + page


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
