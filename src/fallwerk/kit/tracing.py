"""
Traces, if the operator wants them: one span per layer (http, service, store, commit, webhook).

Without `configure`, or without the extra `fallwerk[otel]`, a span costs a function call.
"""

import importlib
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final

_NO_SPAN: Final = nullcontext()
_tracer: Any = None
_provider: Any = None
_api: Any = None
"""The module `opentelemetry.trace`, while there is a tracer."""


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
    global _tracer, _provider, _api  # noqa: PLW0603 - one tracer per process, and asking for it must cost nothing
    try:
        _api = importlib.import_module("opentelemetry.trace")
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


def below(name: str, **attributes: str | float | bool) -> AbstractContextManager[object]:
    """Time the block as a span inside another one; without one it is not recorded: nobody traces a polling worker."""
    if _tracer is None or not _is_recorded(None):
        return _NO_SPAN
    return span(name, **attributes)


def each(name: str, parents: Iterable[object], **attributes: str | float | bool) -> AbstractContextManager[object]:
    """
    Time the block for several callers at once, as a span in the trace of each that has one.

    Args:
        parents: What `here` returned to each caller; not looked at while nothing is traced.
    """
    return _NO_SPAN if _tracer is None else _each(_tracer, name, parents, attributes)


@contextmanager
def _each(tracer: Any, name: str, parents: Iterable[object], attributes: dict[str, Any]) -> Iterator[None]:  # noqa: ANN401 - optional
    spans = [tracer.start_span(name, context=one, attributes=attributes) for one in parents if _is_recorded(one)]
    try:
        yield
    finally:
        for started in spans:
            started.end()


def _is_recorded(context: object) -> bool:
    """Tell whether a context (None: the present one) is inside a span."""
    return bool(_api.get_current_span(context).get_span_context().is_valid)


def here() -> object:
    """Return the present span's context, to go on with in another thread; None while nothing is traced."""
    return None if _tracer is None else importlib.import_module("opentelemetry.context").get_current()


def remote(traceparent: str | None) -> object:
    """Return the context that a caller's `traceparent` header names (W3C Trace Context); None without one."""
    if _tracer is None or not traceparent:
        return None
    propagation = importlib.import_module("opentelemetry.trace.propagation.tracecontext")
    return propagation.TraceContextTextMapPropagator().extract({"traceparent": traceparent})
