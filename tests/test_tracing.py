"""Traces of the whole system: every layer that a request or a notification passes stands in them (C-07)."""

import asyncio
import base64
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fallwerk.app import create_app
from fallwerk.kit import tracing
from fallwerk.kit.shared import SharedState
from fallwerk.settings import load_settings
from tests.api.conftest import RECIPIENT
from tests.support.receiver import Receiver
from tests.support.schema import TEST_KEY
from tests.support.server import ADMIN

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DEMO = ("demo-scr", "demo-scr-password")


@pytest.fixture
def exporter() -> Iterator[InMemorySpanExporter]:
    made = InMemorySpanExporter()
    tracing.configure("http://127.0.0.1:4318", version="1", exporter=made)
    yield made
    tracing.shutdown()


@asynccontextmanager
async def running(app):
    """Start and stop an application as a server does."""
    arriving: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    leaving: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    life = asyncio.create_task(app({"type": "lifespan", "state": {}}, arriving.get, leaving.put))
    await arriving.put({"type": "lifespan.startup"})
    assert (await leaving.get())["type"] == "lifespan.startup.complete"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client
    await arriving.put({"type": "lifespan.shutdown"})
    assert (await leaving.get())["type"] == "lifespan.shutdown.complete"
    await life


def traced(database_url: str, folder: Path, talk) -> None:
    """Let `talk` speak with a system in this process."""
    settings = load_settings(
        {}, data_dir=folder, database_url=database_url, master_key=f"{TEST_KEY.key_id}:{secret()}", port=8080
    )

    async def main() -> None:
        async with running(create_app(settings, SharedState())) as client:
            await talk(client)

    asyncio.run(main())


def secret() -> str:
    return base64.b64encode(TEST_KEY.secret).decode()


def way_up(spans: list[ReadableSpan], span: ReadableSpan) -> list[str]:
    """Name a span and those around it, outermost first."""
    by_id = {one.context.span_id: one for one in spans}
    names = [span.name]
    while span.parent is not None and span.parent.span_id in by_id:
        span = by_id[span.parent.span_id]
        names.insert(0, span.name)
    return names


def commits(spans: list[ReadableSpan], root: str) -> list[list[str]]:
    """List the ways to the commits below spans of a name."""
    ways = [way_up(spans, span) for span in spans if span.name == "commit"]
    return [way for way in ways if way[0] == root]


@pytest.mark.req("C-07")
def test_a_start_is_traced_through_every_layer_under_its_callers_span(database_url, tmp_path, exporter):
    async def talk(client):
        url = "/api/scr/v1/1234ABCD/cases"
        response = await client.post(
            url, json={"customData": {"custom1": "x"}}, auth=DEMO, headers={"traceparent": PARENT}
        )
        assert response.status_code == 201

    traced(database_url, tmp_path, talk)
    spans = list(exporter.get_finished_spans())
    assert commits(spans, "http") == [["http", "service", "store", "commit"]]
    of_caller = [span for span in spans if format(span.context.trace_id, "032x") == PARENT.split("-")[1]]
    outermost = next(span for span in of_caller if span.name == "http")
    assert format(outermost.parent.span_id, "016x") == PARENT.split("-")[2]
    service = next(span for span in of_caller if span.name == "service")
    assert service.attributes == {"operation": "startCase"}
    for inner in of_caller:
        assert outermost.start_time <= inner.start_time <= inner.end_time <= outermost.end_time


@pytest.mark.req("C-07")
def test_callers_who_share_a_commit_each_see_it_in_their_own_trace(database_url, tmp_path, exporter):
    async def talk(client):
        url = "/api/scr/v1/1234ABCD/cases"
        answers = await asyncio.gather(*(client.post(url, auth=DEMO) for _ in range(20)))
        assert {answer.status_code for answer in answers} == {201}

    traced(database_url, tmp_path, talk)
    spans = list(exporter.get_finished_spans())
    assert commits(spans, "http") == [["http", "service", "store", "commit"]] * 20
    shared = [span.attributes["transactions"] for span in spans if span.name == "commit"]
    assert max(shared) > 1
    assert len({span.context.trace_id for span in spans if span.name == "commit"}) == 20


@pytest.mark.req("C-07")
def test_a_notification_is_traced_from_the_outbox_to_the_commit_of_its_outcome(database_url, tmp_path, exporter):
    async def talk(client):
        order = {"clientId": "1234ABCD", "orderData": {"processData": {"webHookUrl": receiver.url}}, **RECIPIENT}
        headers = {**ADMIN, "Content-Type": "application/x-ndjson"}
        request = client.build_request("POST", "/admin/v1/delivery-orders", json=order, headers=headers)
        assert (await client.send(request)).json()["rejected"] == []
        await asyncio.to_thread(receiver.wait_for, 1)

    with Receiver() as receiver:
        traced(database_url, tmp_path, talk)
    spans = list(exporter.get_finished_spans())
    assert ["webhook", "store", "commit"] in commits(spans, "webhook")
    assert ["http", "service", "store", "commit"] in commits(spans, "http")


@pytest.mark.req("C-07")
def test_a_worker_that_finds_nothing_to_do_leaves_no_traces(database_url, tmp_path, exporter):
    async def talk(client):
        await asyncio.to_thread(exporter.clear)
        # Long enough for the worker's first look and its first beat.
        for _ in range(20):
            assert (await client.get("/healthz")).status_code == 200

    traced(database_url, tmp_path, talk)
    assert {span.name for span in exporter.get_finished_spans()} == {"http"}
