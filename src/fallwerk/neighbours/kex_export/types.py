"""
The types of the export, named as the provider names them (public-facts.md; N-03).

Each reads what it was asked for from the view of its Vorgang, so nothing is read that nobody asks for.
"""

from enum import Enum

import strawberry

from fallwerk.domain.loancase.model import Application, Comment, Document, Environment, LoanCaseStatus, StatusChange
from fallwerk.domain.loancase.view import LoanCaseView
from fallwerk.neighbours.kex_export.mapping import CONTEXTS, STATUSES, instant, known_as


@strawberry.enum(name="Datenkontext", description="Wofür der Vorgang ist.")
class DataContext(Enum):
    """What a Vorgang is for."""

    ECHTGESCHAEFT = CONTEXTS[Environment.PRODUCTION]
    TESTUMGEBUNG = CONTEXTS[Environment.TEST]


@strawberry.enum(name="VorgangsstatusWert")
class CaseStatusValue(Enum):
    """Whether a Vorgang is worked on."""

    AKTIV = STATUSES[LoanCaseStatus.ACTIVE]
    ARCHIVIERT = "ARCHIVIERT"


@strawberry.enum(name="ProduktanbieterstatusWert")
class ProviderStatusValue(Enum):
    """What the Produktanbieter says of an application."""

    NICHT_BEARBEITET = "NICHT_BEARBEITET"
    UNTERSCHRIEBEN = "UNTERSCHRIEBEN"
    ABGELEHNT = "ABGELEHNT"
    ZURUECKGESTELLT = "ZURUECKGESTELLT"


@strawberry.enum(name="AntragstellerstatusWert")
class ApplicantStatusValue(Enum):
    """What the Antragsteller says of an application."""

    BEANTRAGT = "BEANTRAGT"
    UNTERSCHRIEBEN = "UNTERSCHRIEBEN"
    NICHT_ANGENOMMEN = "NICHT_ANGENOMMEN"
    WIDERRUFEN = "WIDERRUFEN"


@strawberry.type(name="Vorgangsstatus")
class CaseStatus:
    """The status of a Vorgang."""

    status: CaseStatusValue


@strawberry.type(name="Produktanbieterstatus")
class ProviderStatus:
    """The Produktanbieter's status of an application."""

    status: ProviderStatusValue


@strawberry.type(name="Antragstellerstatus")
class ApplicantStatus:
    """The Antragsteller's status of an application."""

    status: ApplicantStatusValue


@strawberry.type(name="Partner")
class Partner:
    """A partner of the platform."""

    partner_id: str = strawberry.field(description="Fünf Zeichen.")


@strawberry.type(name="Antragsteller")
class Applicant:
    """An applicant, by the id that the import answered."""

    id: str


@strawberry.type(name="Kommentar")
class CommentText:
    """A comment; `zeitpunkt` in UTC (ISO 8601)."""

    text: str
    zeitpunkt: str
    von: str


@strawberry.type(name="Dokument")
class CaseDocument:
    """A document; `groesse` in bytes and `sha256` in hexadecimal are its content's, `zeitpunkt` in UTC (ISO 8601)."""

    filename: str
    groesse: int
    sha256: str
    kommentar: str | None
    tags: list[str]
    zeitpunkt: str
    von: str


@strawberry.type(name="Statuswechsel")
class Change:
    """An entry of an application's history; a status that did not change is null, `zeitpunkt` is in UTC (ISO 8601)."""

    zeitpunkt: str
    von: str
    produktanbieterstatus: ProviderStatusValue | None
    antragstellerstatus: ApplicantStatusValue | None
    kommentar: str | None
    hinweise: list[str]


