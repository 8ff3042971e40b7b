"""Reading Vorgänge by GraphQL over HTTP, on every deployment (N-03)."""

import json

import pytest

from tests.api.conftest import Running
from tests.support.kex import JSON, Kex, kex, problem
from tests.support.oauth import APPLY, READ, WRITE

PATH = "/kreditsmart/kex/vorgaenge"
DOKUMENT = {"antragsdokument": {"fileName": "Vertrag.pdf", "fileContent": "QUJD"}}
EVERYTHING = """query getVorgang($vorgangsnummer: String!) { vorgang(vorgangsnummer: $vorgangsnummer) {
  vorgangsnummer datenkontext vorgangsstatus { status } kundenbetreuer { partnerId } bearbeiter { partnerId }
  antragsteller1 { id } erstelltAm letzteAenderungAm
  antraege { antragsnummer teilantragsnummer produktanbieterantragsnummer
    produktanbieterstatus { status } antragstellerstatus { status } erstelltAm letzteAenderungAm
    historie { zeitpunkt von produktanbieterstatus antragstellerstatus kommentar hinweise }
    dokumente { filename groesse sha256 kommentar tags zeitpunkt von } }
  kommentare { text zeitpunkt von } dokumente { filename groesse sha256 kommentar tags zeitpunkt von } } }"""
SMALL = "query($n: String!) { vorgang(vorgangsnummer: $n) { vorgangsnummer } }"
TIMES = {"zeitpunkt", "erstelltAm", "letzteAenderungAm"}


@pytest.fixture
def client(server: Running) -> Kex:
    return kex(server)


def read(client: Kex, number: str, query: str = SMALL, **more):
    variables = {"vorgangsnummer": number} if query == EVERYTHING else {"n": number}
    return client.post(PATH, json={"query": query, "variables": variables, **more})


def timeless(value):
    """The same without its times."""
    if isinstance(value, dict):
        return {key: timeless(found) for key, found in value.items() if key not in TIMES}
    return [timeless(found) for found in value] if isinstance(value, list) else value


def refused(response, message: str) -> None:
    """400 in GraphQL's form."""
    assert (response.status_code, response.headers["content-type"]) == (400, "application/json"), response.text
    assert response.json().keys() == {"errors"}
    assert response.json()["errors"][0]["message"] == message


def missed(response, message: str, code: str, status: int) -> None:
    """No Vorgang, and why."""
    assert response.status_code == 200, response.text
    assert response.json()["data"] == {"vorgang": None}
    (error,) = response.json()["errors"]
    assert (error["message"], error["path"], error["status"]) == (message, ["vorgang"], status)
    assert error["extensions"] == {"code": code, "status": status}


