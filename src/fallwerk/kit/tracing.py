"""
Traces, if the operator wants them: one span per layer (http, service, store, commit, webhook).

Without `configure`, or without the extra `fallwerk[otel]`, a span costs a function call.
"""

import importlib
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

_NO_SPAN: Final = nullcontext()
_tracer: Any = None
_provider: Any = None


class TracingUnavailable(Exception):
    """Traces are configured, and the optional packages for them are not installed."""


def configure(endpoint: str, *, version: str, exporter: object = None) -> None:
    """
    Send spans to an OTLP/HTTP collector. Call in each process after forking: the exporter runs in a thread.

    Args:
        endpoint: URL of the collector, such as `http://collector:4318`.
        exporter: Another span exporter in place of OTLP.

    Raises:
        TracingUnavailable: `fallwerk[otel]` is not installed.
    """
    global _tracer, _provider  # noqa: PLW0603 - one tracer per process, and asking for it must cost nothing
    try:
        sdk = importlib.import_module("opentelemetry.sdk.trace")
        export = importlib.import_module("opentelemetry.sdk.trace.export")
        resources = importlib.import_module("opentelemetry.sdk.resources")
        if exporter is None:
            otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
            exporter = otlp.OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    except ImportError as error:
        raise TracingUnavailable("traces need the packages of fallwerk[otel]") from error
    resource = resources.Resource.create({"service.name": "fallwerk", "service.version": version})
    _provider = sdk.TracerProvider(resource=resource)
    _provider.add_span_processor(export.BatchSpanProcessor(exporter))
    _tracer = _provider.get_tracer("fallwerk")


def shutdown() -> None:
    """Send what is left and stop; blocks until it is sent, so call it in a thread."""
    global _tracer, _provider
    provider, _tracer, _provider = _provider, None, None
    if provider is not None:
        provider.shutdown()


def enabled() -> bool:
    """Tell whether spans are recorded, for callers whose attributes cost something to compute."""
    return _tracer is not None


def span(name: str, *, parent: object = None, **attributes: str | float | bool) -> AbstractContextManager[object]:
    """
    Time the block as a span. Attributes hold no personal data and no secrets.

    Args:
        parent: What `here` or `remote` returned; by default the span that surrounds the call.
    """
    if _tracer is None:
        return _NO_SPAN
    found: AbstractContextManager[object] = _tracer.start_as_current_span(name, context=parent, attributes=attributes)
    return found


def here() -> object:
    """Return the present span's context, to go on with in another thread; None while nothing is traced."""
    return None if _tracer is None else importlib.import_module("opentelemetry.context").get_current()


def remote(traceparent: str | None) -> object:
    """Return the context that a caller's `traceparent` header names (W3C Trace Context); None without one."""
    if _tracer is None or not traceparent:
        return None
    propagation = importlib.import_module("opentelemetry.trace.propagation.tracecontext")
    return propagation.TraceContextTextMapPropagator().extract({"traceparent": traceparent})
