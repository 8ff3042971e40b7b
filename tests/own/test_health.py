"""Health, readiness and metrics as a load balancer and a Prometheus server see them."""

import asyncio

import httpx
import pytest
from starlette.applications import Starlette

from fallwerk.kit.metrics import Metrics
from fallwerk.own.health.routes import health_routes


def get(path, *, method="GET", **components):
    async def readiness():
        return components

    async def ask():
        transport = httpx.ASGITransport(Starlette(routes=health_routes(readiness, Metrics())))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path)

    return asyncio.run(ask())


@pytest.mark.req("C-07")
def test_healthz_is_200_although_nothing_is_available():
    answer = get("/healthz", database=False)
    assert (answer.status_code, answer.json()) == (200, {"status": "up"})
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.req("C-07")
def test_readyz_is_200_when_every_component_is_available():
    answer = get("/readyz", database=True, blobstore=True, worker=True)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "components": {"database": True, "blobstore": True, "worker": True},
    }


@pytest.mark.req("C-07")
@pytest.mark.parametrize("missing", ["database", "blobstore", "worker"])
def test_readyz_is_503_when_one_component_is_missing(missing):
    answer = get("/readyz", **{"database": True, "blobstore": True, "worker": True, missing: False})
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    assert answer.json()["components"][missing] is False


@pytest.mark.req("C-07")
def test_metrics_are_prometheus_text():
    answer = get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "fallwerk_due_work_pending 0.0" in answer.text


def test_head_works_where_get_does():
    assert get("/healthz", method="HEAD").status_code == 200
    assert get("/readyz", method="HEAD", database=False).status_code == 503
