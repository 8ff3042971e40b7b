"""STATUS over HTTP, on every deployment."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier

import pytest

from fallwerk.apis.kex_status.examples import REQUESTS
from tests.api.conftest import Running
from tests.support.kex import JSON, NOT_A_STRING, STATUS, Kex, kex, nothing_stored, problem
from tests.support.oauth import APPLY, READ, WRITE
from tests.support.scr import rows

PROVIDER = ("NICHT_BEARBEITET", "UNTERSCHRIEBEN", "ABGELEHNT", "ZURUECKGESTELLT")
APPLICANT = ("BEANTRAGT", "UNTERSCHRIEBEN", "NICHT_ANGENOMMEN", "WIDERRUFEN")
UNKNOWN = "There is no application with this number."
GONE = "The Vorgang of the application is deleted."
FOREIGN = "The application belongs to a partner that yours does not reach."
NO_NUMBER = ("/antragsnummer", "One of antragsnummer and produktanbieterantragsnummer is mandatory.")
NO_STATUS = ("/produktanbieterstatus", "One of produktanbieterstatus and antragstellerstatus is mandatory.")
RACERS = 12


@pytest.fixture
def client(server: Running) -> Kex:
    return kex(server)


@pytest.fixture
def case(client: Kex) -> str:
    return client.case()


@pytest.fixture
def number(client: Kex, case: str) -> str:
    return client.application(case)


def statuses(client: Kex, case: str, index: int = 0) -> tuple[str, str]:
    found = client.record(case)["antraege"][index]
    return found["produktanbieterstatus"], found["antragstellerstatus"]


def entry(client: Kex, **values):
    nothing = {"produktanbieterstatus": None, "antragstellerstatus": None, "kommentar": None, "hinweise": []}
    return {"by": client.account.client_id, **nothing, **values}


def change(client: Kex, number: str, **values):
    return client.status({"antragsnummer": number, **values})


@pytest.mark.req("A-01", "A-09")
def test_a_status_is_changed_and_the_change_is_kept_with_time_and_client(client, case, number):
    response = change(client, number, produktanbieterstatus="UNTERSCHRIEBEN")
    assert (response.status_code, response.content) == (200, b"{}")
    assert response.headers["content-type"] == "application/json"
    assert statuses(client, case) == ("UNTERSCHRIEBEN", "BEANTRAGT")
    assert change(client, number, antragstellerstatus="WIDERRUFEN").status_code == 200
    assert statuses(client, case) == ("UNTERSCHRIEBEN", "WIDERRUFEN")
    assert client.history(case) == [
        entry(client, produktanbieterstatus="UNTERSCHRIEBEN"),
        entry(client, antragstellerstatus="WIDERRUFEN"),
    ]
    first, second = [one["at"] for one in client.record(case)["antraege"][0]["history"]]
    assert first < second
    assert second.endswith("Z")


@pytest.mark.req("A-03")
def test_any_value_may_follow_any_other(client, case, number):
    for before, after in product(PROVIDER, PROVIDER):
        for value in (before, after):
            assert change(client, number, produktanbieterstatus=value).status_code == 200
        assert statuses(client, case)[0] == after
    for before, after in product(APPLICANT, APPLICANT):
        for value in (before, after):
            assert change(client, number, antragstellerstatus=value).status_code == 200
        assert statuses(client, case)[1] == after


@pytest.mark.req("A-03")
@pytest.mark.parametrize(
    ("field", "values", "wrong"),
    [
        ("produktanbieterstatus", PROVIDER, "WIDERRUFEN"),
        ("produktanbieterstatus", PROVIDER, "unterschrieben"),
        ("produktanbieterstatus", PROVIDER, ""),
        ("produktanbieterstatus", PROVIDER, 5),
        ("antragstellerstatus", APPLICANT, "ABGELEHNT"),
        ("antragstellerstatus", APPLICANT, ["BEANTRAGT"]),
    ],
)
def test_another_value_is_refused_naming_the_allowed_ones(client, case, number, field, values, wrong):
    with nothing_stored(client, case):
        response = change(client, number, **{field: wrong, "kommentar": "x"})
        problem(response, 400, (f"/{field}", f"The value must be one of: {', '.join(values)}."))


@pytest.mark.req("A-04")
def test_both_at_once_change_both_in_one_entry(client, case, number):
    assert (
        change(client, number, produktanbieterstatus="ABGELEHNT", antragstellerstatus="WIDERRUFEN").status_code == 200
    )
    assert statuses(client, case) == ("ABGELEHNT", "WIDERRUFEN")
    assert client.history(case) == [
        entry(client, produktanbieterstatus="ABGELEHNT", antragstellerstatus="WIDERRUFEN"),
    ]


@pytest.mark.req("A-04")
@pytest.mark.parametrize(("provider", "applicant"), [("UNTERSCHRIEBEN", "FALSCH"), ("FALSCH", "UNTERSCHRIEBEN")])
def test_one_good_and_one_bad_status_change_neither(client, case, number, provider, applicant):
    with nothing_stored(client, case):
        response = change(client, number, produktanbieterstatus=provider, antragstellerstatus=applicant)
        assert response.status_code == 400
        assert len(response.json()["errors"]) == 1


@pytest.mark.req("A-04", "A-09")
def test_of_both_at_once_one_that_is_current_already_is_null_in_the_history(client, case, number):
    assert change(client, number, produktanbieterstatus="ABGELEHNT", antragstellerstatus="BEANTRAGT").status_code == 200
    assert client.history(case) == [entry(client, produktanbieterstatus="ABGELEHNT")]


@pytest.mark.req("A-05", "A-06")
def test_comment_and_hints_are_kept_with_the_change_and_the_comment_with_the_vorgang(client, case, number):
    client.comment(case, ["before"])
    note = {"kommentar": "Bitte – ü \U0001f4c4", "hinweise": ["Personalausweis", "", "Geburtsurkunde"]}
    assert change(client, number, produktanbieterstatus="ZURUECKGESTELLT", **note).status_code == 200
    kept = {"kommentar": note["kommentar"], "hinweise": ["Personalausweis", "Geburtsurkunde"]}
    assert client.history(case) == [entry(client, produktanbieterstatus="ZURUECKGESTELLT", **kept)]
    assert client.texts(case) == ["before", note["kommentar"]]
    assert client.record(case)["comments"][1]["by"] == client.account.client_id


@pytest.mark.req("A-06")
def test_a_status_that_is_current_already_still_adds_comment_and_hints_and_changes_nothing(client, case, number):
    same = {"produktanbieterstatus": "NICHT_BEARBEITET", "antragstellerstatus": "BEANTRAGT"}
    with nothing_stored(client, case):
        assert change(client, number, **same).status_code == 200
        assert change(client, number, **same, kommentar="", hinweise=[""]).status_code == 200
    assert change(client, number, **same, kommentar="still waiting").status_code == 200
    assert change(client, number, antragstellerstatus="BEANTRAGT", hinweise=["a", "b"]).status_code == 200
    assert client.history(case) == [entry(client, kommentar="still waiting"), entry(client, hinweise=["a", "b"])]
    assert client.texts(case) == ["still waiting"]
    assert statuses(client, case) == ("NICHT_BEARBEITET", "BEANTRAGT")


@pytest.mark.req("A-05")
@pytest.mark.parametrize(
    ("note", "fault"),
    [
        ({"kommentar": 5}, ("/kommentar", NOT_A_STRING)),
        ({"kommentar": "x" * 10_001}, ("/kommentar", "The value is too long (max. 10000 characters).")),
        ({"hinweise": "x"}, ("/hinweise", "The value must be an array.")),
        ({"hinweise": ["x", None]}, ("/hinweise/1", NOT_A_STRING)),
        ({"hinweise": ["x"] * 1_001}, ("/hinweise", "There are too many values (max. 1000).")),
        ({"hinweise": ["x" * 10_001]}, ("/hinweise/0", "The value is too long (max. 10000 characters).")),
    ],
)
def test_comment_and_hints_have_their_form_and_limits(client, case, number, note, fault):
    with nothing_stored(client, case):
        problem(change(client, number, produktanbieterstatus="ABGELEHNT", **note), 400, fault)


@pytest.mark.req("A-02", "A-03", "U-05")
@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, [NO_NUMBER, NO_STATUS]),
        ({"antragsnummer": None, "produktanbieterantragsnummer": ""}, [NO_NUMBER, NO_STATUS]),
        ({"antragsnummer": "985132/1/1"}, [NO_STATUS]),
        ({"antragsnummer": "985132/1/1", "kommentar": "x", "hinweise": ["x"]}, [NO_STATUS]),
        ({"produktanbieterstatus": "ABGELEHNT"}, [NO_NUMBER]),
        (
            {"antragsnummer": 5, "kommentar": 5},
            [NO_STATUS, ("/antragsnummer", NOT_A_STRING), ("/kommentar", NOT_A_STRING)],
        ),
        ([], [("", "The body must be an object.")]),
        (None, [("", "The body must be an object.")]),
    ],
)
def test_a_number_and_a_status_are_mandatory(client, case, body, faults):
    with nothing_stored(client, case):
        problem(client.post(STATUS, content=json.dumps(body), headers=JSON), 400, *faults)


@pytest.mark.req("A-02")
def test_an_application_is_found_by_either_number_or_both(client, case):
    number = client.application(case, "bank 4711")
    for value, numbers in (
        ("ABGELEHNT", {"produktanbieterantragsnummer": "bank 4711"}),
        ("UNTERSCHRIEBEN", {"antragsnummer": number}),
        ("ZURUECKGESTELLT", {"antragsnummer": number, "produktanbieterantragsnummer": "bank 4711"}),
    ):
        assert client.status({**numbers, "produktanbieterstatus": value}).status_code == 200
        assert statuses(client, case)[0] == value


@pytest.mark.req("A-02")
def test_two_numbers_of_two_applications_are_refused(client, case):
    number = client.application(case, "one")
    client.application(case, "two")
    fault = ("/produktanbieterantragsnummer", "The two numbers name different applications.")
    with nothing_stored(client, case):
        for other in ("two", "nobody's"):
            body = {
                "antragsnummer": number,
                "produktanbieterantragsnummer": other,
                "produktanbieterstatus": "ABGELEHNT",
            }
            problem(client.status(body), 400, fault)


@pytest.mark.req("A-02", "C-03")
def test_two_numbers_of_which_one_is_nobodys_are_refused(server, client, case):
    client.application(case, "one")
    foreign = kex(server)
    foreign.application(foreign.case(), "foreign")
    fault = ("/produktanbieterantragsnummer", "The two numbers name different applications.")
    with nothing_stored(client, case):
        for nobodys in (f"{case}/7/1", "ZZZZZZ/1/1", "no number"):
            body = {"antragsnummer": nobodys, "produktanbieterstatus": "ABGELEHNT"}
            problem(client.status({**body, "produktanbieterantragsnummer": "one"}), 400, fault)
            # Both nobody's is unknown, and of another partner's number nothing is told.
            for unknown in ("nobody's", "foreign"):
                problem(client.status({**body, "produktanbieterantragsnummer": unknown}), 404)


@pytest.mark.req("A-02")
def test_a_number_that_several_applications_in_reach_have_asks_for_the_antragsnummer(server, client, case):
    first = client.application(case, "shared")
    foreign = kex(server)
    foreign.application(foreign.case(), "shared")
    body = {"produktanbieterantragsnummer": "shared", "produktanbieterstatus": "ABGELEHNT"}
    # The other partner's application is out of reach, so one is left.
    assert client.status(body).status_code == 200
    second_case = client.case()
    second = client.application(second_case, "shared")
    with nothing_stored(client, case, second_case):
        problem(
            client.status(body), 400, ("/antragsnummer", "Several applications have this number; send antragsnummer.")
        )
    for number in (first, second):
        assert client.status({**body, "antragsnummer": number}).status_code == 200
    client.delete(second_case)
    assert client.status({**body, "produktanbieterstatus": "UNTERSCHRIEBEN"}).status_code == 200
    assert statuses(client, case)[0] == "UNTERSCHRIEBEN"


@pytest.mark.req("A-01", "A-02", "U-02", "U-05", "C-03")
def test_unknown_deleted_and_foreign_applications_are_told_apart(server, client):
    other, gone = kex(server), client.case()
    foreign_case = other.case()
    foreign, deleted = other.application(foreign_case, "foreign's"), client.application(gone, "gone's")
    client.delete(gone)
    status = {"produktanbieterstatus": "ABGELEHNT", "kommentar": "x"}
    with nothing_stored(client, gone, foreign_case):
        problem(change(client, foreign, **status), 403, FOREIGN)
        problem(client.status({"produktanbieterantragsnummer": "foreign's", **status}), 403, FOREIGN)
        # Whether the numbers of a foreign application belong together is nobody's business.
        problem(change(client, foreign, produktanbieterantragsnummer="x", **status), 403, FOREIGN)
        problem(change(client, deleted, **status), 410, GONE)
        problem(client.status({"produktanbieterantragsnummer": "gone's", **status}), 410, GONE)
        for number in (f"{gone}/2/1", "ABCDEF/1/1", gone, "x" * 1000, "a\0b", "985132/1", "985132/1/1/1", "\ud800"):
            raw = json.dumps({"antragsnummer": number, **status})
            response = client.post(STATUS, content=raw, headers=JSON)
            problem(response, 404, UNKNOWN)
            raw = json.dumps({"produktanbieterantragsnummer": number, **status})
            problem(client.post(STATUS, content=raw, headers=JSON), 404, UNKNOWN)


@pytest.mark.req("A-07")
def test_unknown_properties_never_cause_an_error(client, case, number):
    more = {"unknown": {"deep": [1, {"x": None}]}, "Antragsnummer": 5, "produktanbieterStatus": "FALSCH", "": ""}
    assert change(client, number, produktanbieterstatus="ABGELEHNT", **more).status_code == 200
    assert statuses(client, case) == ("ABGELEHNT", "BEANTRAGT")


@pytest.mark.req("A-01", "U-02")
def test_without_the_scope_or_a_token_nothing_is_done(server, client, case, number):
    body = {"antragsnummer": number, "produktanbieterstatus": "ABGELEHNT"}
    narrow = kex(server, partnerId=client.partner_id, scopes=[READ, WRITE])
    with nothing_stored(client, case):
        problem(narrow.status(body), 403, f"The token lacks the scope {APPLY}.")
        response = server.http.post(STATUS, json=body)
        problem(response, 401, "A bearer token is needed.")
        assert response.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.req("A-01", "U-04")
def test_content_type_and_charset_count_as_in_update(client, case, number):
    body = json.dumps(
        {"antragsnummer": number, "produktanbieterstatus": "ABGELEHNT", "kommentar": "Grüße"}, ensure_ascii=False
    )
    with nothing_stored(client, case):
        for media_type in ("text/plain", "application/json; charset=klingon"):
            problem(client.post(STATUS, content=body.encode(), headers={"Content-Type": media_type}), 415)
        problem(
            client.post(STATUS, content=b"{", headers=JSON), 400, ("", "The body is not valid JSON (line 1, column 2).")
        )
        problem(client.post(STATUS, content=b" " * (2**20 + 1), headers=JSON), 413)
    headers = {"Content-Type": "application/json; charset=ISO-8859-1"}
    assert client.post(STATUS, content=body.encode("latin-1"), headers=headers).status_code == 200
    assert client.texts(case) == ["Grüße"]


@pytest.mark.req("A-08")
@pytest.mark.parametrize("name", REQUESTS)
def test_the_documented_examples_work_verbatim(client, case, name):
    """Against the demo data's numbers at a partner of our own: other tests use the demo partner at the same time."""
    client.application(case, "12919351")
    text = json.dumps(REQUESTS[name]["value"]).replace("985132/1/1", f"{case}/1/1")
    response = client.post(STATUS, content=text, headers={**JSON, "Accept": "application/json"})
    assert (response.status_code, response.content) == (200, b"{}")
    assert len(client.history(case)) == 1


