"""Notifications at a real receiver (D-60 to D-68)."""

import json
import ssl
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

import pytest
import trustme

from fallwerk.kit.clock import monotonic_s
from tests.api.conftest import EVERYTHING, NDJSON, RECIPIENT, TO_DELIVERY, Account, basic, deploy, httpx_ndjson
from tests.support.receiver import Answer, Manner, Receiver
from tests.support.scr import nothing_stored, rows, tenant_of

NOTIFIED = ("started", "rerouted to postoffice", "success")
HOST_REFUSED = "refused: host not on allow-list"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


def told(receiver: Receiver, **process: str) -> dict:
    """Order data whose case notifies the receiver."""
    return {"processData": {"webHookUrl": receiver.url, **process}}


def deliveries(account: Account, case_id: str) -> list[dict]:
    response = account.server.sandbox("GET", f"/deliveries?caseId={case_id}")
    assert response.status_code == 200, response.text
    found: list[dict] = response.json()
    return found


def settled(account: Account, case_id: str) -> list[dict]:
    """The deliveries of a case once everything that is due now is done."""
    account.server.advance(0)
    return deliveries(account, case_id)


def whole(account: Account, order: dict, *statuses: str) -> str:
    """Walk a case through everything that notifies."""
    case_id = account.order(order)
    account.walk(case_id, *TO_DELIVERY, *(statuses or NOTIFIED[1:]))
    return case_id


def seconds_between(attempts: list[dict]) -> list[int]:
    times = [datetime.fromisoformat(attempt["at"]) for attempt in attempts]
    return [round((later - earlier).total_seconds()) for earlier, later in pairwise(times)]


def events_of(account: Account, case_id: str) -> list[str]:
    statement = "SELECT event FROM notification WHERE tenant_id = ? AND case_id = ? ORDER BY notification_id"
    return [row["event"] for row in rows(account.server, statement, tenant_of(account), case_id)]


@pytest.mark.req("D-60", "D-61", "D-01")
def test_each_status_that_notifies_is_posted_once_as_json(account, receiver):
    case_id = whole(account, told(receiver))
    found = receiver.wait_for(3)
    entries = settled(account, case_id)
    assert len(receiver.received) == 3
    for notification in found:
        assert (notification.method, notification.path) == ("POST", "/hook")
        assert notification.headers["content-type"] == "application/json"
        assert "authorization" not in notification.headers
        assert notification.body == json.dumps({"caseId": case_id}, separators=(",", ":")).encode()
    assert events_of(account, case_id) == list(NOTIFIED)
    for entry in entries:
        assert (entry["caseId"], entry["url"], entry["status"]) == (case_id, receiver.url, "delivered")
        assert [(attempt["statusCode"], attempt["error"]) for attempt in entry["attempts"]] == [(200, None)]
        assert (entry["body"], entry["nextAttemptAt"]) == ({"caseId": case_id}, None)


@pytest.mark.req("D-60")
def test_a_decline_notifies_and_nothing_else_of_the_way_does(account, receiver):
    case_id = account.order(told(receiver))
    account.walk(case_id, "dmc provided", "packaging announced")
    assert account.simulate(case_id, "incomplete", subStatus=23, subStatusReason=320).status_code == 200
    account.walk(case_id, "packaging announced", "delivery started")
    assert account.simulate(case_id, "declined", subStatus=24, subStatusReason=337).status_code == 200
    receiver.wait_for(2)
    settled(account, case_id)
    assert events_of(account, case_id) == ["started", "declined"]


@pytest.mark.req("D-60")
@pytest.mark.parametrize(
    ("events", "expected"),
    [
        (["final"], ["success"]),
        (["notification"], ["started", "rerouted to postoffice"]),
        (["notification", "final"], list(NOTIFIED)),
        (["rerouted to postoffice"], ["rerouted to postoffice"]),
        (["success", "notification"], list(NOTIFIED)),
        (["declined"], []),
        ([], []),
    ],
    ids=lambda value: "-".join(value) or "none",
)
def test_an_account_is_told_of_the_types_and_statuses_it_asked_for(server, receiver, events, expected):
    account = server.account(**{**EVERYTHING, "webhookEvents": events})
    case_id = whole(account, told(receiver))
    settled(account, case_id)
    assert events_of(account, case_id) == expected
    assert len(receiver.received) == len(expected)


