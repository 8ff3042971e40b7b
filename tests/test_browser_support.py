"""The browser of the tests: found or named as missing, with a camera on demand, and an axe that bites."""

import pytest

from tests.support import browser as support


def test_chromium_is_found_by_its_variable_first(monkeypatch, tmp_path):
    own = tmp_path / "own-chromium"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(own))
    assert support.executable() == own


def test_a_machine_without_chromium_is_told_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(support.ChromiumMissing, match="make chromium"):
        support.executable()


def test_axe_finds_a_field_without_a_label(chromium):
    page = chromium.new_page()
    page.set_content('<html lang="en"><title>x</title><main><h1>x</h1><input name="a"></main></html>')
    with pytest.raises(AssertionError, match="label"):
        support.assert_accessible(page)
    page.set_content('<html lang="en"><title>x</title><main><h1>x</h1><label>a <input name="a"></label></main></html>')
    support.assert_accessible(page)


def test_what_sticks_out_is_found(chromium):
    page = chromium.new_page(viewport=support.PHONE)
    page.set_content('<main style="width: 500px">wide</main>')
    with pytest.raises(AssertionError, match="<main"):
        support.assert_fits(page)
    page.set_content("<main>narrow</main>")
    support.assert_fits(page)


def test_the_fake_camera_delivers_pictures(chromium_with_camera):
    page = chromium_with_camera.new_page()
    # Only a secure origin has a camera, and the loopback is one.
    page.route("http://127.0.0.1/", lambda route: route.fulfill(body="<title>x</title>", content_type="text/html"))
    page.goto("http://127.0.0.1/")
    size = page.evaluate(
        """async () => {
            const stream = await navigator.mediaDevices.getUserMedia({video: true, audio: true});
            const video = document.createElement("video");
            video.srcObject = stream;
            await video.play();
            return [video.videoWidth, video.videoHeight, stream.getAudioTracks().length];
        }"""
    )
    assert min(size[:2]) > 0
    assert size[2] == 1
