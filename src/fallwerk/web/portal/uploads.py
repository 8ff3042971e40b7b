"""Reading forms, some with one picture: within limits, in memory, never on a disk in clear."""

import io
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import UploadFile
from starlette.formparsers import FormParser, MultiPartException, MultiPartParser
from starlette.requests import Request

from fallwerk.kit.pictures import MAX_BYTES

FORM_BYTES: Final = 32 * 1024
"""More than the longest names and addresses, several times over."""
FIELD_BYTES: Final = 4096
FIELDS: Final = 40
_ENVELOPE: Final = 64 * 1024
"""What the form needs around the picture."""


class FormTooLarge(Exception):
    """A form is larger, or has more fields, than any of ours."""


class FormBroken(Exception):
    """What was sent is not a form."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A form as it was read."""

    fields: dict[str, str]
    picture: bytes | None = None
    """Content of the file that was chosen; None: none was."""


async def read_form(request: Request) -> Sent:
    """
    Read an urlencoded form; of a field sent twice the last one counts.

    Raises:
        FormTooLarge: as soon as it is, without reading on.
    """
    form = await FormParser(request.headers, _limited(request, FORM_BYTES)).parse()
    if len(form) > FIELDS:
        raise FormTooLarge
    return Sent({name: value for name, value in form.items() if isinstance(value, str)})


class _InMemory(MultiPartParser):
    # The library would write larger parts to a temporary file: somebody's identity card, in clear.
    spool_max_size = MAX_BYTES + _ENVELOPE


async def read_picture_form(request: Request) -> Sent:
    """
    Read a form of a few fields and at most one file.

    Raises:
        FormTooLarge: as soon as it is, without reading on.
        FormBroken: it cannot be read.
    """
    stream = _limited(request, MAX_BYTES + _ENVELOPE)
    parser = _InMemory(request.headers, stream, max_files=1, max_fields=FIELDS, max_part_size=FIELD_BYTES)
    try:
        form = await parser.parse()
    except MultiPartException as broken:
        raise FormBroken from broken
    fields = {name: value for name, value in form.items() if isinstance(value, str)}
    picture: bytes | None = None
    for _, value in form.multi_items():
        if isinstance(value, UploadFile):
            # The parser keeps it in memory; taken out of there it is not copied.
            picture = _content(value) or None
            await value.close()
    return Sent(fields, picture)


def _content(upload: UploadFile) -> bytes:
    """Return what was sent of a file that lies in memory."""
    memory: io.BytesIO = upload.file._file  # type: ignore[attr-defined] # noqa: SLF001 - the only way to it
    return memory.getvalue()


async def _limited(request: Request, limit: int) -> AsyncGenerator[bytes, None]:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise FormTooLarge
        yield chunk
