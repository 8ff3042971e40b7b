from dataclasses import replace
from datetime import datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fallwerk.apis.scr_delivery import examples
from fallwerk.apis.scr_delivery.mapping import (
    archive_entries,
    archived_form,
    case_result,
    render_list_form,
    single_from_list,
)
from fallwerk.apis.scr_delivery.schema import ArchivedCase, DeliveryCaseResult, SingleDeliveryCaseResult
from fallwerk.dialects.scr.result_answers import join_list
from fallwerk.domain.identcase import codes
from fallwerk.domain.identcase.lifecycle import STEPS, WantedStep, advance
from fallwerk.domain.identcase.model import (
    CaseId,
    CaseKind,
    CaseStatus,
    IdentCase,
    Identification,
    IdentStatus,
    Method,
    PostOffice,
)
from fallwerk.kit.clock import to_us


def us(text: str) -> int:
    return to_us(datetime.fromisoformat(text))


CLOSED_AT = us("2021-03-05T10:02:03.999999+01:00")
OFFICE = PostOffice("Poststr.50", "26897 Esterwegen")


def a_case(case_id: str = "KRZ1A8M4UBZZ", **changes) -> IdentCase:
    case = IdentCase(
        tenant_id=1,
        case_id=CaseId(case_id),
        kind=CaseKind.DELIVERY,
        status=CaseStatus.CLOSED,
        archived=False,
        reference_id="r",
        reference_given=True,
        created_us=us("2021-02-01T00:00:00+01:00"),
        modified_us=CLOSED_AT,
        closed_us=CLOSED_AT,
        valid_until_us=us("2021-04-01T00:00:00+01:00"),
    )
    return replace(case, **changes)


def a_success(office: PostOffice | None = OFFICE) -> Identification:
    return Identification(
        Method.DELIVERY,
        IdentStatus.SUCCESS,
        created_us=1,
        modified_us=CLOSED_AT,
        identified_us=CLOSED_AT,
        post_office=office,
    )


@pytest.mark.req("D-21", "D-22", "D-23")
def test_the_documents_success_is_rendered_in_both_forms():
    listed = render_list_form(a_case(), "reference1", a_success())
    assert orjson.loads(listed) == examples.SUCCESS_LISTED
    assert orjson.loads(single_from_list(listed)) == examples.SUCCESS_SINGLE


@pytest.mark.req("D-21", "D-23")
def test_the_documents_decline_is_rendered_alike_in_both_forms():
    at = us("2021-07-04T18:00:23+02:00")
    declined = Identification(Method.DELIVERY, IdentStatus.DECLINED, 1, at, sub_status=12)
    listed = render_list_form(a_case("MGY0AKXFJDEM", modified_us=at, closed_us=at), "Eigene Referenz", declined)
    assert orjson.loads(listed) == examples.DECLINED
    assert single_from_list(listed) is listed


@pytest.mark.req("D-21")
@pytest.mark.parametrize("custom1", [None, ""])
def test_a_new_case_has_neither_identification_nor_empty_objects(custom1):
    assert case_result(a_case(status=CaseStatus.NEW, closed_us=None), custom1, None) == {
        "caseId": "KRZ1A8M4UBZZ",
        "caseStatus": {"status": "new", "archived": False, "modified": "2021-03-05T10:02:03+01:00"},
    }


@pytest.mark.req("D-21")
def test_codes_are_integers_with_their_descriptions():
    declined = Identification(Method.DELIVERY, IdentStatus.DECLINED, 1, CLOSED_AT, 16, 325, identified_us=CLOSED_AT)
    result = case_result(a_case(), None, declined)
    assert result["identificationTime"] == "2021-03-05T10:02:03+01:00"
    assert result["identification"]["identificationStatus"] == {
        "status": "declined",
        "subStatus": {"code": 16, "description": "Identification with abnormalities"},
        "subStatusReason": {"code": 325, "description": "First name does not match provided data"},
        "modified": "2021-03-05T10:02:03+01:00",
    }


