"""What the services around loan cases need from outside."""

from collections.abc import Sequence
from typing import Protocol

from fallwerk.domain.loancase.model import (
    Application,
    Comment,
    Document,
    HintPlace,
    HintTick,
    ImportedData,
    LoanCase,
    NewDocument,
    StatusChange,
)


class LoanCaseRepository(Protocol):
    """
    Loan cases of all partners.

    Whoever adds to a case holds it first (`held`), so that it cannot be deleted meanwhile; whoever changes an
    application holds that too (`lock`), after the case.
    """

    def get(self, case_number: str, *, hold: bool = False, lock: bool = False) -> LoanCase | None:
        """Return a case; `hold` keeps others from changing its status, `lock` from adding to it as well."""

    def latest(self, reach: frozenset[int] | None, limit: int) -> list[LoanCase]:
        """Return the cases of some tenants, newest first; None asks for those of all."""

    def add(self, case: LoanCase, imported: ImportedData | None = None) -> bool:
        """Store a new case, perhaps with what another system said of it; False if its number is taken anywhere."""

    def imported(self, case: LoanCase) -> ImportedData | None:
        """Return what a case was opened with, None if no other system opened it."""

    def save_status(self, case: LoanCase) -> None:
        """Store a case's status."""

    def application(self, tenant_id: int, application_number: str, *, lock: bool = False) -> Application | None:
        """Return an application; `lock` holds it until the transaction ends."""

    def applications_of(self, tenant_id: int, case_number: str) -> list[Application]:
        """Return a case's applications, oldest first."""

    def find_by_provider_number(self, provider_number: str) -> list[tuple[LoanCase, str]]:
        """Return the cases of all applications with this number, anywhere, each with the application's own number."""

    def add_application(self, application: Application) -> None:
        """Store a new application; its case is locked."""

    def save_statuses(self, application: Application) -> None:
        """Store an application's statuses; it is locked."""

    def add_change(self, application: Application, change: StatusChange) -> None:
        """Append to the history of an application; it is locked."""

    def histories(self, tenant_id: int, case_number: str) -> dict[str, list[StatusChange]]:
        """Return the histories of a case's applications by their numbers, each in the order in which it happened."""

    def add_comments(self, tenant_id: int, case_number: str, comments: Sequence[Comment]) -> None:
        """Append comments in their order."""

    def comments(self, tenant_id: int, case_number: str) -> list[Comment]:
        """Return a case's comments, oldest first."""

    def add_document(self, case: LoanCase, document: NewDocument, *, at_us: int, actor: str) -> bool:
        """
        Append a document to a case or to one of its applications.

        Returns:
            False if the application has a document of the same name, comment and content already; of two at once one.
        """

    def documents(self, tenant_id: int, case_number: str) -> list[Document]:
        """Return the documents of a case and of its applications, oldest first."""

    def find_content(self, tenant_id: int, case_number: str, sha256: bytes) -> bytes | None:
        """Return the blob key of a case's document with this content, None if it has none."""


class HintRepository(Protocol):
    """Which hints are ticked off; whoever changes that holds the application."""

    def of_case(self, tenant_id: int, case_number: str) -> dict[HintPlace, HintTick]:
        """Return what is ticked in all of a case's applications."""

    def get(self, tenant_id: int, place: HintPlace) -> HintTick | None:
        """Return a hint's tick, None if it has none."""

    def tick(self, tenant_id: int, place: HintPlace, tick: HintTick) -> bool:
        """Tick a hint; False if it was ticked already."""

    def untick(self, tenant_id: int, place: HintPlace) -> None:
        """Take a hint's tick back."""
