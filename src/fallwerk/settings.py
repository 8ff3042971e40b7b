"""
Every setting, read once at start: defaults, then the TOML file, then the environment.

An unsafe production configuration is refused with all its problems at once (control-api.md "Start"; C-09).
"""

import base64
import binascii
import difflib
import ipaddress
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from fallwerk.kit.forms import is_email
from fallwerk.kit.logs import LogLevel
from fallwerk.kit.server_plan import ServerPlan, StartRefused

__all__ = ["ConfigurationRefused", "Settings", "StartRefused", "load_settings"]

PREFIX: Final = "FALLWERK_"
CONFIG_VARIABLE: Final = "FALLWERK_CONFIG"
CONFIG_FILE: Final = Path("fallwerk.toml")
BARE_NAMES: Final = ("PORT", "DATA_DIR", "DATABASE_URL", "WORKERS", "BLOB_URL")
"""Also read without the prefix, which wins where both are set (control-api.md "Start")."""
DEMO_ADMIN_TOKEN: Final = "demo-admin-token"  # noqa: S105 - published demo data, refused in production
MIN_TOKEN_LENGTH: Final = 32

_MIB: Final = 1024 * 1024
_KEY_BYTES: Final = 32
_MAX_KEY_ID: Final = 0xFFFF
_MAX_WORKERS: Final = 64

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ConfigurationRefused(Exception):
    """The settings are wrong or unsafe; `problems` has one sentence for each, without any secret."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def _networks(value: object) -> tuple[Network, ...]:
    """Read a list, or a text with commas as environment variables write lists."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise ValueError("must be addresses or networks")  # noqa: TRY004 - the form that Pydantic collects
    found = []
    for part in filter(None, (str(part).strip() for part in parts)):
        try:
            found.append(ipaddress.ip_network(part))
        except ValueError as error:
            raise ValueError(f"must be addresses or networks, separated by commas ({error})") from None
    return tuple(found)


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _plain_folder(path: Path) -> Path:
    """The folder's name becomes part of URLs."""
    if any(sign in str(path) for sign in "?#%"):
        raise ValueError("must not contain ?, # or %")
    return _absolute(path)


def _database_url(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql://")):
        raise ValueError("must begin with sqlite:/// or postgresql://")
    return url


def _blob_url(url: str) -> str:
    if not url.startswith(("file://", "s3://", "gs://", "az://")):
        raise ValueError("must begin with file://, s3://, gs:// or az://")
    return url


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment):
        raise ValueError("must be an http or https URL without query")
    return url.rstrip("/")


def _keys(keys: SecretStr) -> SecretStr:
    """Check the form only; `store.keys` reads the keys. The message never repeats a part of one."""
    numbers = []
    for part in keys.get_secret_value().replace("\n", ",").split(","):
        number, _, encoded = part.strip().rpartition(":")
        try:
            good = len(base64.b64decode(encoded, validate=True)) == _KEY_BYTES
            numbers.append(int(number) if number else 1)
        except (binascii.Error, ValueError):
            good = False
        if not good or not 1 <= numbers[-1] <= _MAX_KEY_ID:
            raise ValueError("must be id:base64 of 32 bytes, ids 1 to 65535, several separated by commas")
    if len(set(numbers)) != len(numbers):
        raise ValueError("names one id twice")
    return keys