@pytest.mark.req("D-22")
@pytest.mark.parametrize(
    ("office", "expected"),
    [
        (PostOffice(None, "26897 Esterwegen"), {"postOfficeCity": "26897 Esterwegen"}),
        (PostOffice("", "26897 Esterwegen"), {"postOfficeCity": "26897 Esterwegen"}),
        (PostOffice("Poststr.50", None), {"postOfficeStreetAddress": "Poststr.50"}),
        (PostOffice(None, None), None),
        (None, None),
    ],
)
def test_only_what_is_known_of_the_post_office_is_given(office, expected):
    listed = render_list_form(a_case(), None, a_success(office))
    single = orjson.loads(single_from_list(listed))
    assert orjson.loads(listed)["identification"].get("additionalDataDelivery") == expected
    assert single["identification"].get("additionalDataDelivery") == expected
    assert single.get("additionalDataDelivery") == expected
    assert "additionalDataDelivery" not in orjson.loads(listed)


@pytest.mark.req("D-23")
def test_times_carry_berlins_offset_and_text_is_not_escaped():
    summer = us("2021-07-04T16:00:23+00:00")
    listed = render_list_form(a_case(modified_us=summer), "Grüße 🦊", a_success())
    assert '"modified":"2021-07-04T18:00:23+02:00"' in listed.decode()
    assert "Grüße 🦊".encode() in listed


@pytest.mark.req("D-23")
def test_archiving_shows_and_leaves_modified_alone():
    before = case_result(a_case(), "c", a_success())
    after = case_result(a_case(archived=True), "c", a_success())
    assert after["caseStatus"] == before["caseStatus"] | {"archived": True}
    stored = render_list_form(a_case(), "c", a_success())
    assert archived_form(stored) == render_list_form(a_case(archived=True), "c", a_success())
    assert archived_form(archived_form(stored)) == archived_form(stored)


@pytest.mark.req("D-21")
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100), st.booleans())
def test_no_text_of_a_caller_passes_for_a_post_office(custom1, handed_over):
    for text in (custom1, f'{custom1}"additionalDataDelivery":{{', '"additionalDataDelivery'):
        listed = render_list_form(a_case(), text, a_success(OFFICE if handed_over else None))
        single = orjson.loads(single_from_list(listed))
        assert ("additionalDataDelivery" in single) is handed_over
        assert single["orderData"]["customData"]["custom1"] == text


@pytest.mark.req("D-24")
def test_a_list_is_its_results_joined():
    first, second = render_list_form(a_case(), "a", a_success()), render_list_form(a_case(), None, None)
    assert join_list([]) == [b"[]"]
    assert orjson.loads(b"".join(join_list([first, second]))) == [orjson.loads(first), orjson.loads(second)]


@pytest.mark.req("D-41")
def test_the_archive_answer_has_an_entry_per_case_in_order():
    modified = us("2021-01-11T15:30:00+01:00")
    one = a_case(archived=True, modified_us=modified)
    assert archive_entries([one]) == examples.ARCHIVE_RESPONSE
    assert [entry["caseId"] for entry in archive_entries([one, a_case("AAAAAAAAAAAA")])] == [
        "KRZ1A8M4UBZZ",
        "AAAAAAAAAAAA",
    ]
    assert archive_entries([]) == []
    ArchivedCase.model_validate(archive_entries([one])[0])


@pytest.mark.req("D-21")
def test_every_result_the_life_cycle_can_make_fits_the_published_shape():
    for row in STEPS:
        for source in row.sources:
            for reason in row.legal.sub_status_reasons or (None,):
                start = None if source is None else Identification(Method.DELIVERY, source, 1, 2)
                step = WantedStep(row.legal.status, row.legal.sub_status, reason, OFFICE)
                made = advance(start, step, actor=None, now_us=CLOSED_AT)
                listed = render_list_form(a_case(status=made.case_status), "x" * 100, made.identification)
                DeliveryCaseResult.model_validate_json(listed)
                SingleDeliveryCaseResult.model_validate_json(single_from_list(listed))


def test_the_document_examples_fit_the_published_shapes():
    for example in examples.RESULT_LIST:
        DeliveryCaseResult.model_validate(example)
    SingleDeliveryCaseResult.model_validate(examples.SUCCESS_SINGLE)
    ArchivedCase.model_validate(examples.ARCHIVE_RESPONSE[0])


def test_descriptions_fit_their_field():
    assert max(len(text) for text in (*codes.SUB_STATUSES.values(), *codes.SUB_STATUS_REASONS.values())) <= 255
