"""Consent, the choice of a method, and giving up: the steps between the first page and a method's own (W-02, W-03)."""

from typing import Final

from starlette.responses import Response

from fallwerk.domain.identcase.errors import CaseClosed, CaseUnknown
from fallwerk.domain.identcase.lifecycle import IllegalStep, Role
from fallwerk.domain.identcase.model import Method
from fallwerk.domain.identcase.service.attempts import MethodNotOffered, begin_attempt, cancel_attempts
from fallwerk.domain.identcase.service.person import record_consent
from fallwerk.domain.unit_of_work import UnitOfWork
from fallwerk.web.portal.cases import CaseView
from fallwerk.web.portal.frame import Frame, Turn
from fallwerk.web.portal.moments import moment
from fallwerk.web.portal.notices import consent_of, notice_of, paragraphs, version_of
from fallwerk.web.portal.overview import METHOD_PAGES
from fallwerk.web.portal.texts import LANGUAGES, words

UNPROCESSABLE: Final = 422
PRIVACY: Final = "privacy"
IDENTIFICATION: Final = "identification"
"""Kinds of consent."""


def versions(turn: Turn, language: str) -> dict[str, str]:
    """Return per kind of consent the version of the words that are shown in a language."""
    account = turn.case.account
    return {
        PRIVACY: version_of(notice_of(account, language)),
        IDENTIFICATION: version_of(consent_of(account, language)),
    }


def has_agreed(turn: Turn) -> bool:
    """Tell whether the person agreed to the words that hold now, in either language (W-02)."""
    return any(set(versions(turn, language).items()) <= turn.case.agreed for language in LANGUAGES)


def next_page(turn: Turn) -> str:
    """Return the name of the page that comes next: consent before any data, data before a method."""
    if not has_agreed(turn):
        return "einwilligung"
    return "angaben" if turn.case.missing else "verfahren"


def stopped(frame: Frame, turn: Turn, method: Method) -> Response | None:
    """Send somebody on who came to a method's page too early, or whose account does not have it; None: go on."""
    if not has_agreed(turn) or turn.case.missing:
        return frame.to(turn, next_page(turn))
    if method not in turn.case.open_methods:
        return frame.to(turn, "verfahren")
    return None


class Choosing:
    """
    The steps that all methods share.

    Args:
        offered: Which of an account's methods can be used here at all.
    """

    def __init__(self, frame: Frame, offered: frozenset[Method]) -> None:
        self._frame = frame
        self._offered = offered

    async def on(self, turn: Turn) -> Response:
        """Send the browser to the page that comes next."""
        return self._frame.to(turn, next_page(turn))

    async def consent(self, turn: Turn) -> Response:
        """Show what is to be agreed to."""
        if has_agreed(turn):
            return self._frame.to(turn, "weiter")
        return self._consent(turn, {})

    async def agree(self, turn: Turn) -> Response:
        """Record the consent with its time and the versions of both texts (W-02)."""
        if has_agreed(turn):
            return self._frame.to(turn, "weiter")
        shown = versions(turn, turn.language)
        # Words that changed between reading and sending are not what was agreed to: they are shown again.
        read = turn.form.get("version") == version_of(*shown.values())
        if turn.form.get("agreed") != "yes" or not read:
            texts = words(turn.language, turn.case.account.display_name)
            return self._consent(turn, {"agreed": texts["consent_needed"]})
        case = turn.case

        def record(uow: UnitOfWork) -> None:
            for kind, version in shown.items():
                record_consent(
                    uow,
                    case.tenant_id,
                    case.case_id,
                    kind=kind,
                    text_version=version,
                    language=turn.language,
                    actor=turn.actor,
                    now_us=turn.now_us,
                )

        try:
            await self._frame.deps.store.write(record)
        except (CaseClosed, CaseUnknown):
            return self._frame.to(turn)
        return self._frame.to(turn, "weiter")

    async def methods(self, turn: Turn) -> Response:
        """Show the account's methods with what each needs."""
        if next_page(turn) != "verfahren":
            return self._frame.to(turn, "weiter")
        return self._methods(turn, {})

    async def choose(self, turn: Turn) -> Response:
        """Begin an attempt, or go on with the one that is open."""
        if next_page(turn) != "verfahren":
            return self._frame.to(turn, "weiter")
        case, chosen = turn.case, turn.form.get("method", "")
        if chosen not in offered_methods(case, self._offered):
            texts = words(turn.language, case.account.display_name)
            return self._methods(turn, {"method": texts["methods_fault"]})
        method = Method(chosen)
        try:
            await self._frame.deps.store.write(
                lambda uow: begin_attempt(
                    uow,
                    case.tenant_id,
                    case.case_id,
                    method,
                    actor=turn.actor,
                    role=Role.USER,
                    now_us=turn.now_us,
                )
            )
        except (CaseClosed, CaseUnknown, MethodNotOffered, IllegalStep):
            # The case moved on in another tab or at a desk: its page says where it stands.
            return self._frame.to(turn)
        return self._frame.to(turn, METHOD_PAGES[method])

    async def ask_cancel(self, turn: Turn) -> Response:
        """Ask before giving up: it cannot be taken back."""
        if not turn.case.open_methods:
            return self._frame.to(turn)
        until = moment(turn.case.valid_until_us, turn.language)
        closes = bool(set(turn.case.open_methods) & set(turn.case.account.declined_closes))
        return self._frame.page(turn, "cancel.html", closes=closes, until_words=f"{until.day}, {until.clock}")

    async def cancel(self, turn: Turn) -> Response:
        """Give up every open attempt."""
        case = turn.case
        await self._frame.deps.store.write(
            lambda uow: cancel_attempts(uow, case.tenant_id, case.case_id, actor=turn.actor, now_us=turn.now_us)
        )
        return self._frame.to(turn)

    def _consent(self, turn: Turn, faults: dict[str, str]) -> Response:
        account, language = turn.case.account, turn.language
        return self._frame.page(
            turn,
            "consent.html",
            UNPROCESSABLE if faults else 200,
            paragraphs=paragraphs(consent_of(account, language)),
            notice=paragraphs(notice_of(account, language)),
            version=version_of(*versions(turn, language).values()),
            faults=faults,
        )

    def _methods(self, turn: Turn, faults: dict[str, str]) -> Response:
        return self._frame.page(
            turn,
            "methods.html",
            UNPROCESSABLE if faults else 200,
            methods=[method.value for method in offered_methods(turn.case, self._offered)],
            faults=faults,
        )


def offered_methods(case: CaseView, usable: frozenset[Method]) -> list[Method]:
    """Return the methods that a person can choose, in the account's order."""
    return [method for method in case.account.methods if method in usable]
