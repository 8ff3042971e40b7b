"""
Pictures that strangers send: judged by their content, decoded within limits, drawn anew.

What is kept is never what was sent. Drawing anew drops metadata (where and with what it was taken), whatever hides
behind or beside the pixels (a second format, scripts, further frames), and everything that only looks like a picture.
"""

import io
import warnings
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS: Final = ("JPEG", "PNG", "WEBP")
"""Asked by content; a name or a declared type says nothing."""
MAX_BYTES: Final = 12 * 1024 * 1024
MAX_PIXELS: Final = 40_000_000
"""More than a phone's camera delivers; read from the header, before anything is decoded."""
SMALLEST_SIDE: Final = 480
"""Pixels below which no document can be read."""
LONGEST_SIDE: Final = 2400
"""Pixels to which a larger picture is reduced: a card is readable at a third of it."""
QUALITY: Final = 88
_LOOK_SIDE: Final = 640
"""Pixels at which sharpness and light are measured, so that every camera is judged alike."""
SHARP: Final = 40.0
"""Variance of the Laplacian below which a picture is probably out of focus; measured on photographed documents."""
DARK: Final = 45.0
BRIGHT: Final = 225.0


class Refusal(StrEnum):
    """Why a picture is not taken."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    NO_PICTURE = "no_picture"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_SMALL = "too_small"


class Hint(StrEnum):
    """What is probably wrong with a picture that is taken all the same."""

    BLURRED = "blurred"
    DARK = "dark"
    BRIGHT = "bright"


class PictureRefused(Exception):
    """This cannot be used as a picture."""

    def __init__(self, reason: Refusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture drawn anew: JPEG, upright, without metadata."""

    content: bytes
    width: int
    height: int
    hint: Hint | None

    mime_type = "image/jpeg"


def drawn_anew(content: bytes) -> Drawn:
    """
    Decode a picture and encode it again; takes up to half a second of a processor, so call it in a thread.

    Raises:
        PictureRefused: it is none of our formats, damaged, too large or too small.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415 - slow to load

    if not content:
        raise PictureRefused(Refusal.EMPTY)
    if len(content) > MAX_BYTES:
        raise PictureRefused(Refusal.TOO_LARGE)
    try:
        with warnings.catch_warnings():
            # The library warns of large pictures when it opens them; our own limit is the one that counts.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            opened = Image.open(io.BytesIO(content), formats=FORMATS)
            _judge_size(*opened.size)
            # A JPEG can be decoded at an eighth, a quarter or half of its size, for a fraction of the time.
            opened.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(opened)
            picture = _on_white(upright)
    except Image.DecompressionBombError:
        raise PictureRefused(Refusal.TOO_MANY_PIXELS) from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError, KeyError, IndexError, TypeError):
        # The decoders raise whatever a damaged file makes them stumble over.
        raise PictureRefused(Refusal.NO_PICTURE) from None
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    encoded = io.BytesIO()
    picture.save(encoded, "JPEG", quality=QUALITY, exif=b"", icc_profile=None, comment=b"")
    return Drawn(encoded.getvalue(), *picture.size, _hint(picture))


def _judge_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise PictureRefused(Refusal.TOO_MANY_PIXELS)
    if min(width, height) < SMALLEST_SIDE:
        raise PictureRefused(Refusal.TOO_SMALL)


def _on_white(picture: "Image") -> "Image":
    """Return the pixels alone; what is transparent becomes white instead of hiding something."""
    from PIL import Image  # noqa: PLC0415 - loaded already

    if picture.has_transparency_data:
        seen = picture.convert("RGBA")
        white = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(white, seen).convert("RGB")
    rgb = picture.convert("RGB")
    # A copy carries no more than pixels: what the decoder noted beside them stays behind.
    bare = Image.new("RGB", rgb.size)
    bare.paste(rgb)
    return bare


def _hint(picture: "Image") -> Hint | None:
    from PIL import ImageFilter, ImageStat  # noqa: PLC0415 - loaded already

    grey = picture.convert("L")
    grey.thumbnail((_LOOK_SIDE, _LOOK_SIDE))
    light = ImageStat.Stat(grey).mean[0]
    if light < DARK:
        return Hint.DARK
    if light > BRIGHT:
        return Hint.BRIGHT
    laplacian = ImageFilter.Kernel((3, 3), (0, 1, 0, 1, -4, 1, 0, 1, 0), scale=1, offset=128)
    edges = grey.filter(laplacian).crop((1, 1, grey.width - 1, grey.height - 1))
    return Hint.BLURRED if ImageStat.Stat(edges).var[0] < SHARP else None
