"""When a TAN is needed, how it is sent, and where it stands."""

from dataclasses import replace

import pytest

from fallwerk.domain.account.model import IdentClass
from fallwerk.domain.call.model import Tan, TanState
from fallwerk.domain.call.tan import TRIES, view_of, ways_of
from fallwerk.domain.desk.model import Claim
from fallwerk.domain.identcase.attempt import Attempt, AttemptDetails, Preliminary
from fallwerk.domain.identcase.model import Contact, Identification, IdentStatus, Method
from fallwerk.domain.mail.model import Channel, MailKind, Message, MessageStatus
from fallwerk.domain.mail.service import OrderedCodes
from fallwerk.domain.portal.model import Factor
from fallwerk.render.mails.letters import Letters

BOTH = Contact(email="erika@example.org", mobile_phone="+49 171 123456")
EVERY_WAY = frozenset({Factor.MAIL, Factor.SMS})
CLAIM = Claim(user_id=7, taken_us=100, seen_us=100)
SENT = Tan(attempt=1, user_id=7, taken_us=100, until_us=1000)


def attempt(status: IdentStatus, method: Method = Method.VIDEO, proposed: str = "", tan: str = "") -> Attempt:
    details = AttemptDetails(preliminary=Preliminary(proposed) if proposed else None, tan_channel=tan)
    return Attempt(1, Identification(method=method, status=status, created_us=0, modified_us=0), details)


@pytest.mark.req("W-05", "R-04")
def test_a_success_by_video_in_class_gwg_needs_a_tan_and_nothing_else_does() -> None:
    lacking = {
        (status, method, ident_class, proposed, tan)
        for status in IdentStatus
        for method in Method
        for ident_class in IdentClass
        for proposed in ("", "success", "declined")
        for tan in ("", "sms")
        if attempt(status, method, proposed, tan).lacks_tan(ident_class)
    }
    pending, success = IdentStatus.REVIEW_PENDING, IdentStatus.SUCCESS
    gwg = (Method.VIDEO, IdentClass.GWG)
    assert lacking == {
        (pending, *gwg, "success", ""),
        *((success, *gwg, proposed, "") for proposed in ("", "success", "declined")),
    }


@pytest.mark.req("W-05")
def test_a_text_message_goes_before_a_mail_where_a_gateway_takes_it() -> None:
    assert ways_of(BOTH, OrderedCodes(EVERY_WAY)) == (Factor.SMS, Factor.MAIL)
    assert ways_of(BOTH, OrderedCodes(EVERY_WAY, has_gateway=False)) == (Factor.MAIL, Factor.SMS)
    assert ways_of(BOTH, OrderedCodes(frozenset({Factor.MAIL}))) == (Factor.MAIL,)
    assert ways_of(replace(BOTH, mobile_phone=None), OrderedCodes(EVERY_WAY)) == (Factor.MAIL,)
    assert ways_of(Contact(), OrderedCodes(EVERY_WAY)) == ()
    assert ways_of(None, OrderedCodes(EVERY_WAY)) == ways_of(BOTH, None) == ()


@pytest.mark.req("W-05")
@pytest.mark.parametrize(
    ("tan", "attempt_number", "claim", "now_us", "state"),
    [
        (SENT, 1, CLAIM, 999, TanState.SENT),
        (SENT, None, CLAIM, 999, TanState.SENT),
        (SENT, 1, CLAIM, 1000, TanState.EXPIRED),
        (replace(SENT, failures=TRIES), 1, CLAIM, 999, TanState.SPENT),
        (replace(SENT, confirmed_us=500), 1, CLAIM, 5000, TanState.CONFIRMED),
        (replace(SENT, confirmed_us=500), 2, CLAIM, 600, TanState.NONE),
        (replace(SENT, confirmed_us=500), 1, replace(CLAIM, user_id=8), 600, TanState.NONE),
        (replace(SENT, confirmed_us=500), 1, replace(CLAIM, taken_us=101), 600, TanState.NONE),
        (replace(SENT, confirmed_us=500), 1, replace(CLAIM, seen_us=900), 600, TanState.CONFIRMED),
        (SENT, 1, None, 999, TanState.NONE),
        (None, 1, CLAIM, 999, TanState.NONE),
    ],
)
def test_where_a_tan_stands(
    tan: Tan | None, attempt_number: int | None, claim: Claim | None, now_us: int, state: TanState
) -> None:
    assert view_of(tan, attempt_number, claim, now_us=now_us).state is state


@pytest.mark.req("W-06")
@pytest.mark.parametrize(
    ("language", "words"), [("de", ("TAN", "niemandem")), ("en", ("TAN", "nobody"))], ids=["de", "en"]
)
def test_a_tan_says_in_both_languages_and_by_both_ways_what_it_is_for(language: str, words: tuple[str, ...]) -> None:
    facts = {"language": language, "code": "123456", "valid_until": "1800000000000000"}
    for channel in Channel:
        message = Message(1, 2, "ABCD", channel, MailKind.TAN, "x", facts, MessageStatus.PENDING, (), 0, 1)
        letter = Letters("https://ident.example").write(message)
        assert all(word in letter.text for word in ("123456", *words))
        assert "https://" not in letter.text
        if channel is Channel.SMS:
            assert len(letter.text) <= 160
        else:
            assert "123456" in letter.subject
            assert "123456" in letter.html
