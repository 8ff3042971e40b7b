"""Accounts: who may call, and how the system behaves for them."""

from dataclasses import dataclass, field
from enum import StrEnum

from fallwerk.domain.identcase.model import Method


class IdentClass(StrEnum):
    """Identification classes of START §1 (S-42)."""

    GWG = "GwG"
    TKG = "TKG"
    STANDARD = "Standard"
    MOBILITY = "Mobility"


@dataclass(frozen=True, slots=True)
class ScrSettings:
    """Settings of one SCR client; the control API's names in snake_case. Periods are whole days of 24 hours."""

    ident_class: IdentClass = IdentClass.STANDARD
    methods: tuple[Method, ...] = (Method.BASIC, Method.VIDEO, Method.PHOTO, Method.EID)
    coupon_active: bool = False
    coupon_max: int = 3
    coupon_file_type: str = "printable"
    accounting_number: str = ""
    validity_days: int = 30
    """The end keeps the local second of the day, Europe/Berlin (decision 21)."""
    retention_days: int = 90
    """Counted from closing, at most 90 (D-50)."""
    webhook_active: bool = False
    webhook_events: tuple[str, ...] = ("started", "rerouted to postoffice", "success", "declined")
    """Status names, or the types `notification` and `final` (D-60)."""
    webhook_retry: bool = True
    webhook_hosts: tuple[str, ...] = ()
    """Allow-list: `host`, `*.host`, either with `:port`, or `*` (D-65)."""
    webhook_http_allowed: bool = False
    webhook_user: str = ""
    webhook_password: str = field(default="", repr=False)
    webhook_reference_id: bool = False
    webhook_custom1: bool = False
    rsa2048_allowed: bool = False
    declined_closes: tuple[Method, ...] = (Method.BASIC, Method.VIDEO, Method.PHOTO, Method.EID)
    delivery_active: bool = False
    mails_user: bool = False
    """Whether the system mails people: where to begin, new pictures wanted, outcomes (S-44, S-49)."""
    reminder_days: int = 0
    """How long before the end of its validity a case's person is reminded by mail; 0: never (W-03)."""
    post_office_days: int = 7
    shipment_wait_days: int = 14
    display_name: str = ""
    ios_scheme: str = "postident"
    package_name: str = "de.deutschepost.postident"
    help_email: str = ""
    help_phone: str = ""
    """Where the portal sends people with questions (W-03)."""
    privacy_notice_de: str = ""
    privacy_notice_en: str = ""
    """What the portal shows; empty: our own words with the client's name (W-02)."""
    consent_text_de: str = ""
    consent_text_en: str = ""
    """What people agree to; empty as above."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A user name with the keyed hash of its generated password; `alive` opens the availability check only (S-81)."""

    username: str
    secret_hash: bytes = field(repr=False)
    alive_only: bool = False
    valid_until_us: int | None = None
    """End of a rotation's overlap; None while it is the current one."""


@dataclass(frozen=True, slots=True)
class ScrClient:
    """A business customer's access to the SCR APIs."""

    tenant_id: int
    client_id: str
    settings: ScrSettings
    data_passwords: tuple[tuple[str, int | None], ...] = field(repr=False)
    """Current first, each with the end of its validity; ends stand only while a rotation overlaps."""
    credentials: tuple[Credential, ...]

    def valid_data_passwords(self, now_us: int) -> tuple[str, ...]:
        """Return the data passwords that count now, current first."""
        return tuple(word for word, end in self.data_passwords if end is None or now_us < end)