@pytest.mark.req("D-60", "S-14")
def test_an_inactive_webhook_stays_silent_and_so_does_a_case_without_url(server, account, receiver):
    inactive = server.account(**{**EVERYTHING, "webhookActive": False})
    silent = [(inactive, whole(inactive, told(receiver))), (account, whole(account, {}))]
    for owner, case_id in silent:
        assert settled(owner, case_id) == []
    assert receiver.received == []


@pytest.mark.req("S-14", "D-60")
def test_both_urls_are_notified(account, receiver):
    order = {"processData": {"webHookUrl": receiver.url, "webHookUrlPartner": receiver.url + "/partner"}}
    case_id = account.order(order)
    assert sorted(found.path for found in receiver.wait_for(2)) == ["/hook", "/hook/partner"]
    assert [entry["url"] for entry in settled(account, case_id)] == [receiver.url, receiver.url + "/partner"]


@pytest.mark.req("D-61")
def test_reference_and_custom1_are_sent_only_if_configured_and_given(server, receiver):
    given = {"processData": {"webHookUrl": receiver.url, "referenceId": "ref-7"}, "customData": {"custom1": "Größe 🦊"}}
    for reference, custom in ((True, True), (True, False), (False, True), (False, False)):
        account = server.account(**{**EVERYTHING, "webhookReferenceId": reference, "webhookCustom1": custom})
        expected = {**({"referenceId": "ref-7"} if reference else {}), **({"custom1": "Größe 🦊"} if custom else {})}
        for order, more in ((given, expected), (told(receiver), {})):
            receiver.forget()
            case_id = account.order(order)
            (notification,) = receiver.wait_for(1)
            assert notification.json == {"caseId": case_id, **more}


@pytest.mark.req("D-62")
def test_basic_authentication_is_sent_where_it_is_configured(server, receiver):
    account = server.account(**EVERYTHING, webhookUser="hook", webhookPassword="wörd:1")
    account.order(told(receiver))
    (notification,) = receiver.wait_for(1)
    assert notification.headers["authorization"] == basic("hook", "wörd:1")
    assert "rd:1" not in server.process.log()


@pytest.mark.req("D-63")
def test_a_certificate_must_lead_to_a_trusted_authority(databases, tmp_path, tmp_path_factory):
    authority, stranger = trustme.CA(), trustme.CA()
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    environment = {"FALLWERK_WEBHOOK_CA_FILE": str(file)}
    with deploy(databases, tmp_path_factory, "sqlite", environment) as server:
        account = server.account(**{**EVERYTHING, "webhookRetry": False})
        for issuer, name, delivered in (
            (authority, "localhost", True),
            (authority, "other.example", False),
            (stranger, "localhost", False),
        ):
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            issuer.issue_cert(name).configure_cert(context)
            with Receiver(tls=context, name="localhost") as receiver:
                case_id = account.order(told(receiver))
                (entry,) = settled(account, case_id)
                (attempt,) = entry["attempts"]
                assert entry["status"] == ("delivered" if delivered else "failed"), entry
                assert len(receiver.received) == int(delivered)
                if not delivered:
                    assert attempt["statusCode"] is None
                    assert attempt["error"].startswith("tls failed")


@pytest.mark.req("D-64")
def test_retries_come_at_once_after_900_and_after_3600_seconds_and_then_it_failed(own_server, receiver):
    account = own_server.account(**EVERYTHING)
    receiver.default = Answer(503)
    case_id = account.order(told(receiver))
    (entry,) = settled(account, case_id)
    assert (entry["status"], len(entry["attempts"]), len(receiver.received)) == ("pending", 2, 2)
    for wait, attempts, status in ((890, 2, "pending"), (15, 3, "pending"), (3580, 3, "pending"), (25, 4, "failed")):
        own_server.advance(wait)
        (entry,) = deliveries(account, case_id)
        assert (entry["status"], len(entry["attempts"])) == (status, attempts)
    own_server.advance(24 * 3600)
    (entry,) = deliveries(account, case_id)
    assert len(receiver.received) == 4
    assert (entry["status"], entry["nextAttemptAt"]) == ("failed", None)
    assert seconds_between(entry["attempts"]) == [0, 900, 3600]
    assert {attempt["statusCode"] for attempt in entry["attempts"]} == {503}


@pytest.mark.req("D-64")
def test_a_jump_over_several_retries_makes_all_of_them_at_their_times(own_server, receiver):
    account = own_server.account(**EVERYTHING)
    receiver.answer(500, 204, 302)
    case_id = account.order(told(receiver))
    own_server.advance(24 * 3600)
    (entry,) = deliveries(account, case_id)
    assert [attempt["statusCode"] for attempt in entry["attempts"]] == [500, 204, 302, 200]
    assert seconds_between(entry["attempts"]) == [0, 900, 3600]
    assert (entry["status"], entry["nextAttemptAt"]) == ("delivered", None)


