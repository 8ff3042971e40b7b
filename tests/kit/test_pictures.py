"""Pictures of strangers: judged by content, decoded within limits, drawn anew."""

import io
import tracemalloc

import pytest
from PIL import Image

from fallwerk.kit.pictures import LONGEST_SIDE, MAX_BYTES, Hint, PictureRefused, Refusal, drawn_anew
from tests.support.pictures import blurred, bomb, of_one_colour, photograph, polyglot, with_place


def refused(content):
    with pytest.raises(PictureRefused) as caught:
        drawn_anew(content)
    return caught.value.reason


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_each_format_becomes_an_upright_jpeg(form):
    drawn = drawn_anew(photograph(form))
    opened = Image.open(io.BytesIO(drawn.content))
    assert (opened.format, opened.size, drawn.hint) == ("JPEG", (1200, 800), None)


@pytest.mark.parametrize("form", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_no_picture_here(form):
    assert refused(photograph(form)) is Refusal.NO_PICTURE


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"%PDF-1.7\n%%EOF",
        b"<html></html>",
        b"GIF89a" + b"\0" * 100,
        b"\xff\xd8\xff\xe0" + b"\0" * 100,
        photograph("JPEG")[:3000],
        photograph("PNG")[:-3000],
        photograph("WEBP")[:600],
        b"\0" * 1000,
    ],
)
def test_what_is_no_whole_picture_is_refused(content):
    assert refused(content) is Refusal.NO_PICTURE


def test_nothing_and_too_much_are_told_apart():
    assert refused(b"") is Refusal.EMPTY
    assert refused(b"\xff\xd8" + b"x" * MAX_BYTES) is Refusal.TOO_LARGE


@pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (20_000, 20_000), (65_000, 65_000), (40_000_001, 1)])
def test_a_hundred_megapixels_are_refused_by_the_header_without_memory(width, height):
    content = bomb(width, height)
    tracemalloc.start()
    try:
        assert refused(content) is Refusal.TOO_MANY_PIXELS
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


def test_a_picture_in_which_nothing_can_be_read_is_too_small():
    assert refused(photograph(size=(479, 2000))) is Refusal.TOO_SMALL
    assert drawn_anew(photograph(size=(480, 2000))).width == 480


def test_a_large_picture_is_reduced():
    drawn = drawn_anew(photograph(size=(6000, 4000)))
    assert (drawn.width, drawn.height) == (LONGEST_SIDE, LONGEST_SIDE * 2 // 3)


def test_metadata_are_gone_and_what_lay_on_its_side_is_upright():
    sent = with_place(orientation=6)
    assert b"SECRET" in sent
    drawn = drawn_anew(sent)
    assert b"SECRET" not in drawn.content
    assert b"Exif" not in drawn.content
    opened = Image.open(io.BytesIO(drawn.content))
    assert dict(opened.getexif()) == {}
    assert opened.size == (800, 1200)


def test_nothing_of_a_second_format_is_left():
    sent = polyglot()
    assert b"POLYGLOT" in sent
    drawn = drawn_anew(sent)
    for trace in (b"POLYGLOT", b"<html", b"<script", b"PK\x03\x04"):
        assert trace not in drawn.content


def test_what_is_transparent_becomes_white():
    encoded = io.BytesIO()
    Image.new("RGBA", (600, 600), (255, 0, 0, 0)).save(encoded, "PNG")
    drawn = Image.open(io.BytesIO(drawn_anew(encoded.getvalue()).content))
    assert min(drawn.getpixel((300, 300))) > 250


def test_of_a_moving_picture_one_frame_is_left():
    encoded = io.BytesIO()
    first, second = Image.new("RGB", (600, 600), "white"), Image.new("RGB", (600, 600), "black")
    first.save(encoded, "WEBP", save_all=True, append_images=[second])
    opened = Image.open(io.BytesIO(drawn_anew(encoded.getvalue()).content))
    assert getattr(opened, "n_frames", 1) == 1


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (photograph(), None),
        (blurred(), Hint.BLURRED),
        (of_one_colour(10), Hint.DARK),
        (of_one_colour(250), Hint.BRIGHT),
        (of_one_colour(128), Hint.BLURRED),
    ],
)
def test_what_is_probably_wrong_is_hinted(content, hint):
    assert drawn_anew(content).hint is hint
