"""The present schema in an empty database, with the tests' own master key."""

from fallwerk.store.schema import prepare as bring_up_to_date
from fallwerk.store.sealing import MasterKey, Sealer

TEST_KEY = MasterKey(1, bytes(range(32)))
"""Known to the tests, so that they can open what is sealed at rest."""


def prepare(url: str) -> None:
    """Run the migrations and make the keyed hashes' secrets."""
    bring_up_to_date(url, Sealer([TEST_KEY]))
