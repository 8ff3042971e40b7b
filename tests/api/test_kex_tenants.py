"""
No partner sees or infers another's data through the KEX interfaces (C-03).

Generated from the published documents: every operation is called with everything of another partner that its request
can name. That a Vorgang is another's may be known (decision 43: 403); nothing else is: whatever it holds, and whatever
is sent, the answer is the same, and nothing is stored.
"""

import json
from typing import Any

import httpx
import pytest

from tests.api.conftest import Running
from tests.support.kex import Kex, kex, nothing_stored

DOCUMENTS = ("kex_update", "kex_status")
NOT_COMPARED = {"date", "x-traceid", "content-length"}
SECRETS = ("secret text", "secret.pdf", "secret-number", "secret note")


def operations(server: Running) -> list[tuple[str, dict[str, Any]]]:
    """Every operation of the documents: path and description; all are POST."""
    found = []
    for name in DOCUMENTS:
        for path, item in server.http.get(f"/openapi/{name}.json").json()["paths"].items():
            assert list(item) == ["post"]
            found.append((path, item["post"]))
    return found


def bodies(operation: dict[str, Any], owner_ids: dict[str, str]) -> list[Any]:
    """The document's own example bodies, naming what the owner has where a number stands."""
    examples = operation["requestBody"]["content"]["application/json"]["examples"].values()
    found = []
    for example in examples:
        value = example["value"]
        if isinstance(value, dict):
            value = {name: owner_ids.get(name, content) for name, content in value.items()}
        found.append(value)
    return found


def looks(response: httpx.Response) -> tuple[int, dict[str, str], dict[str, Any]]:
    headers = {name: value for name, value in response.headers.items() if name not in NOT_COMPARED}
    return response.status_code, headers, {**response.json(), "traceId": "…"}


@pytest.fixture
def partners(server: Running) -> tuple[Kex, Kex, list[str]]:
    """Who asks, who owns, and the owner's Vorgänge: one with everything, one with nothing but an application."""
    asking, owner = kex(server), kex(server)
    full, bare = owner.case(), owner.case()
    for case, number in ((full, "secret-number"), (bare, "another-number")):
        owner.application(case, number)
    assert owner.comment(full, ["secret text"]).status_code == 200
    assert owner.upload(full, "secret.pdf", b"secret").status_code == 201
    note = {"antragsnummer": f"{full}/1/1", "antragstellerstatus": "WIDERRUFEN", "kommentar": "secret note"}
    assert owner.status(note).status_code == 200
    return asking, owner, [full, bare]


@pytest.mark.req("C-03", "U-02", "A-01")
def test_every_operation_answers_alike_for_whatever_another_partner_has(server, partners):
    asking, owner, cases = partners
    answers: dict[str, list[Any]] = {}
    with nothing_stored(owner, *cases):
        for case, number in zip(cases, ("secret-number", "another-number"), strict=True):
            ids = {"antragsnummer": f"{case}/1/1", "produktanbieterantragsnummer": number}
            for path, operation in operations(server):
                for body in bodies(operation, ids):
                    response = asking.post(path.replace("{vorgangsnummer}", case), json=body)
                    answers.setdefault(path, []).append(looks(response))
                    assert not any(secret in response.text for secret in (*SECRETS, owner.partner_id))
    assert sum(map(len, answers.values())) >= 16
    for path, found in answers.items():
        assert all(one == found[0] for one in found), path
        assert found[0][0] == 403, path


@pytest.mark.req("C-03", "C-11")
def test_the_idempotency_keys_of_another_partner_have_nothing_to_do_with_ours(partners):
    asking, owner, cases = partners
    headers = {"Idempotency-Key": "shared by both"}
    mine = asking.case()
    assert owner.comment(cases[0], ["x"], headers=headers).status_code == 200
    assert asking.comment(mine, ["y"], headers=headers).status_code == 200
    assert asking.upload(mine, "x", b"y", headers=headers).status_code == 201
    assert asking.texts(mine) == ["y"]
    # Nor can a repeated key reach where its sender may not.
    assert asking.comment(cases[0], ["y"], headers=headers).status_code == 422


@pytest.mark.req("C-03", "U-11")
def test_the_same_content_of_two_partners_is_two_objects_that_nobody_can_tell_are_equal(server, partners):
    from tests.support.scr import rows  # noqa: PLC0415

    asking, owner, _ = partners
    content = json.dumps([asking.partner_id, owner.partner_id]).encode()
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