@pytest.mark.req("N-03", "N-01", "N-02")
def test_a_vorgang_is_read_with_applications_history_comments_and_documents(client):
    owner, me = {"kundenbetreuer": {"partnerId": client.partner_id}}, client.account.client_id
    made = client.post("/vorgang?environment=PRODUCTION", json=owner).json()
    case = made["vorgangsnummer"]
    first, second = client.application(case, "PA-1"), client.application(case)
    note = {"kommentar": "fehlt", "hinweise": ["Ausweis"]}
    client.status({"antragsnummer": first, "produktanbieterstatus": "ZURUECKGESTELLT", **note})
    client.status({"antragsnummer": second, "antragstellerstatus": "WIDERRUFEN"})
    client.comment(case, ["hallo"])
    digest = client.upload(case, "Ausweis.pdf", b"ABC").json()["sha256"]
    added = {"antragsnummer": first, "kommentar": "bitte", "tags": ["QES"], **DOKUMENT}
    assert client.post("/kreditsmart/kex/antraege/dokumente", json=added).status_code == 201
    response = read(client, case, EVERYTHING)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json().keys() == {"data"}
    found = response.json()["data"]["vorgang"]
    document = {"groesse": 3, "sha256": digest, "von": me}
    nothing = {"kommentar": None, "hinweise": []}
    assert timeless(found) == {
        "vorgangsnummer": case,
        "datenkontext": "ECHTGESCHAEFT",
        "vorgangsstatus": {"status": "AKTIV"},
        "kundenbetreuer": {"partnerId": client.partner_id},
        "bearbeiter": {"partnerId": client.partner_id},
        "antragsteller1": made["antragsteller1"],
        "antraege": [
            {
                "antragsnummer": first,
                "teilantragsnummer": first,
                "produktanbieterantragsnummer": "PA-1",
                "produktanbieterstatus": {"status": "ZURUECKGESTELLT"},
                "antragstellerstatus": {"status": "BEANTRAGT"},
                "historie": [
                    {"von": me, "produktanbieterstatus": "ZURUECKGESTELLT", "antragstellerstatus": None, **note}
                ],
                "dokumente": [{**document, "filename": "Vertrag.pdf", "kommentar": "bitte", "tags": ["QES"]}],
            },
            {
                "antragsnummer": second,
                "teilantragsnummer": second,
                "produktanbieterantragsnummer": None,
                "produktanbieterstatus": {"status": "NICHT_BEARBEITET"},
                "antragstellerstatus": {"status": "WIDERRUFEN"},
                "historie": [
                    {"von": me, "produktanbieterstatus": None, "antragstellerstatus": "WIDERRUFEN", **nothing}
                ],
                "dokumente": [],
            },
        ],
        "kommentare": [{"text": "fehlt", "von": me}, {"text": "hallo", "von": me}],
        "dokumente": [{**document, "filename": "Ausweis.pdf", "kommentar": None, "tags": []}],
    }
    assert found["erstelltAm"] <= found["antraege"][0]["historie"][0]["zeitpunkt"] < found["kommentare"][1]["zeitpunkt"]
    assert found["kommentare"][0]["zeitpunkt"].endswith("Z")


@pytest.mark.req("N-03")
def test_a_vorgang_that_did_not_come_by_the_import_has_no_applicant_and_is_a_test(client):
    fields = "datenkontext antragsteller1 { id } antraege { historie { von } }"
    query = f"query($n: String!) {{ vorgang(vorgangsnummer: $n) {{ {fields} }} }}"
    found = read(client, client.case(), query).json()["data"]["vorgang"]
    assert found == {"datenkontext": "TESTUMGEBUNG", "antragsteller1": None, "antraege": []}


@pytest.mark.req("N-03", "C-03")
def test_only_the_reach_of_the_callers_partner_is_read(server, client):
    stranger, above = kex(server), kex(server)
    place = f"/partners/{client.partner_id}"
    assert server.admin("PATCH", place, json={"parentId": above.partner_id}).status_code == 200
    secret, mine = stranger.case(), client.case()
    stranger.comment(secret, ["secret"])
    forbidden = "The Vorgang belongs to a partner that yours does not reach."
    for number in (secret, above.case()):
        for query in (SMALL, EVERYTHING):
            response = read(client, number, query)
            missed(response, forbidden, "FORBIDDEN", 403)
            assert "secret" not in response.text
            assert stranger.partner_id not in response.text
    fresh = kex(server, partnerId=above.partner_id)
    assert read(fresh, mine).json() == {"data": {"vorgang": {"vorgangsnummer": mine}}}
    one = '{name}: vorgang(vorgangsnummer: "{number}") {{ vorgangsnummer }}'
    both = f"{{ {one.format(name='a', number=mine)} {one.format(name='b', number=secret)} }}"
    answer = client.post(PATH, json={"query": both}).json()
    assert answer["data"] == {"a": {"vorgangsnummer": mine}, "b": None}
    assert [error["path"] for error in answer["errors"]] == [["b"]]


@pytest.mark.req("N-03", "U-05")
def test_an_unknown_vorgang_is_null_and_a_deleted_one_is_gone(client):
    gone = client.case()
    client.delete(gone)
    for number in ("ABCDEF", "", "\0", "abcdef", "'; --"):
        missed(read(client, number), "There is no Vorgang with this number.", "NOT_FOUND", 404)
    lone = (
        b'{"query":"query($n: String!) { vorgang(vorgangsnummer: $n) { vorgangsnummer } }","variables":{"n":"\\ud800"}}'
    )
    answer = client.post(PATH, content=lone, headers=JSON)
    missed(answer, "There is no Vorgang with this number.", "NOT_FOUND", 404)
    problem(read(client, gone), 410, "The Vorgang is deleted.")


