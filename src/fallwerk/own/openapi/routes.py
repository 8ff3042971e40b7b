"""
The interface descriptions, for programs and for people (C-06).

`/openapi/{api}.json` and `.yaml` are the documents, `/openapi/{api}` shows one, `/openapi/` lists them. What renders
them is imported when it is first needed: loading the libraries takes a tenth of a second, and no start waits for it.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fallwerk.kit.pages import HEADERS, Pages

if TYPE_CHECKING:
    from fallwerk.own.openapi.views import DocumentView

FOLDER: Final = Path(__file__).parent
JSON: Final = "application/json"
YAML: Final = "application/yaml"
SHORT: Final = {"Cache-Control": "public, max-age=300"}

Document = Callable[[], Mapping[str, Any]]
"""Makes an OpenAPI document; called once, when it is first asked for."""


@dataclass
class _Rendered:
    """A document with its forms, each made when it is first asked for."""

    make: Document

    @cached_property
    def document(self) -> Mapping[str, Any]:
        return self.make()

    @cached_property
    def view(self) -> "DocumentView":
        from fallwerk.own.openapi.views import document_view  # noqa: PLC0415 - see the module

        return document_view(self.document)

    @cached_property
    def as_json(self) -> bytes:
        return orjson.dumps(self.document, option=orjson.OPT_INDENT_2)

    @cached_property
    def as_yaml(self) -> bytes:
        from fallwerk.own.openapi.yaml_text import yaml_of  # noqa: PLC0415 - see the module

        return yaml_of(self.as_json)


def routes(documents: Mapping[str, Document]) -> list[Route]:
    """
    Return the routes under `/openapi`.

    Args:
        documents: By the name that their addresses carry, such as `scr_start`.
    """
    return _Descriptions(documents).routes()


class _Descriptions:
    """The handlers are plain functions, which run in threads: making a document takes some hundredths of a second."""

    def __init__(self, documents: Mapping[str, Document]) -> None:
        self._documents = {name: _Rendered(make) for name, make in documents.items()}
        self._pages = Pages(FOLDER, "/static/openapi")
        self._shown: dict[str, bytes] = {}

    def routes(self) -> list[Route]:
        return [
            self._pages.files.route(),
            Route("/openapi", self._index, methods=["GET"]),
            Route("/openapi/", self._index, methods=["GET"]),
            Route("/openapi/{api}.json", self._json, methods=["GET"]),
            Route("/openapi/{api}.yaml", self._yaml, methods=["GET"]),
            Route("/openapi/{api}", self._page, methods=["GET"]),
            Route("/openapi/{api}/", self._page, methods=["GET"]),
        ]

    def _index(self, _request: Request) -> Response:
        views = {name: rendered.view for name, rendered in self._documents.items()}
        return self._pages.answer("index.html", headers=SHORT, documents=views)

    def _json(self, request: Request) -> Response:
        found = self._documents.get(request.path_params["api"])
        return self._missing(request) if found is None else _answer(request, found.as_json, JSON)

    def _yaml(self, request: Request) -> Response:
        found = self._documents.get(request.path_params["api"])
        return self._missing(request) if found is None else _answer(request, found.as_yaml, YAML)

    def _page(self, request: Request) -> Response:
        name = request.path_params["api"]
        found = self._documents.get(name)
        if found is None:
            return self._missing(request)
        if name not in self._shown:
            text = self._pages.text("document.html", api=name, document=found.view, documents=list(self._documents))
            self._shown[name] = text.encode()
        return _answer(request, self._shown[name], "text/html")

    def _missing(self, request: Request) -> Response:
        views = {name: rendered.view for name, rendered in self._documents.items()}
        return self._pages.answer("index.html", 404, documents=views, missing=request.path_params["api"])


def _answer(request: Request, content: bytes, media_type: str) -> Response:
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**HEADERS, **SHORT, "ETag": etag}
    if request.headers.get("if-none-match") == etag:
        return Response(None, 304, headers)
    return Response(content, 200, headers, media_type)
