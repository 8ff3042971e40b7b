import base64

import pytest

from fallwerk.dialects.scr.auth import Claim, Unauthenticated, read_basic, verify
from fallwerk.domain.account.model import Credential, ScrClient, ScrSettings


def hashed(secret: str) -> bytes:
    return secret.encode().ljust(32, b"\0")


CLIENT = ScrClient(
    1,
    "1234ABCD",
    ScrSettings(),
    (("data", None),),
    (
        Credential("scr", hashed("new")),
        Credential("scr", hashed("old"), valid_until_us=1000),
        Credential("alive", hashed("looks"), alive_only=True),
    ),
)


def encoded(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


@pytest.mark.req("S-03", "C-10")
@pytest.mark.parametrize(
    ("claim", "client"),
    [
        (None, None),
        (None, CLIENT),
        (Claim("scr", "new"), None),
        (Claim("nobody", "new"), CLIENT),
        (Claim("scr", "wrong"), CLIENT),
        (Claim("scr", "old"), CLIENT),
        (Claim("alive", "new"), CLIENT),
        (Claim("", ""), CLIENT),
        (Claim("scr", "\ud800"), CLIENT),
    ],
)
def test_every_failing_path_hashes_exactly_one_secret(claim, client):
    calls: list[str] = []

    def counting(secret: str) -> bytes:
        calls.append(secret)
        return hashed("" if "\ud800" in secret else secret)

    with pytest.raises(Unauthenticated):
        verify(claim, client, hash_of=counting, now_us=2000)
    assert len(calls) == 1


@pytest.mark.req("S-03", "S-81", "C-01")
@pytest.mark.parametrize(
    ("claim", "now_us", "alive_only"),
    [
        (Claim("scr", "new"), 0, False),
        (Claim("scr", "new"), 5000, False),
        (Claim("scr", "old"), 999, False),
        (Claim("alive", "looks"), 5000, True),
    ],
)
def test_right_credentials_are_taken_also_old_ones_until_their_end(claim, now_us, alive_only):
    calls: list[str] = []
    caller = verify(claim, CLIENT, hash_of=lambda secret: calls.append(secret) or hashed(secret), now_us=now_us)
    assert (caller.client, caller.username, caller.alive_only) == (CLIENT, claim.username, alive_only)
    assert len(calls) == 1


@pytest.mark.req("S-03")
def test_an_old_password_ends_at_its_instant():
    verify(Claim("scr", "old"), CLIENT, hash_of=hashed, now_us=999)
    with pytest.raises(Unauthenticated):
        verify(Claim("scr", "old"), CLIENT, hash_of=hashed, now_us=1000)


@pytest.mark.req("S-03")
def test_a_client_without_credentials_lets_nobody_in():
    empty = ScrClient(1, "1234ABCD", ScrSettings(), (), ())
    # The stand-in for an unknown credential has a hash of zeros; nobody may be let in by meeting it.
    with pytest.raises(Unauthenticated):
        verify(Claim("", ""), empty, hash_of=lambda _: bytes(32), now_us=0)


@pytest.mark.req("S-03")
@pytest.mark.parametrize(
    ("header", "claim"),
    [
        (encoded("Jürgen:pä:ß".encode()), Claim("Jürgen", "pä:ß")),
        (encoded(b"user:"), Claim("user", "")),
        ("bAsIc dTp3", Claim("u", "w")),
        ("Basic   dTp3  ", Claim("u", "w")),
        (None, None),
        ("", None),
        ("Basic", None),
        ("Bearer dTp3", None),
        ("Basic dTp", None),
        ("Basic dT-3", None),
        (encoded(b"nocolon"), None),
        (encoded(b"\xff:x"), None),
    ],
)
def test_credentials_are_base64_of_utf_8_with_a_colon(header, claim):
    assert read_basic(header) == claim
