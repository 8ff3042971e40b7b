"""What the outermost layer does to every request."""

import asyncio
import os
from typing import Any

import httpx
import orjson
import pytest
from starlette.responses import JSONResponse, Response

from fallwerk.kit.clock import Clock
from fallwerk.kit.journal import Journal
from fallwerk.kit.logs import LineWriter, RequestLog
from fallwerk.kit.metrics import Metrics
from fallwerk.kit.shared import SharedState
from fallwerk.own.observer import Observer

START = "/api/scr/v1/1234ABCD/cases"


class OneFault:
    """A fault that is ordered for whatever comes."""

    def __init__(self, status: int | None) -> None:
        self.status = status
        self.struck: list[tuple[str, str]] = []

    def quiet(self) -> bool:
        return False

    async def strike(self, method: str, path: str) -> int | None:
        self.struck.append((method, path))
        return self.status


class Around:
    """An observer around an application, with everything it writes."""

    def __init__(self, app: Any, *, faults: Any = None, https: bool = False) -> None:
        shared = SharedState()
        clock = Clock(shared)
        self.journal = Journal(shared, clock, lifetime_s=3600, masked=False)
        self.metrics = Metrics()
        self._read, write = os.pipe()
        self._write = write
        self._log = RequestLog(LineWriter(write), enabled=True, readable=False)
        self.observer = Observer(
            app,
            clock=clock,
            journal=self.journal,
            metrics=self.metrics,
            request_log=self._log,
            faults=faults,
            https=https,
        )

    def call(self, method: str = "GET", path: str = START, **options: Any) -> httpx.Response:
        async def run() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.observer, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
                return await client.request(method, path, **options)

        return asyncio.run(run())

    def log_lines(self) -> list[dict[str, Any]]:
        self._log.flush()
        os.close(self._write)
        with os.fdopen(self._read, "rb") as lines:
            return [orjson.loads(line) for line in lines]


async def echo(scope, receive, send):
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    notes = scope["fallwerk.observed"]
    notes.operation, notes.account, notes.tenant_id, notes.case_id = "startCase", "1234ABCD", 7, "AAAAAAAAAAAA"
    await Response(body or b"{}", 201, media_type="application/json")(scope, receive, send)


async def broken(scope, receive, send):
    raise RuntimeError("Erika Mustermann")


async def unanswered(scope, receive, send):
    return


@pytest.mark.parametrize("trace_id", ["a", "x" * 128, "!~", "two words"])
def test_a_caller_s_trace_id_is_kept_and_returned(trace_id):
    around = Around(echo)
    response = around.call(headers={"X-TraceId": trace_id})
    assert response.headers["x-traceid"] == trace_id
    assert around.journal.entries()[0].trace_id == trace_id


@pytest.mark.parametrize("trace_id", ["", "x" * 129, "   ", "ümlaut", "tab\tbed"])
def test_a_trace_id_that_cannot_be_repeated_is_replaced(trace_id):
    around = Around(echo)
    first, second = (around.call(headers={"X-TraceId": trace_id.encode("latin-1")}) for _ in range(2))
    made = [response.headers["x-traceid"] for response in (first, second)]
    assert all(len(found) == 32 and int(found, 16) >= 0 for found in made)
    assert made[0] != made[1]


@pytest.mark.req("C-10")
def test_every_answer_carries_the_security_headers():
    response = Around(echo).call()
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert "strict-transport-security" not in response.headers
    assert Around(echo, https=True).call().headers["strict-transport-security"] == "max-age=31536000"


@pytest.mark.req("C-10")
def test_what_a_page_says_itself_stands_once():
    answer = JSONResponse({}, headers={"Content-Security-Policy": "default-src 'self'", "Cache-Control": "max-age=5"})
    around = Around(answer)
    for _ in range(2):
        response = around.call(path="/openapi/")
        assert response.headers.get_list("content-security-policy") == ["default-src 'self'"]
        assert response.headers.get_list("cache-control") == ["max-age=5"]
        assert len(response.headers.get_list("x-traceid")) == 1


def test_the_journal_holds_request_and_answer():
    around = Around(echo)
    around.call("POST", START + "?x=1", content=b'{"a":"b"}')
    (entry,) = around.journal.entries()
    assert (entry.method, entry.path, entry.query, entry.status) == ("POST", START, "x=1", 201)
    assert (entry.account, entry.tenant_id, entry.case_id) == ("1234ABCD", 7, "AAAAAAAAAAAA")
    assert (entry.request_body, entry.response_body) == ('{"a":"b"}', '{"a":"b"}')
    assert entry.duration_us > 0


def test_a_long_body_is_kept_in_part_with_its_whole_size():
    around = Around(echo)

    async def parts():
        for _ in range(100):
            yield b"a" * 1000

    assert len(around.call("POST", content=parts()).content) == 100_000
    (entry,) = around.journal.entries()
    assert entry.request_body.endswith("… (100000 bytes, cut)")
    assert entry.response_body.endswith("… (100000 bytes, cut)")


def test_the_case_that_a_request_made_is_found_in_its_answer():
    async def made(scope, receive, send):
        await JSONResponse({"caseId": "BBBBBBBBBBBB"}, 201)(scope, receive, send)

    around = Around(made)
    around.call("POST")
    assert around.journal.entries()[0].case_id == "BBBBBBBBBBBB"