def _ice_urls(value: object) -> tuple[str, ...]:
    """Read a list, or a text with commas as environment variables write lists."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple):
        raise ValueError("must be addresses")  # noqa: TRY004 - the form that Pydantic collects
    found = tuple(filter(None, (str(part).strip() for part in parts)))
    if not all(re.fullmatch(r"(stuns?|turns?):[^\s,/]+", url) for url in found):
        raise ValueError("must be stun:, turn: or turns: addresses, separated by commas")
    return found


Networks = Annotated[tuple[Network, ...], BeforeValidator(_networks)]
File = Annotated[Path, AfterValidator(_absolute)]


def _served_address(values: Mapping[str, Any]) -> str:
    """The address that a browser on this machine uses."""
    scheme = "https" if values["tls_certificate"] else "http"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(values["host"], values["host"])  # noqa: S104 - not a binding
    return f"{scheme}://{f'[{host}]' if ':' in host and '[' not in host else host}:{values['port']}"


class Settings(BaseModel):
    """
    The configuration of one server. Immutable.

    Defaults that depend on other settings are filled in, so every attribute can be used as it is. `load_settings` also
    judges whether the whole is safe.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True)

    mode: Literal["sandbox", "production"] = "sandbox"
    """`sandbox` brings demo data and `/sandbox/v1`; `production` refuses both and every unsafe setting."""
    host: str = "127.0.0.1"
    """Name or address to listen on; `0.0.0.0` or `::` for all."""
    port: int = Field(default=8080, ge=0, le=65535)
    """TCP port to listen on; 0 takes a free one."""
    data_dir: Annotated[Path, AfterValidator(_plain_folder)] = Path("data")
    """Folder of everything that is kept locally; made if missing."""
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        default_factory=lambda data: f"sqlite:///{data['data_dir']}/fallwerk.db"
    )
    """`sqlite:///file` or `postgresql://user:password@host/name`; by default `fallwerk.db` in `data_dir`."""
    workers: int = Field(default=1, ge=1, le=_MAX_WORKERS)
    """Server processes, 1 to 64; more than one on PostgreSQL only."""
    blob_url: Annotated[str, AfterValidator(_blob_url)] = Field(
        default_factory=lambda data: f"file://{data['data_dir']}/blobs"
    )
    """Where documents are kept: `file://`, `s3://`, `gs://` or `az://`; by default `blobs` in `data_dir`."""
    tls_certificate: File | None = None
    """PEM file with the certificate chain; the server then speaks https itself."""
    tls_key: File | None = None
    """PEM file with the certificate's private key."""
    behind_proxy: bool = False
    """A proxy in front terminates TLS; needs `trusted_proxies`."""
    trusted_proxies: Networks = ()
    """Addresses or networks whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed; nobody else's are."""
    public_base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        default_factory=lambda data: _served_address(data) if data["mode"] == "sandbox" else ""
    )
    """Under which URL people reach the server; in the sandbox by default the address served."""
    master_key: Annotated[SecretStr, AfterValidator(_keys)] | None = None
    """Keys that seal personal data, newest first, separated by commas, each `id:base64` of 32 bytes, id 1 to 65535."""
    master_key_file: File | None = Field(
        default_factory=lambda data: (
            data["data_dir"] / "master.key" if data["mode"] == "sandbox" and not data["master_key"] else None
        )
    )
    """File with such keys, one a line; in the sandbox `master.key` in `data_dir`, made at the first start."""
    admin_token: SecretStr = Field(
        default_factory=lambda data: SecretStr(DEMO_ADMIN_TOKEN if data["mode"] == "sandbox" else "")
    )
    """Bearer token of the admin API; in production at least 32 characters of your own."""
    webhook_timeout_s: float = Field(default=3.5, gt=0, le=60)
    """Seconds that one notification may take from connecting to the last byte."""
    webhook_allowed_networks: Networks = ()
    """Private networks that notifications may go to although production refuses private addresses."""
    webhook_ca_file: File | None = None
    """PEM file of further certificate authorities for the receivers of notifications."""
    webhook_source_addresses: Networks = ()
    """Addresses from which notifications come, for clients' firewalls; only shown, in docs and admin API."""
    max_body_bytes: int = Field(default=_MIB, ge=1024, le=64 * _MIB)
    """Bytes that a request body may have."""
    max_document_bytes: int = Field(default=10 * _MIB, ge=1024, le=256 * _MIB)
    """Bytes that an uploaded document may have once its base64 is decoded; more are refused while they are read."""
    keep_alive_s: int = Field(default=75, ge=1, le=3600)
    """Seconds that an idle connection stays open."""
    shutdown_grace_s: int = Field(default=10, ge=0, le=3600)
    """Seconds that requests in flight may take after a stop was asked for."""
    stay_on_processor: bool = True
    """Whether the threads of a server process that take turns stay on one processor, the one that others use least."""
    log_level: LogLevel = "info"
    """Least important level that is logged; requests are logged at `info`."""
    log_format: Literal["auto", "json", "console"] = "auto"
    """`auto` is `console` on a terminal and `json` elsewhere."""
    loop_block_log_ms: float = Field(default=0, ge=0, le=60_000)
    """Milliseconds that a process may be busy with one thing before `loop.blocked` is logged; 0: never looked at."""
    sqlite_readers: int = Field(default=2, ge=1, le=32)
    """Threads that read from SQLite."""
    postgres_pool_size: int = Field(default=10, ge=1, le=200)
    """Connections of each server process to PostgreSQL."""
    worker_enabled: bool = True
    """Whether server processes also do the due work: notifications, expiries, deletions."""
    worker_concurrency: int = Field(default=64, ge=1, le=1000)
    """Pieces of due work that one process does at a time."""
    worker_lease_s: float = Field(default=30, ge=5, le=3600)
    """Seconds after which another process takes over the work of one that died."""
    seal_interval_s: float = Field(default=1, gt=0, le=3600)
    """Seconds between two sealings of audit events into the chain."""
    compaction_delay_s: float = Field(default=21600, ge=0, le=86400)
    """Seconds in which deletions are gathered before freed space is overwritten; writers wait while that is done."""
    account_cache_s: float = Field(default=5, ge=0, le=60)
    """Seconds that a verified account is remembered; changes through this server count at once."""
    signing_key_days: int = Field(default=30, ge=2, le=3650)
    """Days for which a key signs access tokens; the next one is published a day ahead."""
    session_idle_s: float = Field(default=1800, ge=60, le=7 * 86400)
    """Seconds without a request after which somebody at the console is signed out."""
    session_absolute_s: float = Field(default=43200, ge=60, le=30 * 86400)
    """Seconds after signing in at the console after which one must sign in again."""
    journal_bytes: int = Field(default=8 * _MIB, ge=256 * 1024, le=1024 * _MIB)
    """Bytes of memory for the request journal of all processes together."""
    journal_seconds: float = Field(
        default_factory=lambda data: 3600 if data["mode"] == "sandbox" else 300, gt=0, le=86400
    )
    """Seconds that a request stays in the journal; by default 3600 in the sandbox, 300 in production."""
    eid_server_url: Annotated[str, AfterValidator(_base_url)] | None = None
    """Base URL of the eID server that reads identity cards; in the sandbox, without one, a card is played."""
    eid_server_token: SecretStr | None = None
    """Bearer token for the eID server."""
    smtp_host: str | None = None
    """Mail server that takes the mails to people; in the sandbox, without one, they go to `/sandbox/v1/mails`."""
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    """TLS after the greeting, from the first byte, or none; a server without it is never used unencrypted."""
    smtp_port: int = Field(
        default_factory=lambda data: {"starttls": 587, "tls": 465}.get(data["smtp_security"], 25), ge=1, le=65535
    )
    """TCP port of the mail server; by default 587 with `starttls`, 465 with `tls`, 25 with `none`."""
    smtp_username: str | None = None
    """Name to sign in with at the mail server; empty: no sign-in."""
    smtp_password: SecretStr | None = None
    """Password for the mail server."""
    smtp_ca_file: File | None = None
    """PEM file of further certificate authorities for the mail server."""
    smtp_timeout_s: float = Field(default=10, gt=0, le=300)
    """Seconds that one mail may take from connecting to the server's last word."""
    mail_from: str | None = None
    """Address that mails come from; needed with `smtp_host`."""
    sms_gateway_url: Annotated[str, AfterValidator(_base_url)] | None = None
    """URL of the gateway for text messages; in the sandbox, without one, they go to `/sandbox/v1/sms`."""
    sms_gateway_token: SecretStr | None = None
    """Bearer token for the gateway."""
    ice_urls: Annotated[tuple[str, ...], BeforeValidator(_ice_urls)] = ()
    """`stun:`, `turn:` and `turns:` addresses for video calls, separated by commas; `turn` needs `turn_secret`."""
    turn_secret: SecretStr | None = None
    """Secret shared with the TURN server, from which credentials of one hour are made."""
    turn_only: bool = False
    """Send every call through the TURN server, so that neither side learns the other's address."""
    otel_endpoint: str | None = None
    """URL of an OTLP/HTTP collector for traces; needs `fallwerk[otel]`."""

    @property
    def is_production(self) -> bool:
        """Tell whether demo data, `/sandbox/v1` and unsafe targets are refused."""
        return self.mode == "production"

    @property
    def is_sqlite(self) -> bool:
        """Tell whether the database is embedded."""
        return self.database_url.startswith("sqlite:")

    @property
    def sqlite_path(self) -> Path:
        """File of the embedded database."""
        return Path(self.database_url.removeprefix("sqlite:///"))

    def bound_to(self, port: int) -> Self:
        """Return the settings with the port that was really taken, in the address served too."""
        changes: dict[str, object] = {"port": port}
        if "public_base_url" not in self.model_fields_set and not self.is_production:
            changes["public_base_url"] = _served_address({**self.__dict__, "port": port})
        return self.model_copy(update=changes)

    def shown(self) -> dict[str, str]:
        """Every setting as text, secrets masked."""
        return {name: _shown(value) for name, value in self}

    def server_plan(self) -> ServerPlan:
        """Return what the processes need to know before the application exists."""
        return ServerPlan(
            host=self.host,
            port=self.port,
            processes=self.workers,
            tls_certificate=self.tls_certificate,
            tls_key=self.tls_key,
            trusted_proxies=tuple(map(str, self.trusted_proxies)) if self.behind_proxy else (),
            keep_alive_s=self.keep_alive_s,
            grace_s=self.shutdown_grace_s,
            stay_on_processor=self.stay_on_processor,
            journal_bytes=self.journal_bytes,
            log_level=self.log_level,
            log_readable=self.log_format == "console" or (self.log_format == "auto" and sys.stderr.isatty()),
            log_messages=not self.is_production,
        )


