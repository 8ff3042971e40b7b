import base64
import hmac
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from fallwerk.dialects.scr import encryption
from fallwerk.dialects.scr.encryption import ResultEncryptor, reader_from_headers
from fallwerk.dialects.scr.faults import BadRequest, Fault
from fallwerk.kit.parts import PART_BYTES
from tests.jose.node import decrypt_with_node

DATA_PASSWORD = "EAHqr_9NvCw2BuI23$a.0vRsS"
PLAINTEXT = '{"caseId":"KRZ1A8M4UBZZ","custom1":"Grüße 🦊"}'.encode()
VECTORS = json.loads(Path(__file__).parents[2].joinpath("vectors", "x_scr_keyhash.json").read_text())["vectors"]
SPKI = PublicFormat.SubjectPublicKeyInfo


@pytest.fixture(scope="module", params=[3072, 4096])
def private_key(request):
    return rsa.generate_private_key(65537, request.param)


def der_of(key: rsa.RSAPrivateKey, form: PublicFormat = SPKI) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, form)


def pem_of(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def mac(message: bytes, data_password: str = DATA_PASSWORD) -> bytes:
    return base64.b64encode(hmac.digest(data_password.encode(), message, "sha256"))


def headers_for(der: bytes, **changes: bytes | None) -> list[tuple[bytes, bytes]]:
    values = {b"x-scr-key": base64.b64encode(der), b"x-scr-keyhash": mac(der)}
    values |= {b"x-scr-" + name.encode(): value for name, value in changes.items()}
    return [(b"accept", b"*/*"), *((name, value) for name, value in values.items() if value is not None)]


def read(headers, *, data_passwords=(DATA_PASSWORD,), rsa2048_allowed=False) -> ResultEncryptor | None:
    return reader_from_headers(headers, data_passwords=data_passwords, rsa2048_allowed=rsa2048_allowed)


def accepted(headers, **how) -> ResultEncryptor:
    encryptor = read(headers, **how)
    assert encryptor is not None
    return encryptor


def faults_of(headers, **how) -> tuple[Fault, ...]:
    with pytest.raises(BadRequest) as raised:
        read(headers, **how)
    return raised.value.faults


SOME_DER = base64.b64decode(next(vector["key"] for vector in VECTORS if vector["bits"] == 3072))


@pytest.mark.req("D-80")
def test_without_any_header_of_the_dialect_the_answer_is_plain():
    assert read([]) is None
    assert read([(b"authorization", b"Basic x"), (b"x-scrkey", b"x")]) is None


@pytest.mark.req("D-80", "D-84")
def test_node_decrypts_the_answer(private_key):
    encryptor = accepted(headers_for(der_of(private_key)))
    plaintext, header = decrypt_with_node(encryptor.encrypt(PLAINTEXT), pem_of(private_key))
    assert plaintext == PLAINTEXT
    assert header == {"alg": "RSA-OAEP-256", "enc": "A256CBC-HS512"}


@pytest.mark.req("D-80", "D-84")
def test_node_decrypts_a_list_of_megabytes():
    key = rsa.generate_private_key(65537, 3072)
    many = b"[" + b",".join([PLAINTEXT] * 60_000) + b"]"
    encryptor = accepted(headers_for(der_of(key)))
    for token in (encryptor.encrypt(many), b"".join(encryptor.encrypt_parts([many[:7], many[7:]]))):
        plaintext, header = decrypt_with_node(token, pem_of(key))
        assert plaintext == many
        assert header == {"alg": "RSA-OAEP-256", "enc": "A256CBC-HS512"}


@pytest.mark.req("D-80", "D-84")
@pytest.mark.parametrize("size", [1, 15, 16, 17, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 2 * PART_BYTES])
def test_another_python_library_decrypts_what_was_encrypted_in_parts(size):
    key = rsa.generate_private_key(65537, 3072)
    plaintext = bytes(range(256)) * (size // 256 + 1)
    encryptor = accepted(headers_for(der_of(key)))
    token = b"".join(encryptor.encrypt_parts([plaintext[:size]]))
    jwe = JWE(algs=["RSA-OAEP-256", "A256CBC-HS512"])
    jwe.deserialize(token.decode("ascii"), JWK.from_pem(pem_of(key)))
    assert jwe.payload == plaintext[:size]
    assert token.split(b".")[0] == encryptor.encrypt(b"x").split(b".")[0]
    assert token.split(b".")[1:] != b"".join(encryptor.encrypt_parts([plaintext[:size]])).split(b".")[1:]


@pytest.mark.req("D-80", "D-83")
def test_another_python_library_decrypts_the_answer(private_key):
    for extra in ({}, {"alg": b"RSA-OAEP-256"}, {"alg": b"RSA-OAEP-256", "enc": b"A256CBC-HS512"}):
        token = accepted(headers_for(der_of(private_key), **extra)).encrypt(PLAINTEXT)
        assert token.count(b".") == 4
        jwe = JWE(algs=["RSA-OAEP-256", "A256CBC-HS512"])
        jwe.deserialize(token.decode("ascii"), JWK.from_pem(pem_of(private_key)))
        assert jwe.payload == PLAINTEXT


@pytest.mark.req("D-80")
def test_every_answer_has_its_own_content_key():
    encryptor = accepted(headers_for(SOME_DER))
    first, second = encryptor.encrypt(PLAINTEXT).split(b"."), encryptor.encrypt(PLAINTEXT).split(b".")
    assert first[0] == second[0]
    assert all(one != other for one, other in zip(first[1:], second[1:], strict=True))


@pytest.mark.req("D-81", "D-82")
@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector['bits']}-{vector['dataPassword'][:4]}")
@pytest.mark.parametrize("over", ["keyhashOverBytes", "keyhashOverText"])
def test_hashes_made_by_node_are_taken_over_bytes_and_over_text(vector, over):
    headers = [(b"x-scr-key", vector["key"].encode()), (b"x-scr-keyhash", vector[over].encode())]
    passwords = (vector["dataPassword"],)
    assert accepted(headers, data_passwords=passwords, rsa2048_allowed=True)
    if vector["bits"] == 2048:
        assert faults_of(headers, data_passwords=passwords) == (
            Fault("x-scr-key", "The key must have 3072 or 4096 bits."),
        )
    else:
        assert accepted(headers, data_passwords=passwords)


@pytest.mark.req("D-81", "D-82")
def test_base64_padding_may_be_missing():
    key, keyhash = base64.b64encode(SOME_DER), mac(SOME_DER)
    assert keyhash.endswith(b"=")
    assert accepted(headers_for(SOME_DER, key=key.rstrip(b"="), keyhash=keyhash.rstrip(b"=")))
    assert accepted(headers_for(SOME_DER, key=b" " + key + b"\t"))


@pytest.mark.req("D-82")
def test_both_passwords_of_a_rotation_make_good_hashes_and_others_do_not():
    headers = headers_for(SOME_DER, keyhash=mac(SOME_DER, "old one"))
    assert accepted(headers, data_passwords=(DATA_PASSWORD, "old one"))
    assert accepted(headers, data_passwords=("old one", DATA_PASSWORD))
    wrong = (Fault("x-scr-keyhash", "The provided value is not valid."),)
    assert faults_of(headers) == wrong
    assert faults_of(headers, data_passwords=()) == wrong


@pytest.mark.req("D-82")
@pytest.mark.parametrize(
    "keyhash",
    [
        b"",
        b"=",
        b"x",
        b"not base64!",
        mac(SOME_DER, "wrong"),
        mac(SOME_DER + b"x"),
        mac(SOME_DER)[:-4] + b"AAA=",
        mac(SOME_DER)[:20],
        base64.b64encode(base64.b64decode(mac(SOME_DER)) + b"\0"),
        base64.b64decode(mac(SOME_DER)).hex().encode(),
    ],
)
def test_a_wrong_hash_is_refused_by_name(keyhash):
    assert faults_of(headers_for(SOME_DER, keyhash=keyhash)) == (
        Fault("x-scr-keyhash", "The provided value is not valid.", "90005", "incorrect value"),
    )


@pytest.mark.req("D-82")
def test_nothing_is_said_about_a_key_whose_hash_is_wrong(monkeypatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("parsed a key that nobody vouched for")

    monkeypatch.setattr(encryption, "load_der_public_key", never)
    der = b"anything at all"
    (fault,) = faults_of(headers_for(der, keyhash=mac(b"something else")))
    assert fault.key == "x-scr-keyhash"


@pytest.mark.req("D-82")
def test_the_hash_is_compared_in_constant_time_against_every_candidate(monkeypatch):
    compared = []
    real = hmac.compare_digest

    def watched(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return real(one, other)

    monkeypatch.setattr(encryption.hmac, "compare_digest", watched)
    assert accepted(headers_for(SOME_DER), data_passwords=(DATA_PASSWORD, "second"))
    assert len(set(compared)) == len(compared) == 4


@pytest.mark.req("D-82")
@pytest.mark.parametrize("name", [b"x-scr-keyhash", b"x-scr-alg", b"x-scr-enc"])
def test_any_header_without_the_key_is_refused(name):
    value = {b"x-scr-alg": b"RSA-OAEP-256", b"x-scr-enc": b"A256CBC-HS512"}.get(name, mac(SOME_DER))
    faults = faults_of([(name, value)])
    assert faults[0] == Fault("x-scr-key", "The header is required with any other x-scr- header.")


@pytest.mark.req("D-82")
def test_a_key_without_its_hash_is_refused():
    assert faults_of(headers_for(SOME_DER, keyhash=None)) == (
        Fault("x-scr-keyhash", "The header is required with x-scr-key."),
    )


@pytest.mark.req("D-82")
@pytest.mark.parametrize("name", [b"x-scr-kye", b"x-scr-", b"x-scr-key-hash", b"x-scr-k\xfc"])
def test_a_mistyped_header_never_yields_plain_data(name):
    (*_, fault) = faults_of([(name, b"x")])
    assert fault.key == name.decode("latin-1")
    (fault,) = faults_of([*headers_for(SOME_DER), (name, b"x")])
    assert (fault.key, fault.message) == (
        name.decode("latin-1"),
        "Unknown header; known are x-scr-key, x-scr-keyhash, x-scr-alg, x-scr-enc.",
    )


@pytest.mark.req("D-82")
@pytest.mark.parametrize("name", [b"x-scr-key", b"x-scr-keyhash", b"x-scr-alg", b"x-scr-enc"])
def test_a_header_given_twice_is_refused_even_if_both_agree(name):
    headers = headers_for(SOME_DER, alg=b"RSA-OAEP-256", enc=b"A256CBC-HS512")
    assert faults_of([*headers, (name, dict(headers)[name])]) == (
        Fault(name.decode(), "The header is given more than once."),
    )


@pytest.mark.req("D-83")
@pytest.mark.parametrize(
    ("name", "value", "only"),
    [
        ("alg", b"RSA-OAEP", "RSA-OAEP-256"),
        ("alg", b"rsa-oaep-256", "RSA-OAEP-256"),
        ("alg", b"RSA1_5", "RSA-OAEP-256"),
        ("alg", b"", "RSA-OAEP-256"),
        ("enc", b"A256GCM", "A256CBC-HS512"),
        ("enc", b"A128CBC-HS256", "A256CBC-HS512"),
        ("enc", b"\xff", "A256CBC-HS512"),
    ],
)
def test_other_algorithms_are_refused_by_name(name, value, only):
    assert faults_of(headers_for(SOME_DER, **{name: value})) == (Fault(f"x-scr-{name}", f"The value must be {only}."),)


@pytest.mark.req("D-83")
def test_all_faults_of_form_are_named_in_the_documents_order():
    faults = faults_of([(b"x-scr-enc", b"x"), (b"x-scr-alg", b"x"), (b"x-scr-typo", b"")])
    assert [fault.key for fault in faults] == ["x-scr-key", "x-scr-keyhash", "x-scr-alg", "x-scr-enc", "x-scr-typo"]


@pytest.mark.req("D-81")
@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"====",
        b"A",
        b"nope!",
        base64.b64encode(SOME_DER)[:100] + b" " + base64.b64encode(SOME_DER)[100:],
        base64.urlsafe_b64encode(b"\xfb\xff" * 300),
        base64.b64encode(SOME_DER) + b"=",
        "ＡＡＡＡ".encode(),
    ],
)
def test_a_key_that_is_not_base64_is_refused(key):
    (fault,) = faults_of(headers_for(SOME_DER, key=key, keyhash=mac(key)))
    assert fault == Fault("x-scr-key", "The value must be the base64 text of a SubjectPublicKeyInfo structure.")


def rsa_der(n: int, e: int) -> bytes:
    """SubjectPublicKeyInfo of any two numbers, also of those that no library would make."""

    def tlv(tag: int, content: bytes) -> bytes:
        size = len(content)
        long = size.to_bytes(2) if size > 255 else size.to_bytes(1)
        return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | len(long)]) + long) + content

    def integer(value: int) -> bytes:
        return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1))

    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    return tlv(0x30, algorithm + tlv(0x03, b"\0" + tlv(0x30, integer(n) + integer(e))))