def test_a_case_id_that_is_none_is_not_kept():
    async def noted(scope, receive, send):
        scope["fallwerk.observed"].case_id = "A" * 70_000
        await JSONResponse({}, 404)(scope, receive, send)

    around = Around(noted)
    assert around.call().status_code == 404
    assert around.journal.entries()[0].case_id == ""


@pytest.mark.req("S-36")
@pytest.mark.parametrize("app", [broken, unanswered])
def test_an_unexpected_failure_is_answered_in_the_dialect_and_recorded(app, capfd):
    around = Around(app)
    response = around.call("POST")
    assert response.status_code == 500
    assert response.json() == {
        "apiversion": "v1",
        "errors": [{"reason": "internal server error", "key": "system", "message": "Internal server error."}],
    }
    assert response.headers["x-content-type-options"] == "nosniff"
    assert around.journal.entries()[0].status == 500
    other = around.call(path="/admin/v1/x")
    assert (other.status_code, other.headers["content-type"]) == (500, "application/problem+json")


def test_a_failure_after_the_answer_began_is_passed_on_and_recorded():
    async def half(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("too late")

    around = Around(half)

    async def run():
        async def receive():
            return {"type": "http.request", "body": b""}

        async def send(_message):
            return

        scope = {"type": "http", "method": "GET", "path": START, "query_string": b"", "headers": []}
        with pytest.raises(RuntimeError, match="too late"):
            await around.observer(scope, receive, send)

    asyncio.run(run())
    assert around.journal.entries()[0].status == 200


@pytest.mark.parametrize(
    ("path", "media_type"), [(START, "application/json"), ("/static/portal/x.css", "application/problem+json")]
)
def test_a_faulted_call_is_answered_in_its_dialect_without_being_carried_out(path, media_type):
    reached: list[str] = []

    async def app(scope, receive, send):
        reached.append(scope["path"])

    around = Around(app, faults=OneFault(503))
    response = around.call("POST", path, content=b'{"a":1}')
    assert (response.status_code, response.headers["content-type"]) == (503, media_type)
    assert reached == []
    (entry,) = around.journal.entries()
    assert (entry.status, entry.request_body) == (503, '{"a":1}')


@pytest.mark.parametrize("status", [429, 503])
def test_a_faulted_call_of_kex_says_when_to_come_back(status):
    response = Around(echo, faults=OneFault(status)).call("POST", "/kreditsmart/kex/antraege/status")
    assert (response.status_code, response.headers["retry-after"]) == (status, "1")


def test_a_faulted_call_of_scr_keeps_the_envelope_of_its_status():
    response = Around(echo, faults=OneFault(400)).call("POST")
    assert response.json()["error"]["code"] == 400
    assert Around(echo, faults=OneFault(401)).call().headers["www-authenticate"].startswith("Basic")
    assert Around(echo, faults=OneFault(429)).call().json()["apiversion"] == "v1"


@pytest.mark.parametrize("path", ["/sandbox/v1/clock", "/admin/v1/x", "/healthz", "/readyz", "/metrics"])
def test_the_system_s_own_control_is_never_faulted(path):
    faults = OneFault(503)
    assert Around(echo, faults=faults).call(path=path).status_code == 201
    assert faults.struck == []


def test_a_delay_lets_the_call_pass():
    faults = OneFault(None)
    assert Around(echo, faults=faults).call().status_code == 201
    assert faults.struck == [("GET", START)]


@pytest.mark.parametrize("path", ["/sandbox/v1/requests", "/healthz", "/readyz", "/metrics"])
def test_reading_the_journal_does_not_fill_it(path):
    around = Around(echo)
    around.call(path=path)
    assert around.journal.entries() == []


@pytest.mark.req("C-04", "C-07")
def test_one_log_line_names_the_operation_and_no_path_or_body():
    around = Around(echo)
    around.call("POST", START + "?name=Mustermann", content=b'{"a":"Erika"}', headers={"X-TraceId": "t-1"})
    (line,) = around.log_lines()
    assert (line["event"], line["method"], line["route"], line["status"]) == ("request", "POST", "startCase", 201)
    assert (line["account"], line["trace_id"], line["bytes"]) == ("1234ABCD", "t-1", 13)
    assert "Erika" not in str(line)
    assert "Mustermann" not in str(line)


@pytest.mark.req("C-04")
def test_a_name_that_nobody_verified_is_not_logged():
    async def refused(scope, receive, send):
        scope["fallwerk.observed"].account = "erika@example.org"
        await JSONResponse({}, 401)(scope, receive, send)

    around = Around(refused)
    around.call(path="/api/scr/v1/erika@example.org/cases")
    (line,) = around.log_lines()
    assert (line["account"], line["route"], line["status"]) == ("", "unmatched", 401)


@pytest.mark.req("C-07")
def test_requests_are_counted_by_interface_and_operation():
    around = Around(echo)
    around.call("POST")
    around.call(path="/nowhere")
    text = around.metrics.render()[0].decode()
    assert 'fallwerk_requests_total{api="scr",operation="startCase",status="201"} 1.0' in text
    assert 'fallwerk_request_duration_seconds_count{api="web",operation="startCase"} 1.0' in text


def test_other_protocols_pass_untouched():
    seen: list[dict[str, str]] = []

    async def app(scope, receive, send):
        seen.append(scope)

    scope = {"type": "lifespan"}
    asyncio.run(Around(app).observer(scope, None, None))
    assert seen == [{"type": "lifespan"}]
