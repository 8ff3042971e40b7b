"""
No partner changes or learns anything of another's Vorgänge (C-03).

Generated from the published documents: every operation is called, with every example that its description has, for what
belongs to a partner outside the caller's reach: beside it, above it, and once moved away.
"""

from typing import Any

import pytest

from tests.api.conftest import Running
from tests.support.kex import Kex, kex, nothing_stored, problem

DOCUMENTS = ("kex_update", "kex_status")
UNKNOWN = {"vorgangsnummer": "ZZZZZZ", "antragsnummer": "ZZZZZZ/1/1", "produktanbieterantragsnummer": "nobody's"}
SECRET = "nobody else's business"


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
    assert compared >= 15


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
