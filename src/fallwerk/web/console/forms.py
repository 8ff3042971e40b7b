"""Reading what a form sends: small, URL-encoded, in UTF-8, each field once unless it is a list."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

MAX_BYTES: Final = 256 * 1024
MAX_FIELDS: Final = 500
MAX_PICTURE_BYTES: Final = 3 * 1024 * 1024


class FormRefused(Exception):
    """The body is no form, or too large for one of ours."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form; texts hold no NUL, which no database takes."""

    fields: dict[str, str] = field(default_factory=dict)
    lists: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return a field, empty if it was not sent."""
        return self.fields.get(name, "")

    def all(self, name: str) -> tuple[str, ...]:
        """Return everything that was sent under a name, as ticked boxes are."""
        return self.lists.get(name, ())


async def read_form(request: Request) -> Form:
    """
    Read a form.

    Raises:
        FormRefused: 415, another media type; 413, too large; 400, too many fields.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise FormRefused(415)
    body = await _body(request, MAX_BYTES)
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="replace")
    except ValueError:
        raise FormRefused(400) from None
    fields: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        # Blanks stay, a password may have them; browsers send both signs of a line end, one is kept.
        text = value.replace("\0", "\ufffd").replace("\r\n", "\n")
        fields.setdefault(name, text)
        lists.setdefault(name, []).append(text)
    return Form(fields, {name: tuple(values) for name, values in lists.items()})


async def read_picture(request: Request) -> bytes:
    """
    Read the grey values of a camera's picture.

    Raises:
        FormRefused: 415, another media type; 413, too large.
    """
    if request.headers.get("content-type", "") != "application/octet-stream":
        raise FormRefused(415)
    return bytes(await _body(request, MAX_PICTURE_BYTES))


async def _body(request: Request, longest: int) -> bytearray:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > longest:
            raise FormRefused(413)
    return body
