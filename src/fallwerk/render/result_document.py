"""The result of an identification as a PDF, German or English by the case's language (R-05)."""

import threading
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson

from fallwerk.domain.identcase.attempt import Attempt, CaseFile
from fallwerk.domain.identcase.model import Address, IdentityDocument
from fallwerk.kit.clock import BERLIN, from_us

TEMPLATE: Final = Path(__file__).parent / "result.typ"
_TEXTS: Final = {
    "de": {
        "title": "Ergebnis der Identifizierung",
        "case": "Vorgang",
        "person": "Angaben aus dem Ausweisdokument",
        "caseId": "Vorgangsnummer",
        "referenceId": "Referenz",
        "method": "Verfahren",
        "result": "Ergebnis",
        "success": "erfolgreich identifiziert",
        "identified": "Identifiziert am",
        "footer": "Elektronisch erstellt; ohne Unterschrift gültig.",
        "basic": "in der Filiale",
        "video": "per Videochat",
        "photo": "mit Foto",
        "eid": "mit Online-Ausweis",
        "match": "wie angegeben",
        "change": "weicht von der Angabe ab",
        "new": "neu",
        "number": "Nummer",
        "first_name": "Vornamen",
        "last_name": "Name",
        "birth_name": "Geburtsname",
        "birth_date": "Geburtsdatum",
        "birth_place": "Geburtsort",
        "nationality": "Staatsangehörigkeit",
        "address": "Anschrift",
        "date_issued": "Ausgestellt am",
        "date_of_expiry": "Gültig bis",
        "authority": "Behörde",
        "place_of_issue": "Ausstellungsort",
        "country_of_document": "Ausstellender Staat",
    },
    "en": {
        "title": "Identification result",
        "case": "Case",
        "person": "As read from the identity document",
        "caseId": "Case number",
        "referenceId": "Reference",
        "method": "Method",
        "result": "Result",
        "success": "identified",
        "identified": "Identified on",
        "footer": "Issued electronically; valid without a signature.",
        "basic": "in a post office",
        "video": "by video call",
        "photo": "with pictures",
        "eid": "with the online identity card",
        "match": "as provided",
        "change": "differs from what was provided",
        "new": "new",
        "number": "Number",
        "first_name": "Given names",
        "last_name": "Last name",
        "birth_name": "Name at birth",
        "birth_date": "Date of birth",
        "birth_place": "Place of birth",
        "nationality": "Nationality",
        "address": "Address",
        "date_issued": "Issued on",
        "date_of_expiry": "Valid until",
        "authority": "Authority",
        "place_of_issue": "Place of issue",
        "country_of_document": "Issuing state",
    },
}
_FIELDS: Final = (
    "first_name",
    "last_name",
    "birth_name",
    "birth_date",
    "birth_place",
    "nationality",
    "address",
    "number",
    "date_issued",
    "date_of_expiry",
    "authority",
    "place_of_issue",
    "country_of_document",
)
# One compiler per process, used by one thread at a time: the library does not say that it may be shared.
_compiling: Final = threading.Lock()


def result_document(file: CaseFile, attempt: Attempt) -> bytes:
    """
    Make the PDF of an attempt that succeeded, PDF/A where it can be.

    Takes some milliseconds, the first time more: call it off the event loop.

    Source: public-facts.md "Records"; R-05. It is the same each time, and nothing outside the case goes into it.
    """
    from typst import TypstError  # noqa: PLC0415 - costs start-up time and memory

    content = {"data": orjson.dumps(_data(file, attempt)).decode()}
    with _compiling:
        try:
            made = _compiler().compile(format="pdf", sys_inputs=content, pdf_standards=["a-2b"], timestamp=0)
        except TypstError:
            # The archive's standard refuses letters that the font lacks; a document with boxes is better than none.
            made = _compiler().compile(format="pdf", sys_inputs=content, pdf_standards=[], timestamp=0)
    if not isinstance(made, bytes):
        msg = "the compiler made no single PDF"
        raise TypeError(msg)
    return made


@cache
def _compiler() -> Any:  # noqa: ANN401 - the library's class, loaded when it is first needed
    from typst import Compiler  # noqa: PLC0415 - costs start-up time and memory

    return Compiler(TEMPLATE, ignore_system_fonts=True)


def _data(file: CaseFile, attempt: Attempt) -> dict[str, Any]:
    lang = "en" if file.order.preferred_language == "EN_UK" else "de"
    texts = _TEXTS[lang]
    case = [
        _row(texts["caseId"], file.case.case_id),
        _row(texts["referenceId"], file.case.reference_id),
        _row(texts["method"], texts[attempt.method.value]),
        _row(texts["result"], texts["success"]),
    ]
    if attempt.identification.identified_us is not None:
        case.append(_row(texts["identified"], _time(attempt.identification.identified_us)))
    sections = [{"title": texts["case"], "rows": case}]
    person = _document_rows(attempt.details.identity_document, file.order.identity_document, texts)
    if person:
        sections.append({"title": texts["person"], "rows": person})
    day = from_us(attempt.identification.modified_us).astimezone(BERLIN)
    return {
        "lang": lang,
        "date": [day.year, day.month, day.day],
        "title": texts["title"],
        "account": _printable(file.client.settings.display_name or file.client.client_id),
        "footer": texts["footer"],
        "sections": sections,
    }


def _document_rows(
    found: IdentityDocument | None, provided: IdentityDocument | None, texts: dict[str, str]
) -> list[dict[str, str]]:
    rows = []
    for name in _FIELDS:
        value = _text(None if found is None else getattr(found, name))
        if value:
            before = _text(None if provided is None else getattr(provided, name))
            note = texts["new"] if not before else texts["match"] if before == value else texts["change"]
            rows.append(_row(texts[name], value, note))
    return rows


def _text(value: str | Address | None) -> str:
    if isinstance(value, Address):
        place = " ".join(part for part in (value.postal_code, value.city) if part)
        return ", ".join(part for part in (value.street_address, value.appendix, place, value.country) if part)
    return value or ""


def _row(label: str, value: str, note: str = "") -> dict[str, str]:
    return {"label": label, "value": _printable(value), "note": note}


def _printable(value: str) -> str:
    """Drop what cannot stand on paper: PDF/A refuses unassigned, private and control characters."""
    return "".join(sign for sign in value if not unicodedata.category(sign).startswith("C"))


def _time(at_us: int) -> str:
    return from_us(at_us).astimezone(BERLIN).strftime("%d.%m.%Y %H:%M:%S %Z")
