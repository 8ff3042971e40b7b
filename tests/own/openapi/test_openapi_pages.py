"""The interface descriptions as they are served, to programs and to people."""

import asyncio
import re

import httpx
import pytest
import yaml
from starlette.applications import Starlette

from fallwerk.apis.scr_delivery import openapi as delivery
from fallwerk.apis.scr_start import openapi as start
from fallwerk.own.openapi.routes import routes
from fallwerk.own.openapi.views import shape_of

BASE = "https://ident.example"
MADE = []


def make_start():
    MADE.append("scr_start")
    return start.document(BASE)


APP = Starlette(routes=routes({"scr_start": make_start, "scr_delivery": lambda: delivery.document(BASE)}))


def get(path, method="GET", **headers):
    async def send():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(APP), base_url="http://test") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(send())


@pytest.mark.req("C-06")
@pytest.mark.parametrize(("name", "module"), [("scr_start", start), ("scr_delivery", delivery)])
def test_json_and_yaml_are_the_same_document(name, module):
    as_json, as_yaml = get(f"/openapi/{name}.json"), get(f"/openapi/{name}.yaml")
    assert as_json.headers["content-type"] == "application/json"
    assert as_yaml.headers["content-type"] == "application/yaml"
    assert as_json.json() == module.document(BASE)
    assert yaml.safe_load(as_yaml.text) == as_json.json()
    assert "&id" not in as_yaml.text
    assert "description: |\n" in as_yaml.text


def test_a_document_is_made_once():
    for _ in range(3):
        get("/openapi/scr_start.json")
        get("/openapi/scr_start")
    assert len(MADE) == 1


@pytest.mark.req("C-06")
@pytest.mark.parametrize(("name", "module"), [("scr_start", start), ("scr_delivery", delivery)])
def test_the_page_shows_every_operation_status_parameter_and_schema(name, module):
    page = get(f"/openapi/{name}").text
    document = module.document(BASE)
    for path, item in document["paths"].items():
        for operation in item.values():
            section = page.partition(f'id="{operation["operationId"]}"')[2].partition("</section>")[0]
            assert path in section
            for status in operation["responses"]:
                assert f"<strong>{status}</strong>" in section
            for parameter in operation["parameters"]:
                assert f"<code>{parameter['name']}</code>" in section
    for schema in document["components"]["schemas"]:
        assert f'id="schema-{schema}"' in page


@pytest.mark.parametrize("path", ["/openapi/", "/openapi", "/openapi/scr_start", "/openapi/scr_delivery/"])
def test_pages_work_offline_under_a_strict_policy(path):
    page = get(path)
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", page.text)
    assert re.findall(r"<script[^>]*>[^<]", page.text) == []
    loaded = re.findall(r'(?:src|<link rel="stylesheet" href)="([^"]*)"', page.text)
    assert len(loaded) == 3
    for address in loaded:
        file = get(address)
        assert file.status_code == 200
        assert "immutable" in file.headers["cache-control"]


def test_links_inside_a_page_lead_somewhere():
    page = get("/openapi/scr_delivery").text
    ids = set(re.findall(r'\sid="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids


def test_the_index_lists_every_document():
    page = get("/openapi/").text
    assert 'href="/openapi/scr_start"' in page
    assert 'href="/openapi/scr_delivery.yaml"' in page


@pytest.mark.parametrize("path", ["/openapi/nothing", "/openapi/nothing.json", "/openapi/nothing.yaml"])
def test_an_unknown_name_is_answered_with_those_that_exist(path):
    page = get(path)
    assert page.status_code == 404
    assert "There is no description “nothing" in page.text
    assert 'href="/openapi/scr_start"' in page.text


def test_an_unknown_name_is_shown_as_text():
    page = get("/openapi/%3Cscript%3E")
    assert page.status_code == 404
    assert "<script>" not in page.text


@pytest.mark.parametrize("path", ["/openapi/scr_start", "/openapi/scr_start.json"])
def test_what_a_browser_has_already_is_not_sent_again(path):
    first = get(path)
    again = get(path, **{"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_head_works():
    assert get("/openapi/scr_start.json", method="HEAD").status_code == 200


@pytest.mark.parametrize(
    ("schema", "words", "facts"),
    [
        ({"$ref": "#/components/schemas/OrderData"}, "OrderData", ()),
        ({"type": ["string", "null"], "maxLength": 5}, "string or null", ("at most 5 characters",)),
        (
            {"anyOf": [{"type": "string", "format": "date"}, {"type": ["string", "null"], "maxLength": 0}]},
            "string",
            ("format date", 'null or "" for none'),
        ),
        (
            {"type": "array", "maxItems": 10000, "items": {"type": "string"}},
            "array of string",
            ("at most 10,000 entries",),
        ),
        ({"type": "boolean", "default": True}, "boolean", ("default true",)),
        (
            {"type": "string", "enum": [str(n) for n in range(20)]},
            "string",
            ("one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 … (20 in all)",),
        ),
    ],
)
def test_a_schema_is_put_into_words(schema, words, facts):
    shape = shape_of(schema)
    assert (shape.words, shape.facts) == (words, facts)
