"""The webhook sender against real sockets on the loopback: good receivers, bad ones, and attackers' names."""

import asyncio
import base64
import ipaddress
import socket
import ssl
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
import trustme
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fallwerk.adapters.addresses import AddressPolicy
from fallwerk.adapters.pinned import SystemResolver
from fallwerk.adapters.tls import make_dev_ca
from fallwerk.adapters.webhook_http import KEPT_CONNECTIONS, LARGEST_ANSWER, WebhookSender
from fallwerk.domain.notification.model import Outcome
from fallwerk.kit.clock import Clock, monotonic_s
from tests.support.receiver import Answer, Manner, Receiver

SANDBOX = AddressPolicy(True)
PRODUCTION = AddressPolicy(False)
BODY = b'{"caseId":"ABCDEFGHIJKL"}'
SHORT_S = 0.3
"""The limit for receivers that are too slow; long enough for a busy machine to answer at once otherwise."""
LONG_S = 30


@pytest.fixture
def receiver():
    with Receiver() as running:
        yield running


@pytest.fixture(params=[asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def run(request):
    """Both event loops: the server runs on uvloop, and its TLS is another implementation."""
    return request.param


@asynccontextmanager
async def sender(**options):
    made = WebhookSender(**{"policy": SANDBOX, "timeout_s": LONG_S, **options})
    try:
        yield made
    finally:
        await made.close()


async def post(made, url, **options):
    given = {"username": "", "password": "", "allowed_hosts": ("*",), "http_allowed": True, **options}
    return await made.send(url, given.pop("body", BODY), **given)


def send(url, *, run=asyncio.run, policy=SANDBOX, timeout_s=LONG_S, ca_file=None, resolve=None, **options):
    """Send one notification by a sender of its own."""

    async def once():
        async with sender(policy=policy, timeout_s=timeout_s, ca_file=ca_file, resolve=resolve) as made:
            return await post(made, url, **options)

    return run(once())


def always(*addresses):
    """A name server that knows one answer."""

    async def resolve(_host, _port):
        return list(addresses)

    return resolve


@pytest.mark.req("D-61")
def test_a_notification_is_a_post_of_json_and_nothing_else(receiver, run):
    assert send(receiver.url + "/x%20y", run=run) == Outcome(200)
    [got] = receiver.wait_for(1)
    assert (got.method, got.path, got.body) == ("POST", "/hook/x%20y", BODY)
    assert got.headers.pop("user-agent").startswith("Fallwerk/")
    assert got.headers == {
        "host": receiver.authority,
        "accept": "*/*",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
    }


@pytest.mark.req("D-62")
def test_basic_authentication_is_sent_if_the_account_has_it(receiver):
    assert send(receiver.url, username="kümmel", password="pass:wörd") == Outcome(200)
    scheme, _, token = receiver.wait_for(1)[0].headers["authorization"].partition(" ")
    assert (scheme, base64.b64decode(token).decode()) == ("Basic", "kümmel:pass:wörd")


@pytest.mark.req("D-64")
@pytest.mark.parametrize("status", [200, 201, 204, 400, 401, 404, 410, 429, 500, 503])
def test_the_status_of_a_complete_answer_is_returned(receiver, status):
    receiver.answer(Answer(status, body=b"" if status == 204 else b"text"))
    assert send(receiver.url) == Outcome(status)


@pytest.mark.req("D-67")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver, status):
    receiver.answer(Answer(status, headers=(("Location", receiver.url + "/elsewhere"),)))
    assert send(receiver.url) == Outcome(status)
    assert [got.path for got in receiver.received] == ["/hook"]


def test_a_cookie_is_not_kept(receiver):
    receiver.answer(Answer(headers=(("Set-Cookie", "a=b"),)))

    async def twice():
        async with sender() as made:
            return [await post(made, receiver.url) for _ in range(2)]

    assert asyncio.run(twice()) == [Outcome(200)] * 2
    assert "cookie" not in receiver.wait_for(2)[1].headers


def test_proxies_of_the_environment_are_not_used(receiver, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(receiver.url) == Outcome(200)


@pytest.mark.req("D-64")
@pytest.mark.parametrize(
    "answer",
    [
        Answer(manner=Manner.HANG),
        Answer(body=b"never", manner=Manner.HANG_AFTER_HEADERS),
        Answer(body=b"x" * 1000, delay_s=SHORT_S / 5, manner=Manner.TRICKLE),
    ],
    ids=lambda answer: answer.manner.value,
)
def test_an_answer_whose_last_byte_is_late_is_a_timeout(receiver, answer, run):
    receiver.answer(answer)
    began_s = monotonic_s()
    assert send(receiver.url, timeout_s=SHORT_S, run=run) == Outcome(error="timeout")
    assert SHORT_S * 0.9 <= monotonic_s() - began_s < SHORT_S + 5


@pytest.mark.req("D-64")
def test_a_trickle_that_ends_in_time_is_good(receiver):
    receiver.answer(Answer(body=b"slow", delay_s=0.01, manner=Manner.TRICKLE))
    assert send(receiver.url) == Outcome(200)


@pytest.mark.req("D-64")
def test_a_receiver_that_takes_connections_and_no_handshake_is_a_timeout(run):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"https://127.0.0.1:{deaf.getsockname()[1]}/"
        assert send(url, timeout_s=SHORT_S, run=run) == Outcome(error="timeout")


@pytest.mark.req("D-64")
def test_time_for_a_name_server_that_is_silent_counts():
    async def silent(_host, _port):
        await asyncio.Event().wait()

    assert send("http://a.test/", resolve=silent, timeout_s=SHORT_S) == Outcome(error="timeout")


@pytest.mark.req("D-64")
def test_nobody_listening_is_no_delivery(run):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        assert send(url, run=run) == Outcome(error="connect failed")


@pytest.mark.parametrize("error", [OSError("unknown"), socket.gaierror(-2, "Name or service not known")])
def test_a_name_that_does_not_resolve_is_no_delivery(error):
    async def resolve(_host, _port):
        raise error

    assert send("http://a.test/", resolve=resolve) == Outcome(error="connect failed")


def test_the_systems_resolver_knows_localhost(receiver):
    assert send(f"http://localhost:{receiver.port}/") == Outcome(200)


def test_a_name_that_the_systems_resolver_cannot_take_is_an_os_error():
    resolver = SystemResolver()
    with pytest.raises(OSError, match="not a host name"):
        asyncio.run(resolver("a" * 64, 80))
    resolver.close()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(manner=Manner.CLOSE), "connection closed"),
        (Answer(manner=Manner.RESET), "connection closed"),
        (Answer(body=b"", manner=Manner.RAW), "connection closed"),
        (Answer(body=b"220 mail.example ESMTP\r\n", manner=Manner.RAW), "bad response"),
        (Answer(body=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", manner=Manner.RAW), "bad response"),
        (Answer(body=b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", manner=Manner.RAW), "bad response"),
        (
            Answer(body=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", manner=Manner.RAW),
            "bad response",
        ),
        (Answer(body=b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n", manner=Manner.RAW), "bad response"),
        (Answer(body=b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 300_000, manner=Manner.RAW), "bad response"),
        (Answer(body=b"HTTP/1.1 200 OK\r\nX: y", manner=Manner.RAW), "bad response"),
        (Answer(body=b"\x00" * 100, manner=Manner.RAW), "bad response"),
    ],
)
def test_what_is_not_an_answer_is_no_delivery(receiver, answer, error):
    receiver.answer(answer)
    assert send(receiver.url) == Outcome(error=error)
    assert receiver.count == 1


def test_an_answer_without_a_length_ends_with_the_connection(receiver):
    receiver.answer(Answer(body=b"HTTP/1.0 200 OK\r\n\r\nuntil the end", manner=Manner.RAW))
    assert send(receiver.url) == Outcome(200)


def test_an_interim_answer_is_passed_over(receiver):
    receiver.answer(
        Answer(body=b"HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", manner=Manner.RAW)
    )
    assert send(receiver.url) == Outcome(200)


def test_a_large_body_is_thrown_away_and_an_endless_one_is_an_error(receiver, run):
    receiver.answer(Answer(body=b"x" * LARGEST_ANSWER), Answer(body=b"x" * (LARGEST_ANSWER + 1)))
    assert send(receiver.url, run=run) == Outcome(200)
    assert send(receiver.url, run=run) == Outcome(error="response too large")


@pytest.mark.req("D-65")
def test_the_allow_list_is_checked_again_when_sending(receiver):
    expected = Outcome(error="refused: host not on allow-list", final=True)
    assert send(receiver.url, allowed_hosts=("other.example",)) == expected
    assert send(receiver.url, allowed_hosts=()) == expected
    assert send(receiver.url, allowed_hosts=(f"127.0.0.1:{receiver.port + 1}",)) == expected
    assert (receiver.count, receiver.connections) == (0, 0)
    assert send(receiver.url, allowed_hosts=(f"127.0.0.1:{receiver.port}",)) == Outcome(200)


@pytest.mark.req("S-14")
def test_http_is_refused_where_the_account_does_not_allow_it(receiver):
    assert send(receiver.url, http_allowed=False) == Outcome(error="refused: http", final=True)
    assert receiver.connections == 0


@pytest.mark.parametrize("url", ["", "x", "http://u:p@127.0.0.1/", "http://0x7f.1/", "http://2130706433/"])
def test_what_is_no_webhook_url_is_refused(url):
    assert send(url) == Outcome(error="refused: not a webhook URL", final=True)


@pytest.mark.req("D-67")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"])
def test_production_refuses_private_addresses_for_good(receiver, host, run):
    url = f"http://{host}:{receiver.port}/"
    assert send(url, policy=PRODUCTION, run=run) == Outcome(error="refused: private address", final=True)
    assert receiver.connections == 0


@pytest.mark.req("D-67")
def test_the_operators_networks_may_be_reached_in_production(receiver):
    policy = AddressPolicy(False, (ipaddress.IPv4Network("127.0.0.0/8"),))
    assert send(receiver.url, policy=policy) == Outcome(200)


@pytest.mark.req("D-67")
@pytest.mark.parametrize("addresses", [["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2a00::1", "::1"]])
def test_one_private_address_among_public_ones_refuses_the_name(receiver, addresses):
    outcome = send(f"http://a.test:{receiver.port}/", policy=PRODUCTION, resolve=always(*addresses))
    assert outcome == Outcome(error="refused: private address", final=True)
    assert receiver.connections == 0


@pytest.mark.req("D-67")
def test_the_connection_goes_to_the_address_that_was_checked_whatever_the_name_says_next(receiver):
    asked = []

    async def rebinding(host, _port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    with_network = AddressPolicy(False, (ipaddress.IPv4Network("127.0.0.1/32"),))
    url = f"http://a.test:{receiver.port}/"

    async def twice():
        async with sender(policy=with_network, resolve=rebinding) as made:
            first = await post(made, url)
            receiver.drop_connections()
            return first, await post(made, url)

    first, second = asyncio.run(twice())
    assert first == Outcome(200)
    assert second == Outcome(error="refused: private address", final=True)
    assert asked == ["a.test", "a.test"]
    assert receiver.received[0].headers["host"] == f"a.test:{receiver.port}"


def test_the_next_address_is_tried_if_one_does_not_answer(receiver):
    # Nobody listens on the other loopback address.
    outcome = send(f"http://a.test:{receiver.port}/", resolve=always("127.0.0.9", "127.0.0.1"))
    assert outcome == Outcome(200)


def test_an_ipv6_receiver_is_reached():
    with Receiver(host="::1") as receiver:
        assert send(receiver.url) == Outcome(200)
        assert receiver.received[0].headers["host"] == f"[::1]:{receiver.port}"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = trustme.CA()
    file = tmp_path_factory.mktemp("ca") / "ca.pem"
    made.cert_pem.write_to_path(file)
    return made, file


def server_side(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    certificate.configure_cert(context)
    return context


def self_signed(directory):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "self")])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(Clock().now() - timedelta(days=1))
        .not_valid_after(Clock().now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    files = directory / "self.pem", directory / "self.key"
    files[0].write_bytes(certificate.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@pytest.mark.req("D-63")
def test_a_certificate_of_a_trusted_authority_is_accepted_and_the_name_is_the_urls(authority, run):
    made, file = authority
    shown = []
    context = server_side(made.issue_cert("hooks.test"))
    context.sni_callback = lambda _socket, name, _context: shown.append(name)
    with Receiver(tls=context, name="hooks.test") as receiver:
        outcome = send(receiver.url, run=run, ca_file=file, resolve=always("127.0.0.1"), http_allowed=False)
        assert outcome == Outcome(200)
        assert receiver.received[0].headers["host"] == receiver.authority
    assert shown == ["hooks.test"]


@pytest.mark.req("D-63")
def test_an_address_in_the_url_is_verified_as_one(authority, run):
    made, file = authority
    with Receiver(tls=server_side(made.issue_cert("127.0.0.1"))) as receiver:
        assert send(receiver.url, run=run, ca_file=file) == Outcome(200)


@pytest.mark.req("D-63")
def test_an_unknown_authority_is_not_accepted(authority, run):
    made, _ = authority
    with Receiver(tls=server_side(made.issue_cert("hooks.test")), name="hooks.test") as receiver:
        outcome = send(receiver.url, run=run, resolve=always("127.0.0.1"))
        assert outcome == Outcome(error="tls failed: unknown issuer")
        assert receiver.count == 0


@pytest.mark.req("D-63")
def test_a_self_signed_certificate_is_not_accepted(tmp_path, run):
    # One server's certificate signs itself; the other presents the authority it made for itself.
    alone, key = self_signed(tmp_path)
    paths = make_dev_ca(tmp_path)
    chain = tmp_path / "chain.pem"
    chain.write_bytes(paths.certificate.read_bytes() + paths.ca.read_bytes())
    for certificate, its_key in ((alone, key), (chain, paths.key)):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, its_key)
        with Receiver(tls=context) as receiver:
            assert send(receiver.url, run=run) == Outcome(error="tls failed: self-signed certificate")
            assert receiver.count == 0


@pytest.mark.req("D-63")
def test_a_certificate_for_another_host_is_not_accepted(authority, run):
    made, file = authority
    with Receiver(tls=server_side(made.issue_cert("other.test")), name="hooks.test") as receiver:
        outcome = send(receiver.url, run=run, ca_file=file, resolve=always("127.0.0.1"))
        assert outcome == Outcome(error="tls failed: wrong host name")
        assert receiver.count == 0


@pytest.mark.req("D-63")
def test_an_expired_certificate_is_not_accepted(authority, run):
    made, file = authority
    yesterday = Clock().now() - timedelta(days=1)
    expired = made.issue_cert("hooks.test", not_before=yesterday - timedelta(days=9), not_after=yesterday)
    with Receiver(tls=server_side(expired), name="hooks.test") as receiver:
        outcome = send(receiver.url, run=run, ca_file=file, resolve=always("127.0.0.1"))
        assert outcome == Outcome(error="tls failed: certificate expired")
        assert receiver.count == 0


def test_a_receiver_that_speaks_no_tls_is_no_delivery(receiver, run):
    assert send(receiver.url.replace("http:", "https:"), run=run) == Outcome(error="tls failed")
    assert receiver.count == 0


def test_connections_are_kept_and_shared_by_the_same_origin_only(receiver):
    async def many():
        async with sender(resolve=always("127.0.0.1")) as made:
            for _ in range(5):
                await post(made, f"http://a.test:{receiver.port}/")
            await post(made, f"http://b.test:{receiver.port}/")

    asyncio.run(many())
    assert [got.connection for got in receiver.wait_for(6)] == [1, 1, 1, 1, 1, 2]


def test_a_kept_connection_that_was_closed_meanwhile_costs_no_attempt(receiver):
    receiver.answer(Answer(then_close=True), 200)

    async def twice():
        async with sender() as made:
            first = await post(made, receiver.url)
            receiver.drop_connections()
            return first, await post(made, receiver.url)

    assert asyncio.run(twice()) == (Outcome(200), Outcome(200))


def test_a_kept_connection_that_closes_under_the_request_is_replaced_once(receiver):
    receiver.answer(200, Answer(manner=Manner.CLOSE), 200)

    async def twice():
        async with sender() as made:
            return [await post(made, receiver.url) for _ in range(2)]

    assert asyncio.run(twice()) == [Outcome(200), Outcome(200)]
    assert [got.connection for got in receiver.wait_for(3)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("manner", "error"), [(Manner.RAW, "bad response"), (Manner.RESET, "connection closed")], ids=["closed", "reset"]
)
def test_a_kept_connection_that_ends_within_an_answer_is_not_replaced(receiver, manner, error):
    receiver.answer(200, Answer(body=b"HTTP/1.1 200 OK\r\nContent-", manner=manner))

    async def twice():
        async with sender() as made:
            return [await post(made, receiver.url) for _ in range(2)]

    assert asyncio.run(twice()) == [Outcome(200), Outcome(error=error)]
    assert receiver.count == 2


def test_a_new_connection_that_closes_is_not_replaced(receiver):
    receiver.answer(200, Answer(manner=Manner.CLOSE), Answer(manner=Manner.CLOSE))

    async def twice():
        async with sender() as made:
            return [await post(made, receiver.url) for _ in range(2)]

    assert asyncio.run(twice()) == [Outcome(200), Outcome(error="connection closed")]
    assert receiver.count == 3


def test_after_a_timeout_the_connection_is_not_used_again(receiver):
    receiver.answer(200, Answer(manner=Manner.HANG), 200)

    async def thrice():
        async with sender(timeout_s=SHORT_S) as made:
            return [await post(made, receiver.url) for _ in range(3)]

    assert asyncio.run(thrice()) == [Outcome(200), Outcome(error="timeout"), Outcome(200)]
    assert [got.connection for got in receiver.wait_for(3)] == [1, 1, 2]


def test_many_at_once_all_arrive_and_only_some_connections_are_kept(receiver, run):
    async def many():
        async with sender() as made:
            outcomes = await asyncio.gather(
                *(post(made, receiver.url, body=b'{"caseId":"%d"}' % number) for number in range(400))
            )
            assert len(made._kept) <= KEPT_CONNECTIONS
            return outcomes

    assert run(many()) == [Outcome(200)] * 400
    assert {got.json["caseId"] for got in receiver.wait_for(400)} == {str(number) for number in range(400)}


def test_a_cancelled_sending_leaves_nothing_open(receiver):
    receiver.answer(Answer(manner=Manner.HANG))

    async def cancel():
        async with sender() as made:
            task = asyncio.create_task(post(made, receiver.url))
            await asyncio.to_thread(receiver.wait_for, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not made._kept
            return await post(made, receiver.url)

    assert asyncio.run(cancel()) == Outcome(200)


@pytest.mark.req("D-63")
def test_an_authority_file_without_a_certificate_is_an_error(tmp_path):
    file = tmp_path / "empty.pem"
    file.write_text("")
    with pytest.raises(ssl.SSLError):
        WebhookSender(policy=SANDBOX, ca_file=file)
