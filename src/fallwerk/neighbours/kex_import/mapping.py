"""The import's JSON ↔ the domain; pure functions."""

import orjson

from fallwerk.domain.loancase.model import ImportedLoanCase


def imported_answer(imported: ImportedLoanCase) -> bytes:
    """Render the new Vorgang; nothing of the request is lost, so there is never a message."""
    return orjson.dumps(
        {
            "vorgangsnummer": imported.case.case_number,
            "messages": [],
            "antragsteller1": {"id": imported.applicant_id},
        }
    )
