"""STATUS's JSON ↔ the domain; pure functions."""

from fallwerk.apis.kex_status.schema import StatusBody
from fallwerk.domain.loancase.model import ApplicantStatus, ProviderStatus, StatusOrder


def to_order(body: StatusBody) -> StatusOrder:
    """Turn a checked body into the domain's order; only `""` is an empty comment or hint, and is left out."""
    provider, applicant = body.produktanbieterstatus, body.antragstellerstatus
    return StatusOrder(
        application_number=body.antragsnummer or None,
        provider_number=body.produktanbieterantragsnummer or None,
        provider_status=None if provider is None else ProviderStatus(provider),
        applicant_status=None if applicant is None else ApplicantStatus(applicant),
        comment=body.kommentar or "",
        hints=tuple(hint for hint in body.hinweise or () if hint),
    )