MODULUS = 2**3071 + 2**1000 + 1


def test_the_hand_made_structure_is_the_librarys():
    assert accepted(headers_for(rsa_der(MODULUS, 65537)))


SMALL = rsa.generate_private_key(65537, 2048)


@pytest.mark.req("D-81")
@pytest.mark.parametrize(
    ("der", "message"),
    [
        (b"\0", "The key is not a SubjectPublicKeyInfo structure."),
        (SOME_DER[:-1], "The key is not a SubjectPublicKeyInfo structure."),
        (SOME_DER + b"\0", "The key is not a SubjectPublicKeyInfo structure."),
        (der_of(SMALL, PublicFormat.PKCS1), "The key is not a SubjectPublicKeyInfo structure."),
        (pem_of(SMALL), "The key is not a SubjectPublicKeyInfo structure."),
        (
            ec.generate_private_key(ec.SECP384R1()).public_key().public_bytes(Encoding.DER, SPKI),
            "The key is not an RSA key.",
        ),
        (der_of(SMALL), "The key must have 3072 or 4096 bits."),
        (rsa_der(2**1023 + 1, 65537), "The key must have 3072 or 4096 bits."),
        (rsa_der(2**3072 + 1, 65537), "The key must have 3072 or 4096 bits."),
        (rsa_der(2**8191 + 1, 65537), "The key must have 3072 or 4096 bits."),
        (rsa_der(MODULUS, 3), "The key's modulus or exponent is not usable."),
        (rsa_der(MODULUS, 2**32 + 1), "The key's modulus or exponent is not usable."),
        (rsa_der(MODULUS, 2**3000 + 1), "The key's modulus or exponent is not usable."),
    ],
)
def test_any_other_key_is_refused_though_its_hash_is_right(der, message):
    assert faults_of(headers_for(der)) == (Fault("x-scr-key", message),)