def load_settings(environment: Mapping[str, str] = os.environ, **given: object) -> Settings:
    """
    Read file and environment and judge the whole.

    Args:
        given: Settings that beat both, such as options of a command; None counts as not given.

    Raises:
        ConfigurationRefused: with every problem found.
    """
    problems: list[str] = []
    values: dict[str, object] = {}
    named: dict[str, str] = {}
    for source in (_from_file(environment, problems), _from_environment(environment, problems)):
        values |= {name: value for name, (value, _) in source.items()}
        named |= {name: label for name, (_, label) in source.items()}
    values |= {name: value for name, value in given.items() if value is not None}
    settings, wrong = _validated(values)
    found = [*wrong.items(), *((name, text) for name, text in _unsafe(settings) if name not in wrong)]
    problems += [f"{named.get(name, PREFIX + name.upper())}: {text}" for name, text in found]
    if problems:
        raise ConfigurationRefused(problems)
    return settings


def _from_environment(environment: Mapping[str, str], problems: list[str]) -> dict[str, tuple[object, str]]:
    found: dict[str, tuple[object, str]] = {}
    for variable in (*BARE_NAMES, *sorted(name for name in environment if name.startswith(PREFIX))):
        # `make run` hands empty variables on; an empty one is not set.
        if variable == CONFIG_VARIABLE or not environment.get(variable):
            continue
        name = variable.removeprefix(PREFIX).lower()
        if name in Settings.model_fields:
            found[name] = environment[variable], variable
        else:
            problems.append(f"{variable}: unknown setting{_suggestion(name, upper=True)}")
    return found


