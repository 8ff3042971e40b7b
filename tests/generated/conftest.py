"""Servers for generated tests: each module has its own, since they order faults and move the clock by years."""

from collections.abc import Iterator

import pytest

from tests.api.conftest import Running, deploy
from tests.support.databases import Databases

ENVIRONMENT = {"FALLWERK_COMPACTION_DELAY_S": "86400"}
"""Rewriting all tables at once after each of a thousand deletions is not what these tests are about."""


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def server(
    request: pytest.FixtureRequest, databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """A running server of one engine."""
    with deploy(databases, tmp_path_factory, request.param, ENVIRONMENT) as running:
        yield running
