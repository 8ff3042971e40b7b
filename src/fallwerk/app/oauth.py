"""Partners, their OAuth clients and the token server; what the KEX APIs verify their callers with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fallwerk.app.area import Area, Core
from fallwerk.dialects.held import Held
from fallwerk.dialects.kex.bearer import Bearer, asked
from fallwerk.dialects.kex.keyring import KeyRing
from fallwerk.dialects.kex.tokens import LIFETIME_S, Tokens
from fallwerk.domain.partner.demo import DEMO_PARTNER, seed
from fallwerk.domain.partner.model import KnownClient
from fallwerk.domain.signing.model import DAY_US
from fallwerk.own.token.clients import TokenClients
from fallwerk.own.token.routes import PREFIXES, TokenApi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fallwerk.own.api import Operation

SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Access:
    """How callers of the loan platform are known; shared by the token server and the APIs."""

    ring: KeyRing
    tokens: Tokens
    clients: Held[KnownClient]
    bearer: Bearer


def access(core: Core) -> Access:
    """Compose it."""
    ring = KeyRing(
        core.database,
        core.clock,
        lifetime_us=core.settings.signing_key_days * DAY_US,
        token_lifetime_us=LIFETIME_S * SECOND_US,
    )
    tokens = Tokens(ring, core.clock, core.settings.public_base_url)

    async def look_up(client_id: str) -> KnownClient | None:
        return await core.database.read(lambda uow: uow.partners.known_client(asked(client_id)))

    clients = Held(look_up, generation=lambda: core.shared.generation, fresh_s=core.settings.account_cache_s)
    return Access(ring, tokens, clients, Bearer(tokens, clients, core.clock, core.slowdown))


def area(core: Core, loan_access: Access) -> Area:
    """Compose the area."""
    clients = TokenClients(loan_access.clients, hash_of=core.database.context.hashes.secret, clock=core.clock)
    api = TokenApi(loan_access.ring, loan_access.tokens, clients, core.settings.public_base_url)

    def admin() -> "Sequence[Operation]":
        from fallwerk.own.admin.partners import PartnerAdmin  # noqa: PLC0415 - no start waits for it

        # In production nobody's partner is taken for granted: a client without one gets a partner of its own.
        default_partner = None if core.settings.is_production else DEMO_PARTNER
        return PartnerAdmin(core.database, core.clock, default_partner).operations()

    return Area(mounts=dict.fromkeys(PREFIXES, api), admin=admin, seeds=(seed,))