@pytest.mark.req("D-64")
def test_without_retry_one_attempt_is_all(server, receiver):
    account = server.account(**{**EVERYTHING, "webhookRetry": False})
    receiver.default = Answer(500)
    case_id = account.order(told(receiver))
    (entry,) = settled(account, case_id)
    assert (entry["status"], len(entry["attempts"]), entry["nextAttemptAt"]) == ("failed", 1, None)


@pytest.mark.req("D-64")
def test_an_answer_may_take_three_and_a_half_seconds_from_connecting_to_its_last_byte(deployed, receiver):
    server = deployed("sqlite")
    account = server.account(**{**EVERYTHING, "webhookRetry": False})
    began = monotonic_s()
    cases = []
    for answer in (
        Answer(manner=Manner.HANG),
        Answer(body=b"x" * 100, manner=Manner.HANG_AFTER_HEADERS),
        Answer(body=b"x" * 40, manner=Manner.TRICKLE, delay_s=0.2),
        Answer(delay_s=2.5),
    ):
        receiver.answer(answer)
        cases.append(account.order(told(receiver)))
        receiver.wait_for(len(cases))
    entries = [settled(account, case_id)[0] for case_id in cases]
    assert 3.4 < monotonic_s() - began < 9
    assert [entry["status"] for entry in entries] == ["failed", "failed", "failed", "delivered"]
    assert [entry["attempts"][0]["error"] for entry in entries] == ["timeout", "timeout", "timeout", None]


@pytest.mark.req("D-64")
def test_a_receiver_that_is_not_there_or_talks_nonsense_is_a_failed_attempt(account, receiver):
    with Receiver() as gone:
        nowhere = gone.url
    for url, answer in (
        (nowhere, None),
        (receiver.url, Answer(manner=Manner.CLOSE)),
        (receiver.url, Answer(manner=Manner.RESET)),
        (receiver.url, Answer(body=b"nonsense\r\n\r\n", manner=Manner.RAW)),
    ):
        if answer is not None:
            receiver.forget()
            receiver.answer(answer, answer)
        case_id = account.order({"processData": {"webHookUrl": url}})
        (entry,) = settled(account, case_id)
        assert (entry["status"], len(entry["attempts"])) == ("pending", 2)
        for attempt in entry["attempts"]:
            assert attempt["statusCode"] is None
            assert attempt["error"]


@pytest.mark.req("D-65")
def test_the_allow_list_is_asked_again_when_sending_and_a_refusal_is_final(server, receiver):
    account = server.account(**{**EVERYTHING, "webhookHosts": ["127.0.0.1"]})
    case_id = account.order(told(receiver), release=False)
    changed = server.admin("PATCH", f"/scr-clients/{account.client_id}", json={"webhookHosts": ["example.org"]})
    assert changed.status_code == 200, changed.text
    assert server.admin("POST", f"/cases/{case_id}/release").status_code == 200
    (entry,) = settled(account, case_id)
    assert (entry["status"], entry["nextAttemptAt"]) == ("failed", None)
    assert [(attempt["statusCode"], attempt["error"]) for attempt in entry["attempts"]] == [(None, HOST_REFUSED)]
    assert receiver.received == []


@pytest.mark.req("D-65")
def test_the_path_may_vary_and_a_named_port_must_match(server, receiver):
    account = server.account(**{**EVERYTHING, "webhookHosts": [f"127.0.0.1:{receiver.port}"]})
    for path in ("/a", "/b/c"):
        account.order({"processData": {"webHookUrl": f"http://127.0.0.1:{receiver.port}{path}"}})
    assert [found.path for found in sorted(receiver.wait_for(2), key=lambda found: found.path)] == ["/a", "/b/c"]
    order = {"processData": {"webHookUrl": f"http://127.0.0.1:{receiver.port + 1}/"}}
    server.advance(0)
    with nothing_stored(account):
        line = {"clientId": account.client_id, "orderData": order, **RECIPIENT}
        response = server.admin("POST", "/delivery-orders", content=httpx_ndjson([line]), headers=NDJSON)
        ((error,),) = [rejected["errors"] for rejected in response.json()["rejected"]]
        assert error["key"] == "processData.webHookUrl"
        assert error["message"] == "The host is not on the account's allow-list."


