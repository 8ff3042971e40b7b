"""Partners of the loan platform, their tree, and the OAuth clients through which their systems call."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from fallwerk.domain.account.model import Credential

SCOPES: Final = (
    "privatkredit:vorgang:schreiben",
    "privatkredit:vorgang:lesen",
    "privatkredit:antrag:schreiben",
)
"""Every scope there is (public-facts.md "Europace authorization")."""


class Edition(StrEnum):
    """Which of the provider's editions of STATUS a client was written against (N-04)."""

    DOCUMENT = "2020"
    LATEST = "2025"


@dataclass(frozen=True, slots=True)
class Partner:
    """
    A tenant of the loan platform; it reaches its own loan cases and those of partners below it (decision 43).

    Attributes:
        partner_id: Five characters `0-9A-Z`.
        parent_id: Partner id of the one above, None at the top.
    """

    tenant_id: int
    partner_id: str
    name: str
    parent_id: str | None = None


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """What may be changed about an OAuth client."""

    scopes: tuple[str, ...]
    edition: Edition = Edition.DOCUMENT
    active: bool = True


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """
    A system that calls in the name of its partner.

    Attributes:
        epoch: Counts the revocations; a token of an earlier epoch is worth nothing.
    """

    tenant_id: int
    partner_id: str
    client_id: str
    settings: ClientSettings
    epoch: int
    credentials: tuple[Credential, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class KnownClient:
    """A client together with the tenants that its partner reaches."""

    client: OAuthClient
    reach: frozenset[int]
