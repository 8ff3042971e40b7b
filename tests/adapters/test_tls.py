"""The development authority: trusted for its names, private, kept while it is good."""

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography import x509

from fallwerk.adapters.addresses import AddressPolicy
from fallwerk.adapters.tls import make_dev_ca
from fallwerk.adapters.webhook_http import WebhookSender
from fallwerk.domain.notification.model import Outcome
from fallwerk.kit.clock import Clock
from tests.support.receiver import Receiver

DAY_US = 86_400_000_000


class Later(Clock):
    def __init__(self, days):
        super().__init__()
        self._days = days

    def system_now_us(self):
        return super().system_now_us() + self._days * DAY_US


def contents(paths):
    return [path.read_bytes() for path in (paths.ca, paths.certificate, paths.key)]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "onboarding.test"])
def test_a_client_that_trusts_the_authority_trusts_the_server(tmp_path, host):
    paths = make_dev_ca(tmp_path / "tls", ["onboarding.test", "*.dev.test"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(paths.certificate, paths.key)

    async def resolve(_host, _port):
        return ["127.0.0.1"]

    async def send(url):
        sender = WebhookSender(policy=AddressPolicy(True), ca_file=paths.ca, resolve=resolve)
        sending = sender.send(url, b"{}", username="", password="", allowed_hosts=("*",), http_allowed=False)
        try:
            return await sending
        finally:
            await sender.close()

    with Receiver(tls=context, name=host) as receiver:
        assert asyncio.run(send(receiver.url)) == Outcome(200)


def test_the_key_is_readable_by_its_owner_only_and_the_authoritys_key_is_nowhere(tmp_path):
    paths = make_dev_ca(tmp_path / "tls")
    assert paths.key.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "tls").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in (tmp_path / "tls").iterdir()) == [
        "ca.pem",
        "certificates.lock",
        "server.key",
        "server.pem",
    ]


def test_the_authority_can_vouch_for_its_names_only(tmp_path):
    ca = x509.load_pem_x509_certificate(make_dev_ca(tmp_path, ["a.test"]).ca.read_bytes())
    constraints = ca.extensions.get_extension_for_class(x509.NameConstraints)
    assert constraints.critical
    assert x509.DNSName("a.test") in constraints.value.permitted_subtrees


def test_good_certificates_are_kept(tmp_path):
    first = contents(make_dev_ca(tmp_path, ["a.test"]))
    assert contents(make_dev_ca(tmp_path, ["a.test"])) == first
    assert contents(make_dev_ca(tmp_path, [], clock=Later(300))) == first


def test_certificates_near_their_end_are_renewed(tmp_path):
    first = contents(make_dev_ca(tmp_path))
    assert contents(make_dev_ca(tmp_path, clock=Later(370))) != first


def test_a_new_name_makes_new_certificates(tmp_path):
    first = contents(make_dev_ca(tmp_path))
    paths = make_dev_ca(tmp_path, ["b.test", "192.168.7.7"])
    assert contents(paths) != first
    named = x509.load_pem_x509_certificate(paths.certificate.read_bytes()).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert named.value.get_values_for_type(x509.DNSName) == ["localhost", "b.test"]
    assert [str(address) for address in named.value.get_values_for_type(x509.IPAddress)] == [
        "127.0.0.1",
        "::1",
        "192.168.7.7",
    ]


def test_a_damaged_missing_foreign_or_open_file_makes_new_certificates(tmp_path):
    paths = make_dev_ca(tmp_path / "tls")
    other = make_dev_ca(tmp_path / "other")

    def open_up():
        paths.key.chmod(0o644)

    for spoil in (
        lambda: paths.ca.write_text("-----BEGIN CERTIFICATE-----"),
        paths.key.unlink,
        lambda: paths.key.write_bytes(other.key.read_bytes()),
        lambda: paths.ca.write_bytes(other.ca.read_bytes()),
        open_up,
    ):
        before = contents(paths) if paths.key.exists() else None
        spoil()
        assert contents(make_dev_ca(tmp_path / "tls")) != before
        assert paths.key.stat().st_mode & 0o777 == 0o600


def test_processes_that_start_at_once_get_the_same_files(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: contents(make_dev_ca(tmp_path)), range(8)))
    assert all(one == found[0] for one in found)