@pytest.mark.req("D-81")
@pytest.mark.parametrize(("n", "e"), [(MODULUS - 1, 65537), (MODULUS, 65538), (MODULUS, 1), (MODULUS, 0)])
def test_numbers_that_make_no_rsa_key_are_refused(n, e):
    (fault,) = faults_of(headers_for(rsa_der(n, e)))
    assert fault.key == "x-scr-key"


@pytest.mark.req("D-81")
def test_a_2048_bit_key_is_the_accounts_to_allow_also_after_another_account_used_it():
    headers = headers_for(der_of(SMALL))
    assert accepted(headers, rsa2048_allowed=True)
    (fault,) = faults_of(headers, rsa2048_allowed=False)
    assert fault.key == "x-scr-key"
    assert faults_of(headers_for(rsa_der(2**1023 + 1, 65537)), rsa2048_allowed=True) == (
        Fault("x-scr-key", "The key must have 2048 or 3072 or 4096 bits."),
    )


def test_a_key_is_parsed_once_and_its_hash_is_checked_every_time(monkeypatch):
    der = rsa_der(MODULUS + 2**500, 65537)
    first = accepted(headers_for(der))
    monkeypatch.setattr(encryption, "load_der_public_key", None)
    assert accepted(headers_for(der)) is first
    (fault,) = faults_of(headers_for(der, keyhash=mac(der, "wrong")))
    assert fault.key == "x-scr-keyhash"
