"""
The portal's addresses: the `caseURL` itself and the pages behind it.

Source: START §General Flow, §3; S-40 to S-46, W-01 to W-03. Every page works without a script; what a camera needs adds
one of its own.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fallwerk.domain.portal.ports import CodeSender
from fallwerk.web.portal.confirming import Confirming
from fallwerk.web.portal.frame import NUMBER, PATH, Deps, Frame
from fallwerk.web.portal.notices import Notices
from fallwerk.web.portal.overview import Overview


def routes(deps: Deps, *, sender: CodeSender | None = None) -> list[BaseRoute]:
    """
    Return the portal's routes.

    Args:
        sender: How codes reach people; None: nobody is offered one.
    """
    frame = Frame(deps)
    overview, notices, confirming = Overview(frame), Notices(frame), Confirming(frame, sender)

    async def enter(request: Request) -> Response:
        written = request.query_params.get(NUMBER, "").strip()
        return await frame.serve(request, written, overview.show, None) if written else frame.ask(request)

    async def nowhere(request: Request) -> Response:
        return frame.ask(request)

    return [
        frame.pages.files.route(),
        Route(f"{PATH}/", enter, methods=["GET"]),
        Route(PATH, enter, methods=["GET"]),
        frame.route("hilfe", notices.help),
        frame.route("datenschutz", notices.privacy),
        frame.route("handy", notices.phone),
        frame.route("qr.svg", notices.code),
        frame.route("bestaetigen", confirming.show, confirming.take),
        frame.route("daten", confirming.stored),
        Route(f"{PATH}/{{rest:path}}", nowhere, methods=["GET"]),
    ]
