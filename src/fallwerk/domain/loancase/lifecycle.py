"""The one gate for an application's statuses: any value may follow any other (A-03)."""

from dataclasses import dataclass, replace

from fallwerk.domain.loancase.model import ApplicantStatus, Application, ProviderStatus


@dataclass(frozen=True, slots=True)
class Advance:
    """An application after a step, and which of its statuses the step changed; None for one that it did not."""

    application: Application
    provider_status: ProviderStatus | None
    applicant_status: ApplicantStatus | None

    @property
    def changed(self) -> bool:
        """Tell whether any status changed."""
        return self.provider_status is not None or self.applicant_status is not None


def advance(
    application: Application,
    provider_status: ProviderStatus | None,
    applicant_status: ApplicantStatus | None,
    *,
    now_us: int,
) -> Advance:
    """
    Take both statuses at once; one that is None or the current one already does not change.

    Source: STATUS "Examples"; A-03, A-04, A-06.
    """
    provider = None if provider_status == application.provider_status else provider_status
    applicant = None if applicant_status == application.applicant_status else applicant_status
    after = replace(
        application,
        provider_status=provider or application.provider_status,
        applicant_status=applicant or application.applicant_status,
        modified_us=now_us,
    )
    return Advance(after if provider or applicant else application, provider, applicant)
