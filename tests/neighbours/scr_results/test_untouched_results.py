"""A case that nothing has happened to is rendered of its order as plain JSON: the same result as any other way."""

from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fallwerk.domain.account.model import ScrClient, ScrSettings
from fallwerk.domain.identcase.attempt import CaseFile
from fallwerk.domain.identcase.model import (
    Address,
    CallbackUrl,
    CaseId,
    CaseKind,
    CaseOrder,
    CaseStatus,
    Contact,
    DrivingLicence,
    IdentCase,
    IdentityDocument,
    LicenceClass,
)
from fallwerk.domain.identcase.ports import UntouchedCase
from fallwerk.neighbours.scr_results.mapping import render_list_form, render_untouched
from fallwerk.store.orders import order_bytes, plain_order_of

CLIENT = ScrClient(1, "1234ABCD", ScrSettings(accounting_number="87122222143703"), (), ())
CASE = IdentCase(
    tenant_id=1,
    case_id=CaseId("KRZ1A8M4UBZZ"),
    kind=CaseKind.START,
    status=CaseStatus.NEW,
    archived=False,
    reference_id="R-1",
    reference_given=True,
    created_us=1_790_000_000_000_000,
    modified_us=1_790_000_001_000_000,
    closed_us=None,
    valid_until_us=1_792_500_000_000_000,
)
SPELLINGS = ("webHookURL", "webhookURL", "webHookURLPartner", "webhookURLPartner", "success.iOSUrl", "declined.iOSUrl")
texts = st.none() | st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)


def parts(kind: type[Any], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Any value of one of the order's dataclasses but its empty one, which no order holds."""
    names = [name for name in kind.__dataclass_fields__ if name not in more]
    made = st.builds(kind, **dict.fromkeys(names, texts), **more)
    return made.filter(lambda value: value != kind())


addresses = st.none() | parts(Address)
licences = parts(
    DrivingLicence,
    classes=st.lists(parts(LicenceClass), max_size=2).map(tuple),
    spelling=st.sampled_from(["drivingLicenceProvided", "drivingLicenseProvided"]),
    classes_spelling=st.sampled_from(["drivingLicenceClasses", "drivingLicenseClasses"]),
)
orders = st.builds(
    CaseOrder,
    custom=st.tuples(texts, texts, texts, texts, texts),
    webhook_url=texts,
    webhook_url_partner=texts,
    reference_id=texts,
    callbacks=st.dictionaries(
        st.sampled_from(["coupon_requested", "review_pending", "incomplete", "success", "declined"]), parts(CallbackUrl)
    ),
    spellings=st.lists(st.sampled_from(SPELLINGS), unique=True).map(tuple),
    contact=st.none() | parts(Contact, address=addresses),
    identity_document=st.none() | parts(IdentityDocument, address=addresses),
    driving_licence=st.none() | licences,
)


@pytest.mark.req("R-02")
@given(orders)
@example(CaseOrder())
@example(CaseOrder(contact=Contact(first_name="é  ", last_name="+49 1", address=Address(city="Köln"))))
def test_an_untouched_case_has_the_result_that_rendering_its_file_gives(order):
    untouched = UntouchedCase(
        case_id=CASE.case_id,
        status="new",
        archived=False,
        created_us=CASE.created_us,
        modified_us=CASE.modified_us,
        valid_until_us=CASE.valid_until_us,
        order=plain_order_of(order_bytes(order)),
    )
    result = render_untouched(untouched, CLIENT)
    assert result == render_list_form(CaseFile(CASE, order, CLIENT))
    assert b"null" not in orjson.dumps(without_texts(orjson.loads(result)))


def without_texts(value: Any) -> Any:
    """The skeleton of a result: what the client wrote may well be the word null."""
    if isinstance(value, dict):
        return {name: without_texts(found) for name, found in value.items()}
    if isinstance(value, list):
        return [without_texts(found) for found in value]
    return "" if isinstance(value, str) else value