@pytest.mark.req("A-09", "A-04")
def test_racing_changes_of_one_application_take_turns(client, case, number):
    barrier = Barrier(RACERS)

    def race(index: int) -> int:
        barrier.wait()
        provider, applicant = PROVIDER[index % 4], APPLICANT[index % 4]
        return change(
            client, number, produktanbieterstatus=provider, antragstellerstatus=applicant, kommentar=f"{index}"
        ).status_code

    with ThreadPoolExecutor(RACERS) as pool:
        assert list(pool.map(race, range(RACERS))) == [200] * RACERS
    record = client.record(case)
    history = record["antraege"][0]["history"]
    assert sorted(int(one["kommentar"]) for one in history) == list(range(RACERS))
    assert sorted(client.texts(case)) == sorted(one["kommentar"] for one in history)
    now = {"produktanbieterstatus": "NICHT_BEARBEITET", "antragstellerstatus": "BEANTRAGT"}
    for one in history:
        wanted = {
            "produktanbieterstatus": PROVIDER[int(one["kommentar"]) % 4],
            "antragstellerstatus": APPLICANT[int(one["kommentar"]) % 4],
        }
        for name, value in wanted.items():
            assert one[name] == (None if now[name] == value else value)
            now[name] = value
    assert {name: record["antraege"][0][name] for name in now} == now


