"""
The text in a coupon's Data Matrix, and what a counter makes of a scan.

`PI1:<caseId>:<referenceId>:<accountingNumber>`: none of the three can hold a colon, and whoever reads the text
without us still finds all of them.
"""

import re
from dataclasses import dataclass
from typing import Final

from fallwerk.domain.identcase.model import IdentCase
from fallwerk.domain.unit_of_work import UnitOfWork

MARK: Final = "PI1"
_SCAN: Final = re.compile(rf"{MARK}:([0-9A-Z]{{12}}):([0-9A-Za-z._-]{{1,14}}):([0-9A-Za-z-]{{0,20}})")


@dataclass(frozen=True, slots=True)
class Scan:
    """What a coupon says of itself; anybody can print one, so it names a case and proves nothing."""

    case_id: str
    reference_id: str
    accounting_number: str


def scan_text(scan: Scan) -> str:
    """Return the text that a coupon's symbol holds (S-62)."""
    return f"{MARK}:{scan.case_id}:{scan.reference_id}:{scan.accounting_number}"


def parse_scan(text: str) -> Scan | None:
    """
    Read what a scanner typed; None if it is no coupon, such as a reference that somebody typed by hand.

    Scanners add blanks, tabs or line ends; anything else beside the text is refused.
    """
    found = _SCAN.fullmatch(text.strip())
    return Scan(*found.groups()) if found is not None else None


def scanned_case(uow: UnitOfWork, scan: Scan) -> IdentCase | None:
    """
    Find the case of a scan, closed ones included; None if there is none any more or it carries another reference.

    Source: S-47, S-62.
    """
    tenant_id = uow.cases.find_tenant(scan.case_id)
    case = None if tenant_id is None else uow.cases.head(tenant_id, scan.case_id)
    return case if case is not None and case.reference_id == scan.reference_id else None