def _from_file(environment: Mapping[str, str], problems: list[str]) -> dict[str, tuple[object, str]]:
    chosen = environment.get(CONFIG_VARIABLE)
    path = Path(chosen) if chosen else CONFIG_FILE
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        if chosen:
            problems.append(f"{CONFIG_VARIABLE}: there is no file {path}")
        return {}
    except (OSError, ValueError) as error:
        problems.append(f"{path}: cannot be read ({error})")
        return {}
    known = {name: (value, f"{name} in {path}") for name, value in content.items() if name in Settings.model_fields}
    problems += [f"{name} in {path}: unknown setting{_suggestion(name)}" for name in content if name not in known]
    return known


def _suggestion(name: str, *, upper: bool = False) -> str:
    near = difflib.get_close_matches(name.lower(), Settings.model_fields, n=1)
    return f", did you mean {PREFIX + near[0].upper() if upper else near[0]}?" if near else ""


def _validated(values: dict[str, object]) -> tuple[Settings, dict[str, str]]:
    """Settings, those with a wrong value left at their defaults, and what is wrong with each of these."""
    try:
        return Settings(**values), {}
    except ValidationError as error:
        wrong: dict[str, str] = {}
        for fault in error.errors(include_url=False, include_input=False):
            # A default that depends on a wrong setting is no second problem.
            if fault["type"] != "default_factory_not_called":
                wrong.setdefault(str(fault["loc"][0]), fault["msg"].removeprefix("Value error, "))
    return Settings(**{name: value for name, value in values.items() if name not in wrong}), wrong


