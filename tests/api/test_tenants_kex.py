"""
No partner changes or learns anything of another's Vorgänge (C-03).

Generated from the published documents: every operation is called, with every example that its description has, for what
belongs to a partner outside the caller's reach: beside it, above it, and once moved away.
"""

from typing import Any

import httpx
import pytest

from tests.api.conftest import Running
from tests.support.kex import Kex, kex, nothing_stored, problem
from tests.support.scr import rows

DOCUMENTS = ("kex_update", "kex_status", "kex_antragsdokumente")
UNKNOWN = {"vorgangsnummer": "ZZZZZZ", "antragsnummer": "ZZZZZZ/1/1", "produktanbieterantragsnummer": "nobody's"}
SECRET = "nobody else's business"
STATUS = {"produktanbieterstatus": "ABGELEHNT"}
NOT_COMPARED = {"date", "x-traceid", "content-length"}


def calls(server: Running) -> list[tuple[str, Any]]:
    """Path and body of every operation with every example of its request."""
    found: list[tuple[str, Any]] = []
    for name in DOCUMENTS:
        for path, item in server.http.get(f"/openapi/{name}.json").json()["paths"].items():
            for operation in item.values():
                content = operation["requestBody"]["content"]["application/json"]
                found += [(path, example["value"]) for example in content["examples"].values()]
    return found


def named(value: Any, names: dict[str, str]) -> Any:
    """Put names into a path or a body, wherever it names something."""
    if isinstance(value, str):
        for name, number in names.items():
            value = value.replace(f"{{{name}}}", number)
        return value
    return {key: names.get(key, content) for key, content in value.items()} if isinstance(value, dict) else value


@pytest.fixture
def owners(server: Running) -> tuple[Kex, list[tuple[Kex, dict[str, str]]]]:
    """Who asks, and others with what is theirs: a stranger, the partner above, and one that was below before."""
    above, stranger, former = kex(server), kex(server), kex(server)
    asking = kex(server)
    place = f"/partners/{asking.partner_id}"
    assert server.admin("PATCH", place, json={"parentId": above.partner_id}).status_code == 200
    former_place = f"/partners/{former.partner_id}"
    for parent in (asking.partner_id, stranger.partner_id):
        assert server.admin("PATCH", former_place, json={"parentId": parent}).status_code == 200
    owned = []
    for owner in (above, stranger, former):
        case = owner.case()
        provider_number = f"PA-{case}"
        application = owner.application(case, provider_number)
        assert owner.comment(case, [SECRET]).status_code == 200
        numbers = {
            "vorgangsnummer": case,
            "antragsnummer": application,
            "produktanbieterantragsnummer": provider_number,
        }
        owned.append((owner, numbers))
    return asking, owned


@pytest.mark.req("C-03", "U-02")
def test_every_documented_operation_refuses_what_belongs_to_a_partner_out_of_reach(server, owners):
    asking, owned = owners
    compared = 0
    for path, body in calls(server):
        unknown = asking.post(named(path, UNKNOWN), json=named(body, UNKNOWN))
        problem(unknown, 404)
        for owner, numbers in owned:
            with nothing_stored(owner, numbers["vorgangsnummer"]):
                response = asking.post(named(path, numbers), json=named(body, numbers))
            problem(response, 403)
            for word in (SECRET, owner.partner_id, owner.account.client_id):
                assert word not in response.text
            assert numbers["vorgangsnummer"] not in response.text
            compared += 1
    assert compared >= 24


@pytest.mark.req("C-03")
def test_every_documented_operation_works_for_its_owner_so_that_the_refusals_mean_something(server, owners):
    _, owned = owners
    for owner, numbers in owned:
        for path, body in calls(server):
            response = owner.post(named(path, numbers), json=named(body, numbers))
            assert response.status_code in {200, 201}, (path, body, response.text)


@pytest.mark.req("C-03", "C-02")
def test_the_audit_log_of_a_partner_is_its_own(server, owners):
    asking, owned = owners
    shown = server.admin("GET", f"/partners/{asking.partner_id}/audit").text
    for owner, numbers in owned:
        assert owner.account.client_id not in shown
        assert numbers["vorgangsnummer"] not in shown
        assert SECRET not in server.admin("GET", f"/partners/{owner.partner_id}/audit").text


def looks(response: httpx.Response) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Everything that a caller sees of an answer, but what is new in each."""
    headers = {name: value for name, value in response.headers.items() if name not in NOT_COMPARED}
    return response.status_code, headers, {**response.json(), "traceId": "…"}


@pytest.mark.req("C-03", "A-01", "A-02")
def test_an_answer_does_not_depend_on_what_another_partner_has(server, owners):
    asking, [(owner, full), *_] = owners
    bare = {"vorgangsnummer": owner.case()}
    bare["antragsnummer"] = owner.application(bare["vorgangsnummer"])
    bare["produktanbieterantragsnummer"] = "not this one's"
    assert owner.upload(full["vorgangsnummer"], "secret.pdf", b"secret").status_code == 201
    # The same body as the owner's own call, a body that fits nothing there, and numbers that do not belong together.
    for path, body in calls(server):
        named_alike = {**bare, "produktanbieterantragsnummer": full["produktanbieterantragsnummer"]}
        answers = [
            looks(asking.post(named(path, numbers), json=named(body, numbers))) for numbers in (full, named_alike)
        ]
        assert answers[0] == answers[1], (path, body)
    both = {**full, "produktanbieterstatus": "ABGELEHNT"}
    for number in (full["produktanbieterantragsnummer"], "another's"):
        response = asking.status({**both, "produktanbieterantragsnummer": number})
        assert looks(response) == looks(asking.status({"antragsnummer": full["antragsnummer"], **STATUS}))


@pytest.mark.req("C-03", "C-11")
def test_the_idempotency_keys_of_another_partner_have_nothing_to_do_with_ours(owners):
    asking, [(owner, numbers), *_] = owners
    headers, mine = {"Idempotency-Key": "shared by both"}, asking.case()
    assert owner.comment(numbers["vorgangsnummer"], ["x"], headers=headers).status_code == 200
    assert asking.comment(mine, ["y"], headers=headers).status_code == 200
    assert asking.upload(mine, "x", b"y", headers=headers).status_code == 201
    assert asking.texts(mine) == ["y"]


@pytest.mark.req("C-03", "U-11")
def test_the_same_content_of_two_partners_is_two_objects_that_nobody_can_tell_are_equal(server, owners):
    asking, [(owner, _), *_] = owners
    content = f"{asking.partner_id} {owner.partner_id}".encode()
    for client in (asking, owner):
        assert client.upload(client.case(), "x", content).status_code == 201
    found = rows(
        server,
        "SELECT blob.tenant_id, blob.blob_key, object_name FROM blob JOIN partner USING (tenant_id)"
        " WHERE partner_id IN (?, ?) AND size_bytes = ?",
        asking.partner_id,
        owner.partner_id,
        len(content),
    )
    assert len({row["tenant_id"] for row in found}) == 2
    assert len({bytes(row["blob_key"]) for row in found}) == 2
    assert len({row["object_name"] for row in found}) == 2
