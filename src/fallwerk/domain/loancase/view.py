"""A loan case that is read section by section, within one transaction."""

from functools import cached_property
from typing import TYPE_CHECKING

from fallwerk.domain.loancase.model import Application, Comment, Document, ImportedData, LoanCase, StatusChange
from fallwerk.domain.partner.model import Partner

if TYPE_CHECKING:
    from fallwerk.domain.unit_of_work import UnitOfWork


class LoanCaseView:
    """
    One loan case; each section is read with one statement when somebody first asks for it, and never again.

    So whoever wants little unseals little, and a hundred applications cost no more statements than one.
    """

    def __init__(self, uow: "UnitOfWork", case: LoanCase) -> None:
        self._uow = uow
        self.case = case

    @cached_property
    def owner(self) -> Partner:
        """Who looks after it (decision 43)."""
        owner = self._uow.partners.partner_of(self.case.tenant_id)
        if owner is None:
            raise LookupError("a loan case's tenant is no partner")
        return owner

    @cached_property
    def imported(self) -> ImportedData | None:
        """What another system opened it with."""
        return self._uow.loans.imported(self.case)

    @cached_property
    def comments(self) -> list[Comment]:
        """Its comments, oldest first."""
        return self._uow.loans.comments(self.case.tenant_id, self.case.case_number)

    @cached_property
    def applications(self) -> list[Application]:
        """Its applications, oldest first."""
        return self._uow.loans.applications_of(self.case.tenant_id, self.case.case_number)

    @cached_property
    def _documents(self) -> list[Document]:
        return self._uow.loans.documents(self.case.tenant_id, self.case.case_number)

    @cached_property
    def _histories(self) -> dict[str, list[StatusChange]]:
        return self._uow.loans.histories(self.case.tenant_id, self.case.case_number)

    def documents_of(self, application_number: str | None) -> list[Document]:
        """Return the documents of an application, or with None those of the case itself, oldest first."""
        return [found for found in self._documents if found.application_number == application_number]

    def history_of(self, application_number: str) -> list[StatusChange]:
        """Return an application's history in the order in which it happened."""
        return self._histories.get(application_number, [])