@pytest.mark.req("D-66")
def test_a_notification_is_there_as_soon_as_the_change_is_and_missing_if_the_change_was_refused(account, receiver):
    receiver.default = Answer(manner=Manner.HANG)
    case_id = account.order(told(receiver))
    assert events_of(account, case_id) == ["started"]
    account.walk(case_id, *TO_DELIVERY)
    with nothing_stored(account):
        assert account.simulate(case_id, "incomplete", subStatus=23, subStatusReason=320).status_code == 409
    account.walk(case_id, "success")
    assert events_of(account, case_id) == ["started", "success"]
    receiver.default = Answer()
    receiver.drop_connections()


@pytest.mark.req("D-66")
def test_retry_times_survive_a_restart(own_server, receiver):
    account = own_server.account(**EVERYTHING)
    receiver.default = Answer(503)
    case_id = account.order(told(receiver))
    (before,) = settled(account, case_id)
    own_server.advance(600)
    assert own_server.process.stop() == 0
    own_server.process.start()
    (after,) = deliveries(account, case_id)
    assert after == before
    receiver.default = Answer()
    own_server.advance(200)
    assert len(receiver.received) == 2
    own_server.advance(200)
    (entry,) = deliveries(account, case_id)
    assert (entry["status"], seconds_between(entry["attempts"])) == ("delivered", [0, 900])


@pytest.mark.req("D-67")
def test_redirects_are_not_followed(account, receiver):
    with Receiver() as elsewhere:
        for status in (301, 302, 307, 308):
            receiver.forget()
            redirect = Answer(status, headers=(("Location", elsewhere.url),))
            receiver.answer(redirect, redirect)
            case_id = account.order(told(receiver))
            (entry,) = settled(account, case_id)
            assert [attempt["statusCode"] for attempt in entry["attempts"]] == [status, status]
        assert elsewhere.received == []


@pytest.mark.req("D-67")
def test_in_production_private_addresses_are_refused_for_good(databases, tmp_path_factory, tmp_path):
    token = "a-token-of-one-s-own-with-forty-characters"
    authority = trustme.CA()
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(file)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    environment = {
        "FALLWERK_MODE": "production",
        "FALLWERK_ADMIN_TOKEN": token,
        "FALLWERK_PUBLIC_BASE_URL": "https://fallwerk.example",
        "FALLWERK_BEHIND_PROXY": "true",
        "FALLWERK_TRUSTED_PROXIES": "127.0.0.1",
        "FALLWERK_WEBHOOK_CA_FILE": str(file),
    }
    for allowed, status in (("", "failed"), ("127.0.0.0/8", "delivered")):
        more = {"FALLWERK_WEBHOOK_ALLOWED_NETWORKS": allowed} if allowed else {}
        with deploy(databases, tmp_path_factory, "sqlite", {**environment, **more}) as server:
            bearer = {"Authorization": f"Bearer {token}"}
            assert server.sandbox("GET", "/clock", headers=bearer).status_code == 404
            settings = {**EVERYTHING, "webhookHttpAllowed": False}
            made = server.admin("POST", "/scr-clients", json=settings, headers=bearer)
            assert made.status_code == 201, made.text
            with Receiver(tls=context, name="127.0.0.1") as receiver:
                line = {"clientId": made.json()["clientId"], "orderData": told(receiver), **RECIPIENT}
                answer = server.admin(
                    "POST", "/delivery-orders", content=httpx_ndjson([line]), headers={**NDJSON, **bearer}
                )
                case_id = answer.json()["accepted"][0]["caseId"]
                statement = "SELECT status, attempts FROM notification WHERE case_id = ?"
                deadline = monotonic_s() + 10
                while (row := rows(server, statement, case_id)[0])["status"] == "pending":
                    assert monotonic_s() < deadline, row
                assert row["status"] == status
                assert len(json.loads(row["attempts"])) == 1
                assert ("refused: private address" in row["attempts"]) is (status == "failed")
                assert len(receiver.received) == int(status == "delivered")


@pytest.mark.req("D-68")
def test_an_operator_sees_the_addresses_that_notifications_come_from(databases, tmp_path_factory):
    environment = {"FALLWERK_WEBHOOK_SOURCE_ADDRESSES": "203.0.113.7,2001:db8::/64"}
    with deploy(databases, tmp_path_factory, "sqlite", environment) as server:
        shown = server.admin("GET", "/status").json()
        assert shown["webhookSourceAddresses"] == ["203.0.113.7/32", "2001:db8::/64"]
