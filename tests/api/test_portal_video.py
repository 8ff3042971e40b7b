"""The method video at the portal, all but the call: consent to the recording, and a place in the queue."""

import pytest

from tests.api.conftest import EVERYTHING, Running
from tests.support.portal import FULL, Person
from tests.support.scr import rows, started


def waiting(server, account):
    somebody = Person(account, started(account, FULL))
    somebody.choose("video")
    return somebody


def accept(somebody):
    import re  # noqa: PLC0415

    page = somebody.open("video")
    version = re.search(r'name="version" value="([^"]*)"', page.text)[1]
    return somebody.send("video", agreed="yes", version=version)


def place(somebody):
    answer = somebody.http.get(f"/identportal/{somebody.case_id}/video-platz")
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()["position"]


@pytest.mark.req("W-02")
def test_without_consent_to_the_recording_nobody_waits(server):
    account = server.account(**EVERYTHING)
    with waiting(server, account) as somebody:
        somebody.open("video")
        page = somebody.send("video", version="x")
        assert page.status_code == 422
        assert "Ohne Aufzeichnung ist dieses Verfahren nicht möglich." in page.text
        assert place(somebody) is None
        assert rows(server, "SELECT * FROM waiting_person WHERE case_id = ?", somebody.case_id) == []
        assert "Gleich geht es los" in accept(somebody).text
        found = rows(server, "SELECT kind FROM ident_consent WHERE case_id = ?", somebody.case_id)
        assert "recording" in {row["kind"] for row in found}
        assert place(somebody) >= 1


def test_places_are_first_come_first_served_and_silence_is_passed_over(own_server: Running) -> None:
    account = own_server.account(**EVERYTHING)
    with (
        waiting(own_server, account) as first,
        waiting(own_server, account) as second,
        waiting(own_server, account) as third,
    ):
        for somebody in (first, second, third):
            accept(somebody)
        assert [place(somebody) for somebody in (first, second, third)] == [1, 2, 3]
        assert "Platz 3" in third.open("video").text
        # The first one closes the page.
        own_server.advance(31)
        assert [place(somebody) for somebody in (second, third)] == [1, 2]
        # And is back in the old place.
        assert place(first) == 1
        assert place(third) == 3
        first.open("video")
        first.send("video", leave="yes")
        assert [place(somebody) for somebody in (second, third)] == [1, 2]
        own_server.sandbox(
            "POST",
            f"/cases/{second.case_id}/simulate",
            json={"method": "video", "status": "review pending"},
        )
        assert place(second) is None
        assert "Wir prüfen Ihre Angaben" in second.open("video").text
