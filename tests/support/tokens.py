"""A store of signing keys and clients in memory, for tests of tokens without a server."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from fallwerk.dialects.held import Held
from fallwerk.dialects.kex.bearer import Bearer
from fallwerk.dialects.kex.keyring import KeyRing
from fallwerk.dialects.kex.tokens import LIFETIME_S, Tokens
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.partner.model import SCOPES, ClientSettings, KnownClient, OAuthClient
from fallwerk.domain.signing.model import DAY_US, SigningKey
from fallwerk.kit.clock import Clock
from fallwerk.kit.slowdown import Slowdown

ISSUER = "https://kex.example"
NOW_US = 1_800_000_000_000_000


class SetClock(Clock):
    """A clock that the test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.at_us = NOW_US

    def now_us(self) -> int:
        return self.at_us


@dataclass
class Keys:
    """Signing keys."""

    stored: dict[str, SigningKey] = field(default_factory=dict)
    locks: int = 0

    def keys(self) -> tuple[SigningKey, ...]:
        return tuple(sorted(self.stored.values(), key=lambda key: key.signs_until_us))

    def lock(self) -> None:
        self.locks += 1

    def add(self, key: SigningKey) -> None:
        assert self.locks, "a key is added under the lock only"
        self.stored[key.pair.key_id] = key

    def expire(self, now_us: int) -> None:
        self.stored = {name: key for name, key in self.stored.items() if key.verifies_until_us > now_us}


@dataclass
class Store:
    """Counts the looks that are taken into it."""

    signing_keys: Keys = field(default_factory=Keys)
    clients: dict[str, KnownClient] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    reads: int = 0
    writes: int = 0
    away: bool = False
    generation: int = 0

    @property
    def audit(self) -> Any:
        return self

    def add(self, event: Any) -> None:
        self.events.append(event)

    async def read(self, work: Callable[[Any], Any]) -> Any:
        self.reads += 1
        return self._run(work)

    async def write(self, work: Callable[[Any], Any]) -> Any:
        self.writes += 1
        return self._run(work)

    def _run(self, work: Callable[[Any], Any]) -> Any:
        if self.away:
            raise StoreUnavailable
        return work(self)

    def put(self, client_id: str = "a-client", *, epoch: int = 0, **settings: Any) -> None:
        """Store a client."""
        chosen = replace(ClientSettings(SCOPES), **settings)
        self.clients[client_id] = KnownClient(OAuthClient(7, "ABC12", client_id, chosen, epoch, ()), frozenset({7}))


@dataclass
class Process:
    """What one server process has of the token server."""

    store: Store
    clock: SetClock
    fresh_s: float = 60.0

    def __post_init__(self) -> None:
        self.ring = KeyRing(
            self.store,  # type: ignore[arg-type]
            self.clock,
            lifetime_us=30 * DAY_US,
            token_lifetime_us=LIFETIME_S * 1_000_000,
        )
        self.tokens = Tokens(self.ring, self.clock, ISSUER)

        async def look_up(client_id: str) -> KnownClient | None:
            return await self.store.read(lambda store: store.clients.get(client_id))

        clients = Held(look_up, generation=lambda: self.store.generation, fresh_s=self.fresh_s)
        self.bearer = Bearer(self.tokens, clients, self.clock, Slowdown(sleep=_no_sleep))


async def _no_sleep(_seconds: float) -> None:
    """Tests wait for nothing."""
