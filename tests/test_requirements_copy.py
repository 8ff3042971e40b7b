"""docs/requirements.md is the table that marks and reports name, and does not drift from where it was agreed."""

import re
from collections import Counter
from pathlib import Path

from tests.support.rows import rows_of

ROOT = Path(__file__).parent.parent
COPY = ROOT / "docs" / "requirements.md"
SOURCE = ROOT.parent / "shared" / "spec" / "requirements.md"


def row_ids() -> list[str]:
    return re.findall(r"^\| ([A-Z]-\d\d) \|", COPY.read_text(), re.MULTILINE)


def test_the_copy_says_what_its_source_says():
    # The source lies beside the repository where the project is planned; elsewhere the copy stands for itself.
    agreed = SOURCE.read_text() if SOURCE.exists() else COPY.read_text()
    assert COPY.read_text() == agreed


def test_every_table_row_has_an_id_of_its_own():
    rows = row_ids()
    lines = [line for line in COPY.read_text().splitlines() if line.startswith("|")]
    heads = [line for line in lines if line.startswith(("| id |", "|---"))]
    assert len(rows) == len(lines) - len(heads)
    assert [row for row, count in Counter(rows).items() if count > 1] == []


def test_every_mark_names_a_row(request):
    known = set(row_ids())
    unknown = {(item.nodeid, row) for item in request.session.items for row in rows_of(item) if row not in known}
    assert unknown == set()
