"""
Results encrypted for a caller who sends a public key: JWE in compact form.

Source: DELIVERY §6.3; D-80 to D-84, decisions 12, 13, 40.

A key is looked at only after its HMAC was found right, so nobody without the data password can make us parse one. Any
`x-scr-` header that is not understood is an error: a typing mistake never turns an encrypted answer into a plain one.
"""

import base64
import binascii
import hmac
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import orjson
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from joserfc import jwe
from joserfc.jwk import RSAKey

from fallwerk.dialects.scr.faults import BadRequest, Fault
from fallwerk.kit.parts import even_parts

MEDIA_TYPE: Final = "application/jose"
KEY: Final = "x-scr-key"
KEY_HASH: Final = "x-scr-keyhash"
ALG: Final = "x-scr-alg"
ENC: Final = "x-scr-enc"
RSA_OAEP_256: Final = "RSA-OAEP-256"
A256CBC_HS512: Final = "A256CBC-HS512"

_PREFIX: Final = b"x-scr-"
_NAMES: Final = (KEY, KEY_HASH, ALG, ENC)
_CHOICES: Final = ((ALG, RSA_OAEP_256), (ENC, A256CBC_HS512))
_KEY_BITS: Final = (3072, 4096)
_KEY_BITS_OLD: Final = 2048
# FIPS 186-5 wants more than 2^16; the upper bound keeps an encryption cheap.
_EXPONENTS: Final = range(2**16 + 1, 2**32)
_HASH_BYTES: Final = 32
_KEYS_KEPT: Final = 512
_HEADER: Final = {"alg": RSA_OAEP_256, "enc": A256CBC_HS512}
_HALF_KEY_BYTES: Final = 32
"""Of A256CBC-HS512's key: the first half is the HMAC's, the second the cipher's."""
_BLOCK_BYTES: Final = 16
_OAEP: Final = OAEP(MGF1(SHA256()), SHA256(), None)
_REGISTRY: Final = jwe.JWERegistry(algorithms=(RSA_OAEP_256, A256CBC_HS512))


class UnusableKey(ValueError):
    """The bytes are no RSA key that results may be encrypted to; the message says why."""


