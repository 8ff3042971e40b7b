"""
A video call between two Chromiums with fake cameras: pictures really arrive on both sides, directly and by TURN.

With `--screenshots docs/portal` the call's pages are photographed.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.api.conftest import EVERYTHING, Running, deploy
from tests.support.browser import DESKTOP, PHONE, Complaints, assert_accessible, assert_fits, photograph
from tests.support.console import CHOSEN, make_user
from tests.support.mail_server import until
from tests.support.portal import FULL
from tests.support.scr import started
from tests.support.turn import SECRET, turn_server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.support.databases import Databases

SPY: Final = """
const Own = window.RTCPeerConnection;
window.peers = [];
window.RTCPeerConnection = class extends Own { constructor(...all) { super(...all); window.peers.push(this); } };
"""
FRAMES: Final = """async () => {
  let frames = 0;
  for (const peer of window.peers) for (const one of (await peer.getStats()).values())
    if (one.type === "inbound-rtp" && one.kind === "video") frames = Math.max(frames, one.framesDecoded || 0);
  return frames;
}"""
RELAYED: Final = """async () => {
  const found = [];
  for (const peer of window.peers) {
    const stats = await peer.getStats();
    for (const pair of stats.values()) if (pair.type === "candidate-pair" && pair.nominated)
      found.push(stats.get(pair.localCandidateId).candidateType);
  }
  return found;
}"""


@pytest.fixture(params=("postgresql-3", "turn"))
def world(
    request: pytest.FixtureRequest, databases: "Databases", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Running, bool]]:
    """Three server processes that the browsers are spread over, and a server whose calls all go through TURN."""
    if request.param != "turn":
        with deploy(databases, tmp_path_factory, request.param) as made:
            yield made, False
        return
    with turn_server(tmp_path_factory.mktemp("turn")) as address:
        env = {"FALLWERK_ICE_URLS": address, "FALLWERK_TURN_SECRET": SECRET, "FALLWERK_TURN_ONLY": "true"}
        with deploy(databases, tmp_path_factory, "sqlite", env) as made:
            yield made, True


class Scene:
    """A person's phone and an agent's desk."""

    def __init__(self, browser: "Browser", server: Running, case_id: str) -> None:
        self.server, self.case_id = server, case_id
        self.contexts = [browser.new_context(locale="de-DE") for _ in range(2)]
        for context in self.contexts:
            context.add_init_script(SPY)
        self.person, self.agent = (context.new_page() for context in self.contexts)
        self.complaints = [Complaints(page) for page in (self.person, self.agent)]

    def wait_in_the_portal(self) -> None:
        page = self.person
        page.goto(f"{self.server.url}/identportal/{self.case_id}/verfahren")
        if page.url.endswith("/einwilligung"):
            page.check("input[name=agreed]")
            page.click("main button[type=submit]")
        page.goto(f"{self.server.url}/identportal/{self.case_id}/verfahren")
        page.click("button[name=method][value=video], button[value=video]")
        page.check("input[name=agreed]")
        page.click("main button[type=submit]")
        page.wait_for_selector("[data-call] [data-own]:not([hidden])")

    def answer_at_the_desk(self) -> None:
        made = make_user(self.server, ["agent"])
        page = self.agent
        page.goto(f"{self.server.url}/console/sign-in")
        page.fill("input[name=username]", made["username"])
        page.fill("input[name=password]", made["password"])
        page.click("main button[type=submit]")
        page.fill("input[name=present]", made["password"])
        page.fill("input[name=new]", CHOSEN)
        page.fill("input[name=repeat]", CHOSEN)
        page.click("main button[type=submit]")
        page.goto(f"{self.server.url}/console/video")
        page.click(f"form[action$='{self.case_id}/take'] button")

    def close(self) -> None:
        for context in self.contexts:
            context.close()


def frames_grow(page: "Page") -> None:
    page.wait_for_function("async () => (await (" + FRAMES + ")()) > 0", timeout=30_000)
    before = page.evaluate(FRAMES)
    page.wait_for_function(f"async () => (await ({FRAMES})()) > {before} + 5", timeout=15_000)


def look(page: "Page", name: str, folder: Path | None) -> None:
    for size in (DESKTOP, PHONE):
        page.set_viewport_size(size)
        assert_fits(page)
        if folder is not None:
            photograph(page, folder / f"{name}-{size['width']}.png")
    assert_accessible(page)


def confirm_a_tan(scene: Scene, folder: Path | None) -> None:
    """Beside the running call, of which neither page is loaded anew."""
    person, agent = scene.person, scene.agent
    for page in (person, agent):
        page.evaluate("() => { window.stayed = true; }")
    agent.click("[data-tan] button[value=mail]")
    agent.wait_for_selector("[data-tan-state]:text('TAN gesendet.')")
    person.wait_for_selector("#tan:visible")

    def mailed() -> list[str]:
        mails = scene.server.sandbox("GET", "/mails").json()
        return [mail["subject"][-6:] for mail in mails if scene.case_id in mail["text"] and "TAN" in mail["subject"]]

    until(lambda: bool(mailed()))
    (tan,) = mailed()
    person.fill("#tan", f"{(int(tan) + 1) % 1_000_000:06}")
    person.click("[data-tan-form] button")
    person.wait_for_selector("[data-tan-said]:text('Noch 2 Versuche')")
    look(person, "video-tan", folder)
    person.fill("#tan", tan)
    person.press("#tan", "Enter")
    person.wait_for_selector("[data-tan-state]:text('Ihre TAN ist bestätigt.')")
    agent.wait_for_selector("[data-tan-state]:text('TAN bestätigt.')")
    assert not person.is_visible("#tan")
    for page in (person, agent):
        assert page.evaluate("() => window.stayed") is True
        frames_grow(page)


@pytest.mark.req("W-05", "S-46")
def test_both_sides_see_each_other_and_a_reload_goes_on(
    world: tuple[Running, bool], chromium_with_camera: "Browser", request: pytest.FixtureRequest
) -> None:
    server, by_turn = world
    account = server.account(**EVERYTHING | {"identClass": "GwG"})
    scene = Scene(chromium_with_camera, server, started(account, FULL))
    folder: Any = request.config.getoption("--screenshots") if not by_turn else None
    try:
        scene.wait_in_the_portal()
        look(scene.person, "video-waiting", folder)
        scene.answer_at_the_desk()
        for page in (scene.person, scene.agent):
            frames_grow(page)
        scene.person.wait_for_selector("[data-call] [role=status]:text('Sie sind verbunden.')")
        scene.agent.wait_for_selector("[data-call] [role=status]:text('Verbunden.')")
        if by_turn:
            assert set(scene.person.evaluate(RELAYED)) == {"relay"}
            assert set(scene.agent.evaluate(RELAYED)) == {"relay"}
        look(scene.person, "video-call", folder)
        confirm_a_tan(scene, folder)
        look(scene.agent, "video-desk", folder)
        # The person reloads in the middle of it: the call goes on by itself.
        scene.person.reload()
        for page in (scene.person, scene.agent):
            frames_grow(page)
        assert [complaints.found for complaints in scene.complaints] == [[], []]
    finally:
        scene.close()