def _unsafe(settings: Settings) -> Iterator[tuple[str, str]]:
    """Name of the setting to change and what is wrong with it."""
    if settings.is_sqlite and settings.workers > 1:
        yield "workers", "SQLite allows one server process; set DATABASE_URL=postgresql://… for more"
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        yield "tls_key", "tls_certificate and tls_key belong together; one of them is missing"
    if settings.behind_proxy and not settings.trusted_proxies:
        yield "trusted_proxies", "behind_proxy needs the proxies' addresses, else anybody could pretend to be anybody"
    if settings.trusted_proxies and not settings.behind_proxy:
        yield "trusted_proxies", "has no effect unless behind_proxy is true"
    if settings.worker_lease_s <= settings.webhook_timeout_s:
        yield "worker_lease_s", "must be longer than webhook_timeout_s, else two processes send one notification"
    yield from _unsafe_mail(settings)
    yield from _unsafe_calls(settings)
    for name in ("tls_certificate", "tls_key", "webhook_ca_file", "smtp_ca_file"):
        path = getattr(settings, name)
        if path and not os.access(path, os.R_OK):
            yield name, f"cannot read {path}"
    if settings.is_production:
        yield from _unsafe_in_production(settings)


def _unsafe_calls(settings: Settings) -> Iterator[tuple[str, str]]:
    has_turn = any(url.startswith("turn") for url in settings.ice_urls)
    if has_turn and not settings.turn_secret:
        yield "turn_secret", "missing; a turn: address in ice_urls needs the secret of its server"
    if settings.turn_only and not has_turn:
        yield "turn_only", "needs a turn: address in ice_urls, else no call would ever connect"


def _unsafe_mail(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.smtp_host and not is_email(settings.mail_from or ""):
        yield "mail_from", "must be an e-mail address when smtp_host is set"
    if settings.worker_lease_s <= settings.smtp_timeout_s:
        yield "worker_lease_s", "must be longer than smtp_timeout_s, else two processes send one mail"
    if settings.smtp_username and settings.smtp_security == "none":
        yield "smtp_security", "must be starttls or tls with smtp_username, else the password travels in the clear"
    if settings.is_production:
        if settings.smtp_host and settings.smtp_security == "none":
            yield "smtp_security", "must be starttls or tls in production"
        if settings.sms_gateway_url and not settings.sms_gateway_url.startswith("https://"):
            yield "sms_gateway_url", "must begin with https:// in production: codes travel over it"


def _unsafe_in_production(settings: Settings) -> Iterator[tuple[str, str]]:
    if not settings.master_key and not settings.master_key_file:
        yield "master_key", "missing; production needs master_key or master_key_file (FALLWERK_MASTER_KEY_FILE)"
    if not settings.public_base_url:
        yield "public_base_url", "missing; production needs the https URL under which people reach the server"
    elif not settings.public_base_url.startswith("https://"):
        yield "public_base_url", "must begin with https:// in production"
    if not settings.tls_certificate and not settings.behind_proxy:
        yield "tls_certificate", "missing; production needs TLS, or behind_proxy with trusted_proxies"
    if any(network.prefixlen == 0 for network in settings.trusted_proxies):
        yield "trusted_proxies", "must not contain every address there is"
    if settings.eid_server_url and not settings.eid_server_url.startswith("https://"):
        yield "eid_server_url", "must begin with https:// in production: what the card says travels over it"
    token = settings.admin_token.get_secret_value()
    if token == DEMO_ADMIN_TOKEN:
        yield "admin_token", "is the published demo token; production needs your own"
    elif len(token) < MIN_TOKEN_LENGTH:
        yield "admin_token", f"production needs a secret of at least {MIN_TOKEN_LENGTH} characters"


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "•••" if value.get_secret_value() else ""
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    if value is None:
        return ""
    # A database URL carries its password between the user's name and the host, or as a parameter.
    return re.sub(r"(?<=password=)[^&]*", "•••", re.sub(r"(://[^/@:]*):.*@", r"\1:•••@", str(value)))