@pytest.mark.req("A-01", "U-05")
def test_a_change_that_races_the_deletion_of_its_vorgang_is_whole_or_not_there(server, client):
    for _ in range(5):
        case = client.case()
        number = client.application(case)
        barrier = Barrier(2)

        def change_it(number: str = number, barrier: Barrier = barrier) -> int:
            barrier.wait()
            return change(client, number, produktanbieterstatus="ABGELEHNT", kommentar="x").status_code

        with ThreadPoolExecutor(1) as pool:
            changing = pool.submit(change_it)
            barrier.wait()
            client.delete(case)
            answered = changing.result()
        assert answered in {200, 410}
        whole = ("ABGELEHNT", ["x"]) if answered == 200 else ("NICHT_BEARBEITET", [])
        assert (statuses(client, case)[0], client.texts(case)) == whole


@pytest.mark.req("C-11", "A-01")
def test_the_same_key_changes_a_status_once(client, case, number):
    headers = {"Idempotency-Key": "status-1"}
    body = {"antragsnummer": number, "produktanbieterstatus": "ABGELEHNT", "kommentar": "x"}
    for _ in range(2):
        assert client.status(body, headers=headers).content == b"{}"
    assert len(client.history(case)) == 1
    with nothing_stored(client, case):
        problem(client.status({**body, "kommentar": "y"}, headers=headers), 422)


