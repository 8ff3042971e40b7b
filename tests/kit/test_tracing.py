"""Traces: nothing without a collector; with one, a span per layer under the caller's."""

import threading

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from fallwerk.kit import tracing

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def exported():
    exporter = InMemorySpanExporter()
    tracing.configure("http://127.0.0.1:4318", version="1", exporter=exporter)

    def finished():
        tracing.shutdown()
        return {span.name: span for span in exporter.get_finished_spans()}

    yield finished
    tracing.shutdown()


def test_without_configuration_spans_do_nothing():
    assert not tracing.enabled()
    with tracing.span("http", status=1) as span:
        assert span is None
    assert tracing.here() is None
    assert tracing.remote(PARENT) is None
    tracing.shutdown()


@pytest.mark.req("C-07")
def test_layers_nest_under_the_callers_span(exported):
    with tracing.span("http", parent=tracing.remote(PARENT), operation="start_case"), tracing.span("service"):
        surrounding = tracing.here()

        def elsewhere():
            with tracing.span("commit", parent=surrounding):
                pass

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
    spans = exported()
    assert format(spans["http"].context.trace_id, "032x") == "0af7651916cd43dd8448eb211c80319c"
    assert format(spans["http"].parent.span_id, "016x") == "b7ad6b7169203331"
    assert spans["http"].attributes == {"operation": "start_case"}
    assert spans["service"].parent.span_id == spans["http"].context.span_id
    assert spans["commit"].parent.span_id == spans["service"].context.span_id


@pytest.mark.parametrize("header", [None, "", "nonsense"])
def test_without_a_callers_span_a_new_trace_begins(exported, header):
    with tracing.span("http", parent=tracing.remote(header)):
        pass
    assert exported()["http"].parent is None


def test_missing_packages_are_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(tracing.TracingUnavailable, match=r"fallwerk\[otel\]"):
        tracing.configure("http://127.0.0.1:4318", version="1")