@pytest.mark.req("N-03", "U-02", "U-04", "U-05")
def test_token_scope_type_and_size_are_refused_as_in_the_other_kex_interfaces(server, client):
    narrow = kex(server, scopes=[WRITE, APPLY])
    text = {"content": b"{", "headers": {"Content-Type": "application/graphql"}}
    response = server.http.post(PATH, json={"query": "{ __typename }"})
    problem(response, 401)
    assert response.headers["www-authenticate"].startswith("Bearer ")
    problem(narrow.post(PATH, **text), 403, f"The token lacks the scope {READ}.")
    problem(client.post(PATH, **text), 415)
    large = json.dumps({"query": "{ __typename }", "variables": {"x": "y" * 70_000}})
    problem(client.post(PATH, content=large, headers=JSON), 413)
    problem(server.http.get(PATH, headers=client.headers), 405)


@pytest.mark.req("N-03")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "The body is not valid JSON (line 1, column 2)."),
        (b"", "The body is not valid JSON (line 1, column 1)."),
        (b"[]", "The body must be an object."),
        (b"{}", "query: The value is missing or empty."),
        (b'{"query":5}', "query: The value must be a string."),
        (b'{"query":"\\ud800"}', "query: The value is no Unicode text: it holds half of a surrogate pair."),
        (b'{"query":"{ a }","variables":[]}', "variables: The value must be an object."),
        (b'{"query":"{ a"}', "Syntax Error: Expected Name, found <EOF>."),
        (b'{"query":"{ nichts }"}', "Cannot query field 'nichts' on type 'Query'."),
        (b'{"query":"{ vorgang { vorgangsnummer } }"}', None),
        (b'{"query":"mutation { vorgang }"}', "Only queries are taken."),
        (b'{"query":"subscription { vorgang }"}', "Only queries are taken."),
        (
            b'{"query":"query A { __typename } query B { __typename }","operationName":"C"}',
            "operationName must name one of the query's operations.",
        ),
    ],
)
def test_what_is_no_query_is_refused_in_graphqls_form(client, content, message):
    response = client.post(PATH, content=content, headers=JSON)
    refused(response, message or response.json()["errors"][0]["message"])
    assert response.headers["x-traceid"]


@pytest.mark.req("N-03")
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{" + " ".join(f"a{number}: __typename" for number in range(11)) + "}", "too many aliases (max. 10)."),
        (
            '{ vorgang(vorgangsnummer: "A") ' + "{ antraege " * 6 + "{ a }" + "}" * 6 + "}",
            "nested too deeply (max. 6 levels).",
        ),
        (
            " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
            + " fragment F60 on Query { __typename } { ...F0 }",
            "too many fields (max. 500).",
        ),
    ],
)
def test_a_query_that_asks_for_too_much_is_refused_before_it_costs_anything(client, query, message):
    refused(client.post(PATH, json={"query": query}), f"The query has {message}".replace("has nested", "is nested"))


@pytest.mark.req("N-03")
def test_tokens_are_limited_and_a_ring_of_fragments_is_refused(client):
    answer = client.post(PATH, json={"query": "{ " + "__typename " * 1_001 + "}"})
    refused(answer, "Syntax Error: Document contains more than 1000 tokens. Parsing aborted.")
    ring = "fragment A on Query { ...B } fragment B on Query { ...A } { ...A }"
    refused(client.post(PATH, json={"query": ring}), "A fragment of the query uses itself.")
    deep = client.post(PATH, json={"query": "{a" * 300 + "}" * 300})
    refused(deep, "Syntax Error: Document is nested too deeply. Parsing aborted.")


@pytest.mark.req("N-03")
def test_the_schema_is_there_by_introspection(client):
    from graphql import build_client_schema, get_introspection_query, print_schema  # noqa: PLC0415 - takes its time

    response = client.post(PATH, json={"query": get_introspection_query()})
    assert response.status_code == 200, response.text
    printed = print_schema(build_client_schema(response.json()["data"]))
    assert "vorgang(vorgangsnummer: String!): Vorgang" in printed
    for values in ("AKTIV\n  ARCHIVIERT", "ECHTGESCHAEFT\n  TESTUMGEBUNG"):
        assert values in printed
