"""Vorgänge through the admin API of a production server, where nobody's are taken for granted."""

import pytest

from fallwerk.kit.clock import Clock
from fallwerk.own.admin.loancases import LoanCaseAdmin
from fallwerk.own.api import OwnApi


@pytest.fixture
def production(admin):
    operations = LoanCaseAdmin(admin.store, None, Clock(), None).operations()
    admin.api = OwnApi(admin.api.prefix, operations, admin.api.token, admin.api.slowdown, admin.api.errors)
    return admin


def test_a_vorgang_must_name_its_partner_which_is_made_if_it_is_new(production):
    refused = production.request("POST", "vorgaenge", json={})
    assert (refused.status_code, refused.json()["errors"]) == (
        400,
        [{"pointer": "/partnerId", "detail": "A Vorgang needs a partner."}],
    )
    made = production.request("POST", "vorgaenge", json={"partnerId": "BANK1"})
    assert (made.status_code, made.json()["partnerId"]) == (201, "BANK1")
    assert production.read(lambda uow: uow.partners.partner("BANK1")) is not None
