"""DELIVERY: results encrypted for the key of the caller (D-80 to D-84)."""

import base64
import hmac
import json
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from tests.api.conftest import NDJSON, RECIPIENT, TO_DELIVERY, httpx_ndjson
from tests.jose.node import decrypt_with_node
from tests.support.scr import CASE_UNKNOWN, NOT_VALID, bad

SPKI = PublicFormat.SubjectPublicKeyInfo


@pytest.fixture(scope="module")
def keys() -> dict[int, rsa.RSAPrivateKey]:
    return {bits: rsa.generate_private_key(65537, bits) for bits in (2048, 3072, 4096)}


def der_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: PublicFormat = SPKI) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, form)


def pem_of(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def headers_for(der: bytes, data_password: str, *, over_text: bool = False, **changes: str | None) -> dict[str, str]:
    text = base64.b64encode(der)
    digest = hmac.digest(data_password.encode(), text if over_text else der, "sha256")
    found = {"key": text.decode(), "keyhash": base64.b64encode(digest).decode(), **changes}
    return {f"x-scr-{name}": value for name, value in found.items() if value is not None}


@cache
def jwk_of(pem: bytes) -> JWK:
    """Reading a long private key takes a second, so each is read once."""
    return JWK.from_pem(pem)


def decrypted(content: bytes, key: rsa.RSAPrivateKey) -> bytes:
    token = JWE()
    token.deserialize(content.decode(), jwk_of(pem_of(key)))
    assert token.jose_header["alg"] == "RSA-OAEP-256"
    assert token.jose_header["enc"] == "A256CBC-HS512"
    return token.payload


def case_of(account) -> str:
    case_id = account.order({"customData": {"custom1": "Grüße 🦊"}})
    account.walk(case_id, *TO_DELIVERY, "rerouted to postoffice")
    assert account.simulate(case_id, "success", postOffice={"city": "Köln"}).status_code == 200
    return case_id


@pytest.mark.req("D-80", "D-81", "D-82")
@pytest.mark.parametrize("bits", [3072, 4096])
def test_every_result_is_encrypted_for_the_key_and_says_what_the_plain_one_says(account, keys, bits):
    case_id = case_of(account)
    for over_text in (False, True):
        headers = headers_for(der_of(keys[bits]), account.data_password, over_text=over_text)
        for path in (f"/cases/delivery/{case_id}", "/cases/delivery", "/cases/delivery?closed=false"):
            plain, response = account.get(path), account.get(path, headers=headers)
            assert plain.headers["content-type"] == "application/json"
            assert (response.status_code, response.headers["content-type"]) == (200, "application/jose")
            assert len(response.content.split(b".")) == 5
            assert decrypted(response.content, keys[bits]) == plain.content
            assert response.content != account.get(path, headers=headers).content


@pytest.mark.req("D-84", "D-83")
def test_a_jose_implementation_that_is_not_python_s_decrypts_it(account, keys):
    case_id = case_of(account)
    named = {"alg": "RSA-OAEP-256", "enc": "A256CBC-HS512"}
    headers = headers_for(der_of(keys[4096]), account.data_password, **named)
    plain = account.get(f"/cases/delivery/{case_id}").content
    response = account.get(f"/cases/delivery/{case_id}", headers=headers)
    plaintext, header = decrypt_with_node(response.content, pem_of(keys[4096]))
    assert plaintext == plain
    assert "Grüße 🦊" in plaintext.decode()
    assert (header["alg"], header["enc"]) == ("RSA-OAEP-256", "A256CBC-HS512")


@pytest.mark.req("D-80", "D-26")
def test_a_long_list_is_encrypted_whole(account, keys):
    order = {"clientId": account.client_id, **RECIPIENT, "release": False}
    answer = account.server.admin("POST", "/delivery-orders", content=httpx_ndjson([order] * 400), headers=NDJSON)
    assert len(answer.json()["accepted"]) == 400
    headers = headers_for(der_of(keys[3072]), account.data_password)
    response = account.get("/cases/delivery?new=true", headers=headers)
    assert len(json.loads(decrypted(response.content, keys[3072]))) == 400


@pytest.mark.req("D-80", "D-20")
def test_errors_stay_plain(account, keys):
    headers = headers_for(der_of(keys[3072]), account.data_password)
    response = account.get("/cases/delivery/ABCDEFGHIJKL", headers=headers)
    assert (response.status_code, response.content) == (404, CASE_UNKNOWN)
    bad(account.get("/cases/delivery?new=x", headers=headers), ("new", "The value must be true or false."))


@pytest.mark.req("D-81")
def test_short_keys_need_the_account_s_permission(server, keys):
    strict = server.account(deliveryActive=True)
    old = server.account(deliveryActive=True, rsa2048Allowed=True)
    der = der_of(keys[2048])
    response = strict.get("/cases/delivery", headers=headers_for(der, strict.data_password))
    bad(response, ("x-scr-key", "The key must have 3072 or 4096 bits."))
    response = old.get("/cases/delivery", headers=headers_for(der, old.data_password))
    assert (response.status_code, decrypted(response.content, keys[2048])) == (200, b"[]")
    response = old.get("/cases/delivery", headers=headers_for(der_of(keys[3072]), old.data_password))
    assert decrypted(response.content, keys[3072]) == b"[]"


@pytest.mark.req("D-81")
def test_anything_that_is_no_rsa_key_is_refused_by_name(account, keys):
    case_id = case_of(account)
    not_spki = "The key is not a SubjectPublicKeyInfo structure."
    der = der_of(keys[3072])
    for wrong, message in (
        (b"no key at all", not_spki),
        (der_of(keys[3072], PublicFormat.PKCS1), not_spki),
        (der + b"\0", not_spki),
        (der[:-10], not_spki),
        (der_of(ec.generate_private_key(ec.SECP256R1())), "The key is not an RSA key."),
        (der_of(rsa.generate_private_key(65537, 1024)), "The key must have 3072 or 4096 bits."),
    ):
        response = account.get(f"/cases/delivery/{case_id}", headers=headers_for(wrong, account.data_password))
        bad(response, ("x-scr-key", message))
    not_base64 = "The value must be the base64 text of a SubjectPublicKeyInfo structure."
    for text in ("!!!", "a b", "-_-_"):
        headers = headers_for(der, account.data_password, key=text)
        bad(account.get(f"/cases/delivery/{case_id}", headers=headers), ("x-scr-key", not_base64))


@pytest.mark.req("D-82")
def test_a_missing_or_wrong_hash_discloses_nothing(account, server, keys):
    case_id = case_of(account)
    der = der_of(keys[3072])
    good = headers_for(der, account.data_password)
    other = server.account(deliveryActive=True)
    for path in (f"/cases/delivery/{case_id}", "/cases/delivery"):
        response = account.get(path, headers={"x-scr-key": good["x-scr-key"]})
        bad(response, ("x-scr-keyhash", "The header is required with x-scr-key."))
        for wrong in (
            headers_for(der, other.data_password)["x-scr-keyhash"],
            headers_for(der_of(keys[4096]), account.data_password)["x-scr-keyhash"],
            headers_for(der, account.password)["x-scr-keyhash"],
            "",
            "x",
            "A" * 43 + "=",
        ):
            response = account.get(path, headers={**good, "x-scr-keyhash": wrong})
            bad(response, ("x-scr-keyhash", NOT_VALID))


@pytest.mark.req("D-82", "D-83")
def test_a_mistyped_header_never_yields_plain_data(account, keys):
    case_id = case_of(account)
    good = headers_for(der_of(keys[3072]), account.data_password)
    needed = "The header is required with any other x-scr- header."
    path = f"/cases/delivery/{case_id}"
    hash_only = {"x-scr-keyhash": good["x-scr-keyhash"]}
    bad(account.get(path, headers=hash_only), ("x-scr-key", needed))
    for name, value in (("x-scr-alg", "RSA-OAEP-256"), ("x-scr-enc", "A256CBC-HS512")):
        response = account.get(path, headers={name: value})
        bad(response, ("x-scr-key", needed), ("x-scr-keyhash", "The header is required with x-scr-key."))
    unknown = "Unknown header; known are x-scr-key, x-scr-keyhash, x-scr-alg, x-scr-enc."
    response = account.get(path, headers={**good, "x-scr-keyHsh": "x"})
    bad(response, ("x-scr-keyhsh", unknown))
    twice = [*good.items(), ("x-scr-key", good["x-scr-key"])]
    bad(account.get(path, headers=twice), ("x-scr-key", "The header is given more than once."))


@pytest.mark.req("D-83")
def test_other_algorithms_are_refused(account, keys):
    good = headers_for(der_of(keys[3072]), account.data_password)
    for name, only, wrongs in (
        ("x-scr-alg", "RSA-OAEP-256", ("RSA-OAEP", "RSA1_5", "rsa-oaep-256", "none", "")),
        ("x-scr-enc", "A256CBC-HS512", ("A256GCM", "A128CBC-HS256", "a256cbc-hs512", "")),
    ):
        for wrong in wrongs:
            response = account.get("/cases/delivery", headers={**good, name: wrong})
            bad(response, (name, f"The value must be {only}."))


@pytest.mark.req("D-82", "C-01")
def test_during_a_rotation_s_overlap_both_data_passwords_count(own_server, keys):
    account = own_server.account(deliveryActive=True)
    rotated = own_server.admin("POST", f"/scr-clients/{account.client_id}/rotate", json={"overlapSeconds": 60}).json()
    auth = (rotated["username"], rotated["password"])
    headers = [headers_for(der_of(keys[3072]), word) for word in (account.data_password, rotated["dataPassword"])]
    assert all(account.get("/cases/delivery", headers=given, auth=auth).status_code == 200 for given in headers)
    own_server.advance(61)
    bad(account.get("/cases/delivery", headers=headers[0], auth=auth), ("x-scr-keyhash", NOT_VALID))
    assert account.get("/cases/delivery", headers=headers[1], auth=auth).status_code == 200