@pytest.mark.req("N-04")
def test_a_client_of_the_newer_edition_may_send_a_comment_or_hints_alone(server, client, case, number):
    newer = kex(server, partnerId=client.partner_id, edition="2025")
    with nothing_stored(client, case):
        for body in ({"kommentar": "alone"}, {"hinweise": ["alone"]}):
            problem(change(client, number, **body), 400, NO_STATUS)
        for body in ({}, {"kommentar": ""}, {"hinweise": []}, {"hinweise": [""]}):
            problem(change(newer, number, **body), 400, ("", "A status, kommentar or hinweise is needed."))
    assert change(newer, number, kommentar="alone").status_code == 200
    assert change(newer, number, hinweise=["alone"]).status_code == 200
    assert change(newer, number, antragstellerstatus="WIDERRUFEN").status_code == 200
    assert client.history(case) == [
        entry(newer, kommentar="alone"),
        entry(newer, hinweise=["alone"]),
        entry(newer, antragstellerstatus="WIDERRUFEN"),
    ]


@pytest.mark.req("N-04")
def test_the_edition_of_a_client_can_be_changed(server, client, case, number):
    path = f"/oauth-clients/{client.account.client_id}"
    problem(change(client, number, kommentar="x"), 400, NO_STATUS)
    assert server.admin("PATCH", path, json={"edition": "2025"}).status_code == 200
    assert change(client, number, kommentar="x").status_code == 200
    assert client.texts(case) == ["x"]


@pytest.mark.req("C-02", "C-04", "A-09")
def test_the_audit_log_names_the_change_and_no_text_stands_in_the_database_in_clear(server, client, case, number):
    change(client, number, produktanbieterstatus="ABGELEHNT", kommentar="Erika zahlt nicht", hinweise=["Erika"])
    (event,) = rows(
        server, "SELECT * FROM audit_event WHERE subject = ? AND action = 'application.status changed'", number
    )
    assert event["actor"] == f"oauth:{client.account.client_id}"
    assert json.loads(event["details"]) == {
        "produktanbieterstatus": "ABGELEHNT",
        "antragstellerstatus": None,
        "kommentar": True,
        "hinweise": 1,
    }
    (kept,) = rows(server, "SELECT * FROM loan_status_change WHERE application_number = ?", number)
    assert not any(b"Erika" in bytes(value) for value in kept.values() if isinstance(value, bytes | memoryview))
