"""Every word that a page of the console can need is there, in both languages; docs name every role and action."""

import re
from pathlib import Path

import pytest

from fallwerk.domain.desk.document import DOCUMENT_TYPES
from fallwerk.domain.desk.model import COMPARED, DELIVERY_DESKS
from fallwerk.domain.desk.video import CHECKS, TAN_CHECK
from fallwerk.domain.identcase import codes, methods_codes
from fallwerk.domain.identcase.attempt import VALIDATION_SUB_STATUSES
from fallwerk.domain.identcase.lifecycle import STEPS
from fallwerk.domain.identcase.model import IdentStatus
from fallwerk.domain.loancase.model import ApplicantStatus, Environment, ProviderStatus
from fallwerk.domain.staff.model import Action, HomeKind, Role
from fallwerk.web.console.delivery import _form
from fallwerk.web.console.documents import ORDER
from fallwerk.web.console.frame import FOLDER, NAVIGATION
from fallwerk.web.console.words import LANGUAGES, TEXTS

DOCS = Path(__file__).resolve().parents[3] / "docs" / "console.md"


def desk_steps():
    roles = {role for desk in DELIVERY_DESKS.values() for role in desk.roles}
    return [step.legal for step in STEPS if step.by in roles]


def needed() -> set[str]:
    """Keys that templates put together from what the domain knows."""
    found = {f"status_{status.replace(' ', '_')}" for status in IdentStatus}
    found |= {_form(step, rerouted=False).label for step in desk_steps()}
    found |= {f"code_{reason}" for step in desk_steps() for reason in step.sub_status_reasons}
    for code in (
        methods_codes.NOT_CONFIRMED,
        methods_codes.COUNTER_INCOMPLETE,
        methods_codes.CALL_INCOMPLETE,
        methods_codes.PICTURES_WANTED,
    ):
        found |= {f"code_{reason}" for reason in methods_codes.REASONS_OF[code]}
    found |= {f"compared_{name}" for name in COMPARED} | {f"check_{name}" for name in (*CHECKS, TAN_CHECK)}
    found |= {f"dt_{kind}" for kind in DOCUMENT_TYPES} | {f"d_{name}" for name in ORDER}
    found |= {f"v_{name.replace(' ', '_')}" for name in VALIDATION_SUB_STATUSES}
    found |= {f"role_{role}" for role in Role} | {f"home_{kind}" for kind in HomeKind}
    found |= {f"provider_{status}" for status in ProviderStatus}
    found |= {f"applicant_{status}" for status in ApplicantStatus}
    found |= {f"environment_{environment}" for environment in Environment}
    return found | {name for name, _ in NAVIGATION}


def test_every_word_that_the_domain_can_ask_for_is_there():
    assert needed() - TEXTS["de"].keys() == set()


@pytest.mark.parametrize("template", sorted((FOLDER / "templates").iterdir()), ids=lambda path: path.name)
def test_every_word_of_a_template_is_there(template):
    assert set(re.findall(r"\bt\.([a-z_0-9]+)", template.read_text())) - TEXTS["de"].keys() == set()


def test_both_languages_have_the_same_words_and_the_same_gaps():
    assert TEXTS["de"].keys() == TEXTS["en"].keys()
    for key, german in TEXTS["de"].items():
        gaps = [re.findall(r"\{\w+\}", text) for text in (german, TEXTS["en"][key])]
        assert gaps[0] == gaps[1], key
        assert all(TEXTS[language][key].strip() for language in LANGUAGES)


def test_english_reasons_are_the_documents_own():
    for code, description in {**codes.SUB_STATUS_REASONS, **methods_codes.SUB_STATUS_REASONS}.items():
        shown = TEXTS["en"].get(f"code_{code}")
        assert shown in {None, description}, code


@pytest.mark.req("W-04")
def test_the_guide_names_every_role_and_every_action():
    guide = DOCS.read_text()
    assert [role for role in Role if f"| `{role}` |" not in guide] == []
    assert [action for action in Action if f"`{action}`" not in guide] == []
