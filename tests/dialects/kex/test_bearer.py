"""Whose token is let in, whose is not, and how often the store is asked (U-02; issue "Token server")."""

import asyncio
import base64
import hmac
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from fallwerk.dialects.kex.bearer import REMEMBERED, Unauthenticated
from fallwerk.dialects.kex.tokens import LIFETIME_S, TokenRefused
from fallwerk.domain.errors import StoreUnavailable
from fallwerk.domain.partner.model import SCOPES
from tests.support.tokens import ISSUER, Process, SetClock, Store

HOUR_US = LIFETIME_S * 1_000_000
SCOPE = SCOPES[0]


@pytest.fixture
def store() -> Store:
    made = Store()
    made.put()
    return made


@pytest.fixture
def process(store: Store) -> Process:
    return Process(store, SetClock())


def run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


async def is_let_in(process: Process, token: str) -> bool:
    try:
        await process.bearer.verify(token)
    except TokenRefused:
        return False
    return True


@pytest.mark.req("U-02")
def test_a_token_is_verified_without_a_look_into_the_store_per_call(process, store):
    async def work() -> None:
        token = await process.tokens.issue("a-client", (SCOPE,), 0)
        caller = await process.bearer.verify(token)
        assert (caller.client.client_id, caller.scopes, caller.reach) == ("a-client", {SCOPE}, {7})
        looks = store.reads + store.writes
        for _ in range(100):
            await process.bearer.verify(token)
        assert store.reads + store.writes == looks

    run(work())


@pytest.mark.req("U-02")
def test_a_token_ends_after_an_hour_and_does_not_begin_before_it_was_issued(process):
    async def work() -> None:
        token = await process.tokens.issue("a-client", (SCOPE,), 0)
        issued_us = process.clock.at_us
        for at_us, good in ((0, True), (HOUR_US - 1_000_000, True), (HOUR_US, False), (-1_000_000, False)):
            process.clock.at_us = issued_us + at_us
            assert await is_let_in(process, token) is good
            assert await is_let_in(Process(process.store, process.clock), token) is good

    run(work())


def forged(process: Process) -> dict[str, Callable[[str, str, dict[str, Any]], str]]:
    """Ways to make a token that is none of ours, each of a good token's key id, header and claims."""
    strange = ECKey.generate_key("P-256")
    key = process.ring._known[next(iter(process.ring._known))].private

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    def signed(header: dict[str, Any], claims: dict[str, Any], by: Any = key) -> str:
        return jwt.encode({"alg": "ES256", "typ": "at+jwt", **header}, claims, by)

    def with_hmac(kid: str, _token: str, claims: dict[str, Any]) -> str:
        content = f"{part({'alg': 'HS256', 'kid': kid, 'typ': 'at+jwt'})}.{part(claims)}"
        mac = hmac.digest(key.as_pem(private=False), content.encode(), "sha256")
        return f"{content}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"

    return {
        "unsigned": lambda kid, token, claims: (
            f"{part({'alg': 'none', 'kid': kid, 'typ': 'at+jwt'})}.{token.split('.')[1]}."
        ),
        "signed by nobody we know": lambda kid, token, claims: signed({"kid": kid}, claims, strange),
        "of an unknown key": lambda kid, token, claims: signed({"kid": "unknown"}, claims, strange),
        "without a key": lambda kid, token, claims: signed({}, claims),
        "keyed with our public key": with_hmac,
        "of another type": lambda kid, token, claims: signed({"kid": kid, "typ": "JWT"}, claims),
        "of another issuer": lambda kid, token, claims: signed(
            {"kid": kid}, {**claims, "iss": "https://other.example"}
        ),
        "for another audience": lambda kid, token, claims: signed({"kid": kid}, {**claims, "aud": "other"}),
        "changed": lambda kid, token, claims: ".".join(
            [token.split(".")[0], part({**claims, "client_id": "b-client"}), token.split(".")[2]]
        ),
        "cut off": lambda kid, token, claims: token[:-4],
        "in two parts": lambda kid, token, claims: token.rpartition(".")[0],
        "not base64": lambda kid, token, claims: "ä.ö.ü",
        "a header that is no object": lambda kid, token, claims: f"{part([1])}.{part({})}.AAAA",
        "deeply nested": lambda kid, token, claims: (
            base64.urlsafe_b64encode(b"[" * 1500 + b"]" * 1500).decode().rstrip("=") + ".e30.AAAA"
        ),
        "endless": lambda kid, token, claims: token + "A" * 5000,
        "nothing": lambda kid, token, claims: "",
    }