@strawberry.type(name="Antrag")
class LoanApplication:
    """An application of a Vorgang."""

    view: strawberry.Private[LoanCaseView]
    found: strawberry.Private[Application]

    @strawberry.field
    def antragsnummer(self) -> str:
        """Name the application on the platform."""
        return self.found.application_number

    @strawberry.field
    def teilantragsnummer(self) -> str:
        """Name it as the provider's own export does; the same number."""
        return self.found.application_number

    @strawberry.field
    def produktanbieterantragsnummer(self) -> str | None:
        """Name it at the Produktanbieter."""
        return self.found.provider_number

    @strawberry.field
    def produktanbieterstatus(self) -> ProviderStatus:
        """Tell what the Produktanbieter says of it."""
        return ProviderStatus(status=ProviderStatusValue(self.found.provider_status.value))

    @strawberry.field
    def antragstellerstatus(self) -> ApplicantStatus:
        """Tell what the Antragsteller says of it."""
        return ApplicantStatus(status=ApplicantStatusValue(self.found.applicant_status.value))

    @strawberry.field
    def erstellt_am(self) -> str:
        """Tell when it was opened; UTC (ISO 8601)."""
        return instant(self.found.created_us)

    @strawberry.field
    def letzte_aenderung_am(self) -> str:
        """Tell when its statuses changed last; UTC (ISO 8601)."""
        return instant(self.found.modified_us)

    @strawberry.field
    def historie(self) -> list[Change]:
        """Return its history, oldest first."""
        return [_change(one) for one in self.view.history_of(self.found.application_number)]

    @strawberry.field
    def dokumente(self) -> list[CaseDocument]:
        """Return its documents, oldest first."""
        return [_document(one) for one in self.view.documents_of(self.found.application_number)]


@strawberry.type(name="Vorgang")
class Vorgang:
    """A Vorgang."""

    view: strawberry.Private[LoanCaseView]

    @strawberry.field
    def vorgangsnummer(self) -> str:
        """Name it: six characters."""
        return self.view.case.case_number

    @strawberry.field
    def datenkontext(self) -> DataContext:
        """Tell what it is for."""
        return DataContext(CONTEXTS[self.view.case.environment])

    @strawberry.field
    def vorgangsstatus(self) -> CaseStatus:
        """Tell whether it is worked on; nothing is archived here, and a deleted one is not shown."""
        return CaseStatus(status=CaseStatusValue(STATUSES[self.view.case.status]))

    @strawberry.field
    def kundenbetreuer(self) -> Partner:
        """Return the partner that looks after it."""
        return Partner(partner_id=self.view.owner.partner_id)

    @strawberry.field
    def bearbeiter(self) -> Partner:
        """Return the partner that works on it, which is the Kundenbetreuer here."""
        return Partner(partner_id=self.view.owner.partner_id)

    @strawberry.field
    def antragsteller1(self) -> Applicant | None:
        """Return its first applicant; null if it did not come by the import."""
        imported = self.view.imported
        return None if imported is None else Applicant(id=imported.applicant_id)

    @strawberry.field
    def erstellt_am(self) -> str:
        """Tell when it was created; UTC (ISO 8601)."""
        return instant(self.view.case.created_us)

    @strawberry.field
    def letzte_aenderung_am(self) -> str:
        """Tell when it changed itself; UTC (ISO 8601)."""
        return instant(self.view.case.modified_us)

    @strawberry.field
    def antraege(self) -> list[LoanApplication]:
        """Return its applications, oldest first."""
        return [LoanApplication(view=self.view, found=one) for one in self.view.applications]

    @strawberry.field
    def kommentare(self) -> list[CommentText]:
        """Return its comments, oldest first."""
        return [_comment(one) for one in self.view.comments]

    @strawberry.field
    def dokumente(self) -> list[CaseDocument]:
        """Return its own documents, without those of its applications, oldest first."""
        return [_document(one) for one in self.view.documents_of(None)]


def _comment(found: Comment) -> CommentText:
    return CommentText(text=found.text, zeitpunkt=instant(found.at_us), von=known_as(found.actor))


def _document(found: Document) -> CaseDocument:
    return CaseDocument(
        filename=found.file_name,
        groesse=found.size_bytes,
        sha256=found.sha256,
        kommentar=found.comment or None,
        tags=list(found.tags),
        zeitpunkt=instant(found.at_us),
        von=known_as(found.actor),
    )


def _change(found: StatusChange) -> Change:
    provider, applicant = found.provider_status, found.applicant_status
    return Change(
        zeitpunkt=instant(found.at_us),
        von=known_as(found.actor),
        produktanbieterstatus=None if provider is None else ProviderStatusValue(provider.value),
        antragstellerstatus=None if applicant is None else ApplicantStatusValue(applicant.value),
        kommentar=found.comment or None,
        hinweise=list(found.hints),
    )