@dataclass(frozen=True, slots=True)
class ResultEncryptor:
    """Encrypts answers to one caller's public key; shared between threads."""

    key: RSAKey

    def encrypt(self, plaintext: bytes) -> bytes:
        """
        Return the JWE in compact form; every call has its own content key.

        Takes about 0.12 ms for 1 KB and grows with the size, without letting another thread run: `encrypt_parts` is for
        megabytes.
        """
        return jwe.encrypt_compact(_HEADER, plaintext, self.key, registry=_REGISTRY).encode("ascii")

    def encrypt_parts(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """
        Yield the same of a plaintext that comes in pieces, part by part; other threads run between two parts.

        The library takes a whole plaintext only. RFC 7518 §5.2.5, §4.3.
        """
        protected = _base64url(orjson.dumps(_HEADER))
        content_key, vector = os.urandom(2 * _HALF_KEY_BYTES), os.urandom(_BLOCK_BYTES)
        wrapped = self.key.get_op_key("encrypt").encrypt(content_key, _OAEP)
        yield b"%b.%b.%b." % (protected, _base64url(wrapped), _base64url(vector))
        mac = hmac.new(content_key[:_HALF_KEY_BYTES], protected + vector, "sha512")
        for part in even_parts(_ciphertext(pieces, content_key[_HALF_KEY_BYTES:], vector)):
            mac.update(part)
            yield _base64url(part)
        mac.update((len(protected) * 8).to_bytes(8, "big"))
        yield b"." + _base64url(mac.digest()[:_HALF_KEY_BYTES])


def _ciphertext(pieces: Iterable[bytes], key: bytes, vector: bytes) -> Iterator[bytes]:
    cipher, padding = Cipher(AES256(key), CBC(vector)).encryptor(), PKCS7(8 * _BLOCK_BYTES).padder()
    for part in even_parts(pieces):
        yield cipher.update(padding.update(part))
    yield cipher.update(padding.finalize()) + cipher.finalize()


def _base64url(content: bytes) -> bytes:
    """Encode without padding, as JOSE does; a part that is no multiple of three is the last one."""
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def reader_from_headers(
    headers: Iterable[tuple[bytes, bytes]], *, data_passwords: Sequence[str], rsa2048_allowed: bool
) -> ResultEncryptor | None:
    """
    Return what the answer is to be encrypted with, None if no `x-scr-` header was sent.

    Source: D-80 to D-83.

    Args:
        headers: As ASGI gives them: names in lower case, repetitions included.
        data_passwords: The client's, older ones included while a rotation overlaps; any of them may have made the HMAC.

    Raises:
        BadRequest: naming the header. A wrong HMAC is reported alone, whatever the key is.
    """
    sent = [(name, value) for name, value in headers if name.startswith(_PREFIX)]
    if not sent:
        return None
    values = _values(sent)
    return _verified(values[KEY], values[KEY_HASH], tuple(data_passwords), rsa2048_allowed=rsa2048_allowed)


@lru_cache(maxsize=_KEYS_KEPT)
def _verified(key: bytes, keyhash: bytes, data_passwords: tuple[str, ...], *, rsa2048_allowed: bool) -> ResultEncryptor:
    """
    Verify a key by its HMAC.

    What was found right once is remembered with the passwords that made it right; a failure never is, so that each
    costs its caller the same work.
    """
    der = _from_base64(key)
    if der is None:
        raise BadRequest(Fault(KEY, "The value must be the base64 text of a SubjectPublicKeyInfo structure."))
    if not _hash_matches(keyhash, (der, key), data_passwords):
        raise BadRequest(Fault(KEY_HASH))
    try:
        return _encryptor(der, rsa2048_allowed=rsa2048_allowed)
    except UnusableKey as fault:
        raise BadRequest(Fault(KEY, str(fault))) from fault


def _values(sent: list[tuple[bytes, bytes]]) -> dict[str, bytes]:
    """Check the headers' form and return their values by name; key and hash are among them."""
    values: dict[str, bytes] = {}
    unknown: list[Fault] = []
    twice: set[str] = set()
    for raw_name, value in sent:
        name = raw_name.decode("latin-1")
        if name not in _NAMES:
            unknown.append(Fault(name, f"Unknown header; known are {', '.join(_NAMES)}."))
        elif name in values:
            twice.add(name)
        values[name] = value.strip(b" \t")
    faults = [Fault(name, "The header is given more than once.") for name in _NAMES if name in twice]
    faults += [
        Fault(name, f"The header is required with {_other(name)}.") for name in (KEY, KEY_HASH) if name not in values
    ]
    faults += [Fault(name, f"The value must be {only}.") for name, only in _CHOICES if _differs(values.get(name), only)]
    if faults or unknown:
        raise BadRequest(*faults, *unknown)
    return values


def _other(missing: str) -> str:
    return "any other x-scr- header" if missing == KEY else KEY


def _differs(value: bytes | None, only: str) -> bool:
    return value is not None and value != only.encode()


def _from_base64(text: bytes) -> bytes | None:
    """
    Decode the standard alphabet; the padding is complete, or missing altogether, as some encoders leave it out.

    Anything else, white space inside and the URL-safe alphabet included, is None.
    """
    stripped = text.rstrip(b"=")
    padding = b"=" * (-len(stripped) % 4)
    if not stripped or text not in {stripped, stripped + padding}:
        return None
    try:
        return base64.b64decode(stripped + padding, validate=True)
    except (binascii.Error, ValueError):
        return None


def _hash_matches(keyhash: bytes, signed: Iterable[bytes], data_passwords: Sequence[str]) -> bool:
    """
    Compare with the HMAC over the key's bytes or its base64 text (decision 13), by every password.

    Every comparison is made and each is constant in time, so that the answer's time tells nothing about any of them.
    """
    given = _from_base64(keyhash) or b""
    matched = False
    for message in signed:
        for password in data_passwords:
            expected = hmac.digest(password.encode(), message, "sha256")
            matched |= hmac.compare_digest(expected, given)
    return matched and len(given) == _HASH_BYTES


@lru_cache(maxsize=_KEYS_KEPT)
def _encryptor(der: bytes, *, rsa2048_allowed: bool) -> ResultEncryptor:
    """Parse a key once; callers use the same one again and again."""
    return ResultEncryptor(RSAKey.import_key(_load(der, rsa2048_allowed=rsa2048_allowed)))


def _load(der: bytes, *, rsa2048_allowed: bool) -> RSAPublicKey:
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise UnusableKey("The key is not a SubjectPublicKeyInfo structure.") from error
    if not isinstance(key, RSAPublicKey):
        raise UnusableKey("The key is not an RSA key.")
    # The loader also takes bare PKCS #1 keys and other encodings of the same numbers; §6.3.3 wants this one.
    if key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) != der:
        raise UnusableKey("The key is not a SubjectPublicKeyInfo structure.")
    allowed = (_KEY_BITS_OLD, *_KEY_BITS) if rsa2048_allowed else _KEY_BITS
    if key.key_size not in allowed:
        raise UnusableKey(f"The key must have {' or '.join(str(bits) for bits in allowed)} bits.")
    numbers = key.public_numbers()
    if numbers.n % 2 == 0 or numbers.e % 2 == 0 or numbers.e not in _EXPONENTS:
        raise UnusableKey("The key's modulus or exponent is not usable.")
    return key
