"""
The coupon as a page: `coupon.typ` with the sheet's data, and a Data Matrix for the counter's scanner.

typst keeps the interpreter lock while it sets a page (about two milliseconds), so more threads than one would gain
nothing; one is enough to keep the event loop's turns in between. Each page is a script of its own that hands its data
to `coupon.typ`: data in `sys.inputs` would take about five milliseconds, since a change of them makes the compiler
forget all that it has set before.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson
import structlog

from fallwerk.domain.coupon.model import CouponSheet
from fallwerk.domain.coupon.scan import Scan, scan_text
from fallwerk.kit import affinity
from fallwerk.kit.clock import BERLIN, from_us

log = structlog.get_logger()

FOLDER: Final = Path(__file__).parent
SCRIPT: Final = '#import "coupon.typ": coupon\n#coupon(json(bytes({sheet})), bytes({symbol}))'
FONTS: Final = "font_source_sans_pro"
"""The package whose files the page is set in; they lie in its folder `files`."""
STANDARD: Final = ("a-2a",)
"""PDF/A for keeping, level A: tagged, so that a screen reader can read it."""
LANGUAGES: Final = {"DE_DE": "de", "EN_UK": "en"}
LOCALES: Final = {"de": "de_DE", "en": "en_GB"}


class CouponPress:
    """Prints coupons with one compiler in one thread; see `domain.coupon.ports.CouponPrinter`."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "coupon", initializer=affinity.roam)
        self._compiler: Any = None

    async def print(self, sheet: CouponSheet) -> bytes:
        """Return one A4 page as PDF/A-2a."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.set_page, sheet)

    async def stop(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def set_page(self, sheet: CouponSheet) -> bytes:
        """
        Set the page here and now.

        A name in a script that no font here has cannot stand in a PDF/A: its place becomes a line to write on.
        """
        import typst  # noqa: PLC0415 - costs start-up time, needed later

        if self._compiler is None:
            fonts = typst.Fonts(include_system_fonts=True, font_paths=[_font_folder()])
            self._compiler = typst.Compiler(root=FOLDER, font_paths=fonts)
        try:
            return self._compiled(sheet, named=True)
        except typst.TypstError:
            log.info("coupon.name_left_out")
            return self._compiled(sheet, named=False)

    def _compiled(self, sheet: CouponSheet, *, named: bool) -> bytes:
        issued = datetime.fromtimestamp(sheet.issued_us // 1_000_000, UTC)
        fields = orjson.dumps(_fields(sheet, named=named)).decode()
        script = SCRIPT.format(sheet=_literal(fields), symbol=_literal(_symbol(sheet)))
        content: bytes = self._compiler.compile(
            script.encode(),
            format="pdf",
            pdf_standards=list(STANDARD),
            timestamp=issued,
        )
        return content


def _font_folder() -> Path:
    """Find the fonts without loading their package, which would look at every file."""
    found = find_spec(FONTS)
    if found is None or found.origin is None:
        raise ModuleNotFoundError(FONTS)
    return Path(found.origin).parent / "files"


def _literal(text: str) -> str:
    """Write a text as one of typst's; only these two signs mean anything in there, so nothing gets out of it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _fields(sheet: CouponSheet, *, named: bool) -> dict[str, Any]:
    language = LANGUAGES.get(sheet.language, "de")
    return {
        "language": language,
        "caseId": sheet.case_id,
        "referenceId": sheet.reference_id,
        "accountingNumber": sheet.accounting_number,
        "validUntil": _moment(sheet.valid_until_us, language),
        "issued": _moment(sheet.issued_us, language),
        "firstName": sheet.first_name if named else "",
        "lastName": sheet.last_name if named else "",
        "company": sheet.company if named else "",
        "licenceWanted": sheet.licence_wanted,
    }


def _moment(instant_us: int, language: str) -> str:
    """Put an instant into words, Europe/Berlin."""
    from babel.dates import format_date  # noqa: PLC0415 - costs start-up time, needed later

    local = from_us(instant_us).astimezone(BERLIN)
    day = format_date(local, "d. MMMM y" if language == "de" else "d MMMM y", locale=LOCALES[language])
    return f"{day}, {local:%H:%M} Uhr" if language == "de" else f"{day}, {local:%H:%M} (German time)"


def _symbol(sheet: CouponSheet) -> str:
    """Return the Data Matrix as SVG, with its quiet zone."""
    import zxingcpp  # noqa: PLC0415 - costs start-up time, needed later

    text = scan_text(Scan(sheet.case_id, sheet.reference_id, sheet.accounting_number))
    made = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True)
    symbol: str = zxingcpp.write_barcode_to_svg(made, add_quiet_zones=True)
    return symbol