FORGERIES = (
    "unsigned",
    "signed by nobody we know",
    "of an unknown key",
    "without a key",
    "keyed with our public key",
    "of another type",
    "of another issuer",
    "for another audience",
    "changed",
    "cut off",
    "in two parts",
    "not base64",
    "a header that is no object",
    "deeply nested",
    "endless",
    "nothing",
)


@pytest.mark.req("U-02")
@pytest.mark.parametrize("way", FORGERIES)
def test_a_token_that_is_not_ours_is_refused(process, store, way):
    store.put("b-client")

    async def work() -> None:
        token = await process.tokens.issue("a-client", (SCOPE,), 0)
        assert await is_let_in(process, token)
        header, claims, _ = (
            json.loads(base64.urlsafe_b64decode(p + "==")) if n < 2 else p for n, p in enumerate(token.split("."))
        )
        assert claims["iss"] == ISSUER
        assert not await is_let_in(process, forged(process)[way](header["kid"], token, claims))

    run(work())


@pytest.mark.req("U-02")
def test_a_revoked_client_s_tokens_stop_in_every_process_that_hears_of_it(process, store):
    async def work() -> None:
        other = Process(store, process.clock)
        token = await process.tokens.issue("a-client", (SCOPE,), 0)
        assert await is_let_in(process, token)
        assert await is_let_in(other, token)
        for change in ({"active": False}, {"epoch": 1}):
            store.put(**change)
            store.generation += 1
            assert not await is_let_in(process, token)
            assert not await is_let_in(other, token)
        store.put()
        store.generation += 1
        assert await is_let_in(process, token)
        store.clients.clear()
        store.generation += 1
        assert not await is_let_in(process, token)

    run(work())


@pytest.mark.req("U-02")
def test_a_process_on_another_machine_hears_of_it_when_what_it_knows_is_no_longer_fresh(store):
    async def work() -> None:
        far = Process(store, SetClock(), fresh_s=0.0)
        token = await far.tokens.issue("a-client", (SCOPE,), 0)
        assert await is_let_in(far, token)
        store.put(active=False)
        assert not await is_let_in(far, token)

    run(work())


@pytest.mark.req("U-02")
def test_a_scope_that_was_taken_from_the_client_is_gone_from_its_tokens(process, store):
    async def work() -> None:
        token = await process.tokens.issue("a-client", SCOPES, 0)
        assert (await process.bearer.verify(token)).scopes == set(SCOPES)
        store.put(scopes=(SCOPES[1],))
        store.generation += 1
        assert (await process.bearer.verify(token)).scopes == {SCOPES[1]}

    run(work())


def test_while_the_store_is_away_who_was_let_in_lately_still_is(process, store):
    async def work() -> None:
        token = await process.tokens.issue("a-client", (SCOPE,), 0)
        assert await is_let_in(process, token)
        store.away = True
        store.generation += 1
        assert await is_let_in(process, token)
        with pytest.raises(StoreUnavailable):
            await Process(store, process.clock).bearer.verify(token)

    run(work())


def test_the_memory_of_tokens_is_bounded(process):
    async def work() -> None:
        for _ in range(REMEMBERED // 64):
            await process.bearer.verify(await process.tokens.issue("a-client", (SCOPE,), 0))
        for number in range(REMEMBERED):
            process.bearer._remember(str(number), next(iter(process.bearer._claims.values())))
        assert len(process.bearer._claims) == REMEMBERED

    run(work())


@pytest.mark.req("C-10")
def test_unknown_keys_make_the_process_look_once_a_second_at_most(process, store):
    async def work() -> None:
        await process.tokens.issue("a-client", (SCOPE,), 0)
        before = store.reads
        key = ECKey.generate_key("P-256")
        for number in range(50):
            token = jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": str(number)}, {}, key)
            assert not await is_let_in(process, token)
        assert store.reads - before <= 2

    run(work())


@pytest.mark.req("U-02")
def test_a_request_without_one_bearer_token_has_none(process):
    async def work() -> None:
        good = b"Bearer " + (await process.tokens.issue("a-client", (SCOPE,), 0)).encode()
        assert (await process.bearer.authenticate([(b"authorization", good)], "")).client.client_id == "a-client"
        lower = good.replace(b"Bearer", b"bearer")
        assert (await process.bearer.authenticate([(b"authorization", lower)], "")).client.client_id == "a-client"
        for headers, presented in (
            ([], False),
            ([(b"authorization", good)] * 2, False),
            ([(b"authorization", b"Basic eDp5")], False),
            ([(b"authorization", good[7:])], False),
            ([(b"authorization", b"Bearer")], True),
            ([(b"authorization", b"Bearer \xff")], True),
        ):
            with pytest.raises(Unauthenticated) as refused:
                await process.bearer.authenticate(headers, "192.0.2.7")
            assert refused.value.presented is presented

    run(work())
