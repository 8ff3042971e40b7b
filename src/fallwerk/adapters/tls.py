"""Certificates for development: a server on this machine that browsers and clients can trust at once."""

import fcntl
import ipaddress
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fallwerk.kit.clock import Clock, from_us

ALWAYS_NAMED: Final = ("localhost", "127.0.0.1", "::1")
VALIDITY: Final = timedelta(days=397)
"""The longest that all browsers accept."""
RENEWED_BEFORE: Final = timedelta(days=30)
SKEW: Final = timedelta(hours=1)
"""Certificates begin earlier, so that a client whose clock is behind accepts them at once."""


@dataclass(frozen=True, slots=True)
class DevCertificates:
    """Where the PEM files are."""

    ca: Path
    """To be trusted by clients."""
    certificate: Path
    key: Path


def make_dev_ca(directory: Path, hostnames: Sequence[str] = (), *, clock: Clock | None = None) -> DevCertificates:
    """
    Make a certificate authority and a server certificate signed by it, or keep those that are there.

    They are made anew if one is missing or damaged, does not fit the others, lacks a name, or ends within 30 days. The
    authority's private key is thrown away: whoever trusts `ca.pem` trusts these very names and nothing that somebody
    signs later. Processes that start at the same moment get the same files.

    Args:
        directory: Made if missing, readable by the owner only.
        hostnames: Names and addresses besides `localhost`, `127.0.0.1` and `::1`.

    Returns:
        `ca.pem`, `server.pem`, and `server.key` with mode 0600.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    paths = DevCertificates(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    names = [_general_name(name) for name in dict.fromkeys((*ALWAYS_NAMED, *hostnames))]
    # Not the sandbox's time: clients check certificates by their own clocks.
    now = from_us((clock or Clock()).system_now_us())
    with _locked(directory / "certificates.lock"):
        if not _usable(paths, names, now):
            _make(paths, names, now)
    return paths


def _make(paths: DevCertificates, names: list[x509.GeneralName], now: datetime) -> None:
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca = _ca_certificate(ca_key, names, now)
    certificate = _server_certificate(key, ca, ca_key, names, now)
    _write(paths.key, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    _write(paths.certificate, certificate.public_bytes(Encoding.PEM), 0o644)
    _write(paths.ca, ca.public_bytes(Encoding.PEM), 0o644)


def _ca_certificate(key: ec.EllipticCurvePrivateKey, names: list[x509.GeneralName], now: datetime) -> x509.Certificate:
    name = _name("Fallwerk development authority")
    return (
        _builder(name, name, key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints([_constraint(name) for name in names], None), critical=True)
        .sign(key, SHA256())
    )


def _server_certificate(
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    names: list[x509.GeneralName],
    now: datetime,
) -> x509.Certificate:
    return (
        _builder(_name("Fallwerk development server"), ca.subject, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now - SKEW + VALIDITY)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _usable(paths: DevCertificates, names: list[x509.GeneralName], now: datetime) -> bool:
    try:
        ca = x509.load_pem_x509_certificate(paths.ca.read_bytes())
        certificate = x509.load_pem_x509_certificate(paths.certificate.read_bytes())
        key = load_pem_private_key(paths.key.read_bytes(), None)
        certificate.verify_directly_issued_by(ca)
        named = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return (
        isinstance(key, ec.EllipticCurvePrivateKey)
        and key.public_key() == certificate.public_key()
        and all(name in list(named) for name in names)
        and all(
            one.not_valid_before_utc <= now <= one.not_valid_after_utc - RENEWED_BEFORE for one in (ca, certificate)
        )
        and paths.key.stat().st_mode & 0o077 == 0
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _constraint(name: x509.GeneralName) -> x509.GeneralName:
    if isinstance(name, x509.IPAddress):
        return x509.IPAddress(ipaddress.ip_network(str(name.value)))
    # A constraint covers the names below it and knows no asterisk.
    return x509.DNSName(str(name.value).removeprefix("*."))


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write(path: Path, content: bytes, mode: int) -> None:
    """Replace a file in one step, with its mode from the first byte on."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
    new.replace(path)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
