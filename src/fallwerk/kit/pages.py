"""
Pages for people: templates, their static files, and the headers every page carries.

Nothing is loaded from elsewhere and no script or style stands in a page, so that the content security policy can be
strict and every page works offline.
"""

import hashlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from jinja2 import Environment

SHARED_FILES: Final = Path(__file__).parent / "assets"
"""The visual tokens, which every page begins with."""
KINDS: Final = {
    "css": "text/css",
    "ico": "image/vnd.microsoft.icon",
    "jpg": "image/jpeg",
    "js": "text/javascript",
    "png": "image/png",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
"""Media types by suffix: the system's own table differs from host to host and takes long to read."""
FOREVER: Final = "public, max-age=31536000, immutable"
_CONTENT_SECURITY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _CONTENT_SECURITY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class StaticFiles:
    """
    A few small files, read once and held in memory.

    Each is served under an address that names its content, which a browser may keep forever, and under its plain name.

    Args:
        prefix: Path in front of the names, such as `/static/portal`.
        folders: Where the files lie; a later folder's file wins.
    """

    def __init__(self, prefix: str, *folders: Path) -> None:
        self._prefix = prefix
        self._files: dict[str, tuple[bytes, str, str]] = {}
        self._urls: dict[str, str] = {}
        for file in (file for folder in folders for file in sorted(folder.iterdir())):
            self._add(file.name, file.read_bytes())

    def _add(self, name: str, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()[:16]
        stem, _, suffix = name.rpartition(".")
        hashed = f"{stem}.{digest}.{suffix}"
        kind = KINDS.get(suffix, "application/octet-stream")
        self._files[name] = (content, kind, "no-cache")
        self._files[hashed] = (content, kind, FOREVER)
        self._urls[name] = f"{self._prefix}/{hashed}"

    def url(self, name: str) -> str:
        """Return the address that names the file's content."""
        return self._urls[name]

    def route(self) -> Route:
        """Return the route that serves the files."""
        return Route(self._prefix + "/{name}", self._serve, methods=["GET"])

    async def _serve(self, request: Request) -> Response:
        found = self._files.get(request.path_params["name"])
        if found is None:
            return Response("Not found.\n", 404, HEADERS, "text/plain")
        content, kind, caching = found
        etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
        headers = {**HEADERS, "Cache-Control": caching, "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(None, 304, headers)
        return Response(content, 200, headers, kind)


class Pages:
    """
    Renders the templates of one folder.

    Args:
        folder: Has `templates/` and `static/`.
        prefix: Where the static files are served.
    """

    def __init__(self, folder: Path, prefix: str) -> None:
        self.files = StaticFiles(prefix, SHARED_FILES, folder / "static")
        self._folder = folder

    @cached_property
    def _environment(self) -> "Environment":
        # The library takes a tenth of a second to load, for which the start of a server should not wait.
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415

        environment = Environment(
            loader=FileSystemLoader(self._folder / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals["static"] = self.files.url
        return environment

    def text(self, template: str, **context: object) -> str:
        """Render a template."""
        return self._environment.get_template(template).render(context)

    def answer(
        self, template: str, status: int = 200, *, headers: dict[str, str] | None = None, **context: object
    ) -> HTMLResponse:
        """Render a template as an answer that no cache keeps unless `headers` says so."""
        return HTMLResponse(
            self.text(template, **context), status, {**HEADERS, "Cache-Control": "no-store", **(headers or {})}
        )


def asks_for_json(request: Request) -> bool:
    """Tell whether a page's script sent a form, which wants a few words instead of another page."""
    return request.headers.get("accept", "").startswith("application/json")


def attachment(name: str) -> str:
    """Return the `Content-Disposition` of a file to be saved under a name, which may be any text."""
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"


def failed_page(status: int) -> HTMLResponse:
    """Answer a person for whom a page could not be made; it needs neither templates nor anything else that can fail."""
    title = "Zurzeit nicht erreichbar"
    text = (
        f'<!doctype html><html lang="de"><head><meta charset="utf-8"><title>{title}</title></head><body><main>'
        f"<h1>{title}</h1><p>Bitte laden Sie diese Seite in einer Minute neu. Was Sie schon abgeschickt hatten und "
        'bestätigt bekamen, ist gespeichert.</p><p lang="en">This page is not available right now. Please reload it in '
        "a minute. What was confirmed to you is saved.</p></main></body></html>"
    )
    return HTMLResponse(text, status, {**HEADERS, "Cache-Control": "no-store"})


def preferred_language(header: str, offered: Sequence[str]) -> str:
    """
    Choose a language by an `Accept-Language` header.

    Args:
        offered: Two-letter codes; the first is chosen where the header leaves it open.
    """
    best, best_quality = offered[0], 0.0
    for part in header.split(",")[:20]:
        tag, _, parameter = part.strip().partition(";")
        quality = _quality(parameter)
        language = tag.strip()[:2].lower() if tag.strip() != "*" else offered[0]
        if language in offered and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
