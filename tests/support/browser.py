"""
The system's Chromium for tests that look at pages as people do; a machine without one is an error, never a skip.

The fixtures are module-scoped on purpose: while a driver runs, the test's thread has a running event loop, in which
`asyncio.run` of another module's test would fail.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    # Loaded by the tests that need them: every other test run would pay half a second for them.
    from playwright.sync_api import Browser, Page, Playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
VARIABLE: Final = "CHROMIUM"
ARGUMENTS: Final = (
    # As root, as in most containers, Chromium has no sandbox; it sees nothing but our own pages.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    # It would call home otherwise.
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FAKE_MEDIA: Final = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")
"""A camera that films a moving pattern and a microphone that beeps; nobody is asked for permission."""
STANDARDS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
PHONE: Final = {"width": 390, "height": 844}
DESKTOP: Final = {"width": 1280, "height": 900}


class ChromiumMissing(Exception):
    """No Chromium on this machine; `make test` installs it where it can."""

    def __init__(self) -> None:
        super().__init__(
            f"no Chromium found ({', '.join(NAMES)} on PATH, or ${VARIABLE}); "
            "`make chromium` installs Debian's as root, elsewhere install it by hand"
        )


def executable() -> Path:
    """
    Find Chromium.

    Raises:
        ChromiumMissing: neither `$CHROMIUM` nor one of the usual names leads to a program.
    """
    for name in filter(None, (os.environ.get(VARIABLE), *NAMES)):
        found = shutil.which(name)
        if found:
            return Path(found)
    raise ChromiumMissing


@contextmanager
def launched(driver: "Playwright", *, fake_media: bool = False, arguments: Sequence[str] = ()) -> "Iterator[Browser]":
    """Run a Chromium; `fake_media` gives it a camera and a microphone."""
    browser = driver.chromium.launch(
        executable_path=executable(), args=[*ARGUMENTS, *(FAKE_MEDIA if fake_media else ()), *arguments]
    )
    try:
        yield browser
    finally:
        browser.close()


@pytest.fixture(scope="module")
def driver() -> "Iterator[Playwright]":
    """What drives browsers; a process may have one at a time."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def chromium(driver: "Playwright") -> "Iterator[Browser]":
    """A browser without camera, shared by a module's tests; each takes a context of its own."""
    with launched(driver) as browser:
        yield browser


@pytest.fixture(scope="module")
def chromium_with_camera(driver: "Playwright") -> "Iterator[Browser]":
    """A browser with fake camera and microphone, shared by a module's tests."""
    with launched(driver, fake_media=True) as browser:
        yield browser


def assert_accessible(page: "Page") -> None:
    """Assert that axe finds nothing against WCAG 2.2 AA on the page as it stands."""
    from axe_playwright_python.sync_playwright import Axe  # noqa: PLC0415

    found: dict[str, Any] = Axe().run(page, options={"runOnly": list(STANDARDS)}).response
    faults = [
        f"{violation['id']} ({violation['help']}): {node['html'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]
    assert not faults, f"{page.url}\n" + "\n".join(faults)


def assert_fits(page: "Page") -> None:
    """Assert that nothing sticks out of the page's width, so that nobody has to scroll sideways (WCAG 1.4.10)."""
    wide = page.evaluate(
        """() => [...document.querySelectorAll("body *")]
            .filter(e => e.getClientRects().length && !e.closest(".spoken, [hidden]"))
            .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    assert not wide, f"{page.url}\n" + "\n".join(wide)


class Complaints:
    """What a page's console and its policy complained about; a good page leaves it empty."""

    def __init__(self, page: "Page") -> None:
        self.found: list[str] = []
        page.on("pageerror", lambda error: self.found.append(f"script: {error}"))
        page.on("console", lambda message: self._console(message.type, message.text))

    def _console(self, kind: str, text: str) -> None:
        # An answer of 4xx is what some of the tests are about; the browser reports each as an error of its own.
        if kind in {"error", "warning"} and not re.match(r"Failed to load resource: the server responded", text):
            self.found.append(f"{kind}: {text}")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run keep what it looks at."""
    group = parser.getgroup("fallwerk")
    group.addoption("--screenshots", type=Path, metavar="FOLDER", help="photograph the pages, filled in as usual")


class Looks:
    """
    Looks at a page on a phone and on a desk: nothing sticks out, axe is content, the console is empty.

    Args:
        folder: Where photographs go; None takes none.
    """

    def __init__(self, page: "Page", folder: Path | None) -> None:
        self.page = page
        self.folder = folder
        self.complaints = Complaints(page)
        self.seen: list[str] = []

    def look(self, name: str) -> None:
        """Look at the page as it stands."""
        self.seen.append(name)
        for size in (DESKTOP, PHONE):
            self.page.set_viewport_size(size)
            assert_fits(self.page)
            if self.folder is not None:
                photograph(self.page, self.folder / f"{name}-{size['width']}.png")
        # Colours, names and roles are the same in both widths; a phone's is where people mostly are.
        assert_accessible(self.page)
        assert self.complaints.found == [], name


def photograph(page: "Page", file: Path) -> None:
    """Keep a picture of the whole page, in as many colours as it needs."""
    import io  # noqa: PLC0415

    from PIL import Image  # noqa: PLC0415

    file.parent.mkdir(parents=True, exist_ok=True)
    shot = Image.open(io.BytesIO(page.screenshot(full_page=True, animations="disabled")))
    shot.convert("RGB").quantize(48).save(file, optimize=True)
