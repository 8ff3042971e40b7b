"""The editions of STATUS, the gate of the statuses, and what numbers look like."""

from dataclasses import replace
from itertools import product

import pytest

from fallwerk.domain.loancase.lifecycle import advance
from fallwerk.domain.loancase.model import ApplicantStatus, Application, ProviderStatus
from fallwerk.domain.loancase.rules import (
    DIFFERENCES,
    is_application_number,
    is_case_number,
    is_provider_number,
    lacks_content,
)
from fallwerk.domain.partner.model import Edition

NOW = 1_800_000_000_000_000
APPLICATION = Application(
    7, "985132/1/1", "985132", "12919351", ProviderStatus.NOT_PROCESSED, ApplicantStatus.APPLIED, NOW, NOW
)


@pytest.mark.req("A-03", "N-04")
def test_what_a_call_of_each_edition_must_say():
    lacking = {
        (edition.value, status, addition)
        for edition, status, addition in product(Edition, (True, False), (True, False))
        if lacks_content(edition, status=status, addition=addition)
    }
    assert lacking == {("2020", False, True), ("2020", False, False), ("2025", False, False)}


@pytest.mark.req("N-04")
def test_every_difference_of_the_editions_cites_its_source_and_is_one():
    for difference in DIFFERENCES:
        assert set(difference.holds_in) == set(Edition)
        assert len(set(difference.holds_in.values())) == 2
        assert "STATUS" in difference.source


@pytest.mark.req("A-03", "A-04", "A-06")
def test_any_pair_of_statuses_may_follow_any_other_and_only_what_differs_is_a_change():
    for before in product(ProviderStatus, ApplicantStatus):
        present = replace(APPLICATION, provider_status=before[0], applicant_status=before[1])
        for provider, applicant in product((None, *ProviderStatus), (None, *ApplicantStatus)):
            step = advance(present, provider, applicant, now_us=NOW + 1)
            after = (step.application.provider_status, step.application.applicant_status)
            assert after == (provider or before[0], applicant or before[1])
            assert step.provider_status == (None if provider == before[0] else provider)
            assert step.applicant_status == (None if applicant == before[1] else applicant)
            assert step.changed is (after != before)
            assert step.application.modified_us == (NOW + 1 if step.changed else NOW)


@pytest.mark.req("A-02")
@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("985132/1/1", True),
        ("AB1234/12/3", True),
        ("985132/1", False),
        ("985132/1/1/1", False),
        ("ab1234/1/1", False),
        ("985132/-1/1", False),
        ("985132/1/1\n", False),
        ("985132/१/1", False),
    ],
)
def test_an_antragsnummer_is_its_vorgang_and_two_numbers(number, fits):
    assert is_application_number(number) is fits
    assert is_case_number(number.partition("/")[0]) is (not number.startswith("a"))


@pytest.mark.parametrize(("number", "fits"), [("1", True), ("x" * 100, True), ("", False), ("x" * 101, False)])
def test_a_number_of_the_produktanbieter_has_its_length_and_nothing_that_no_store_takes(number, fits):
    assert is_provider_number(number) is fits
    assert not is_provider_number(number + "\0")
    assert not is_provider_number(number + "\ud800")
