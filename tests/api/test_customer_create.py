"""Creating and updating customers: fields, obligations, messages, one customer per e-mail address (P-03 to P-10)."""

import json
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from fallwerk.apis.policenwerk_customer.examples import (
    CREATED_REQUEST,
    CREATED_RESPONSE,
    FULL_REQUEST,
    REFUSED_REQUEST,
    REFUSED_RESPONSE,
)
from tests.api.conftest import Running
from tests.support.policenwerk import (
    CUSTOMER,
    FIELDS,
    NOT_COUNTRY,
    NOT_EMAIL,
    PATH,
    Broker,
    bad,
    mandatory,
    new_broker,
    nothing_stored,
    plain,
    stored,
    too_long,
)

TEXTS = {
    "vorname": 100,
    "nachname": 100,
    "strasse": 150,
    "hausnr": 10,
    "plz": 10,
    "ort": 100,
    "tel": 25,
    "kontoinhaber": 200,
    "firma": 100,
    "handelsr_nr": 20,
    "handelsr": 100,
}
REQUIRED = ("vorname", "nachname", "geburtstag", "strasse", "hausnr", "plz", "ort", "land", "email", "iban")
OPTIONAL = ("anrede", "titel", "tel", "kontoinhaber", "firma", "ustid", "handelsr_nr", "handelsr")
COMPANY = {"firma": "MAX Muster GmbH & Co KG"}
UNPRINTABLE = "Das Feld {} enthält unzulässige Zeichen."
NOT_TEXT = "Das Feld {} muss ein Text sein."
NOT_CODE = "Das Feld {} muss eine ganze Zahl von 0 bis 127 sein."
NOT_DATE = "Das Feld geburtstag beinhaltet kein gültiges Datum im Format JJJJ-MM-TT."
NOT_IBAN = "Das Feld iban beinhaltet keine gültige IBAN."
NOT_VAT_ID = "Das Feld ustid beinhaltet keine gültige Umsatzsteuer-ID."


@pytest.fixture
def broker(server: Running) -> Broker:
    return new_broker(server)


@pytest.fixture
def example(server: Running) -> Broker:
    """A broker whose customers need what the document's examples have."""
    return new_broker(server, obligations="example")


@pytest.mark.req("P-01", "P-07")
def test_a_customer_is_created_with_the_members_of_the_document_in_their_order(broker):
    body = plain(broker.create(), 200)
    assert list(body) == ["login", "token_valid_until", "warning", "error", "success", "customer_id"]
    assert (body["login"], body["warning"], body["error"], body["success"]) == (True, "", "", True)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", body["token_valid_until"])
    assert isinstance(body["customer_id"], str)
    assert 0 < len(body["customer_id"]) <= 20
    (shown,) = broker.customers()
    assert shown == {**dict.fromkeys(FIELDS), **CUSTOMER, "customer_id": body["customer_id"]}
    assert [event["action"] for event in broker.events()] == ["customer.created", "account.created"]


@pytest.mark.req("P-03")
def test_every_field_of_the_tables_is_kept(broker):
    fields = {name: value for name, value in FULL_REQUEST.items() if name in FIELDS}
    broker.created(**fields)
    (shown,) = broker.customers()
    assert {name: shown[name] for name in FIELDS} == fields
    assert set(fields) == set(FIELDS)


@pytest.mark.req("P-03", "P-05")
@pytest.mark.parametrize("value", ["", None, " ", "\t\n"])
@pytest.mark.parametrize("name", REQUIRED)
def test_a_mandatory_field_must_be_filled(broker, name, value):
    with nothing_stored(broker):
        bad(broker.create(**{name: value}), **{name: mandatory(name)})
        bad(broker.create(left_out=(name,)), **{name: mandatory(name)})


@pytest.mark.req("P-05")
def test_all_faults_come_at_once_in_the_order_of_the_table(broker):
    with nothing_stored(broker):
        bad(broker.send(broker.credentials), **{name: mandatory(name) for name in REQUIRED})
        bad(
            broker.create(email="keine-gueltige-email", land=7, iban="x", anrede="x", vorname="", ustid="1"),
            anrede=NOT_CODE.format("anrede"),
            vorname=mandatory("vorname"),
            land=NOT_COUNTRY,
            email=NOT_EMAIL,
            iban=NOT_IBAN,
            firma=mandatory("firma"),
            ustid=NOT_VAT_ID,
        )


@pytest.mark.req("P-05")
def test_what_is_beyond_ascii_leaves_escaped_as_in_the_document(broker):
    response = broker.create(land=9, email="x")
    expected = (
        r'"error":{"land":["Bitte w\u00e4hlen Sie ein g\u00fcltiges Land aus unserer Liste aus."],'
        r'"email":["Das Feld email beinhaltet keine g\u00fcltige E-Mail-Adresse."]}}'
    )
    assert response.text.endswith(expected)


@pytest.mark.req("P-03")
def test_by_the_example_date_of_birth_and_account_may_be_missing_and_nothing_else(example):
    left_out = ("geburtstag", "iban")
    assert example.create(left_out=left_out).status_code == 200
    assert example.create(geburtstag="", iban=None).status_code == 200
    with nothing_stored(example):
        bad(example.create(iban="x", geburtstag="x"), geburtstag=NOT_DATE, iban=NOT_IBAN)
        for name in set(REQUIRED) - set(left_out):
            bad(example.create(left_out=(*left_out, name)), **{name: mandatory(name)})


@pytest.mark.req("P-06")
@pytest.mark.parametrize("value", ["", None, "  "])
def test_optional_fields_may_be_empty_and_unknown_ones_are_ignored(broker, value):
    changes = dict.fromkeys(OPTIONAL, value)
    broker.created(**changes, unbekannt=[{"x": 1}], Vorname=5)
    (shown,) = broker.customers()
    assert all(shown[name] is None for name in OPTIONAL)


@pytest.mark.req("P-03")
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_measured_in_code_points_after_nfc(broker, name):
    maximum = TEXTS[name]
    more = COMPANY if name.startswith("handelsr") else {}
    for longest in ("x" * maximum, "ü" * maximum, unicodedata.normalize("NFD", "ü" * maximum), "🎈" * maximum):
        assert broker.create(**{**more, name: longest}).status_code == 200
        assert broker.customers()[0][name] == longest
    before = stored(broker)
    for longer in ("x" * (maximum + 1), "ü" * (maximum + 1), "🎈" * (maximum + 1)):
        bad(broker.create(**{**more, name: longer}), **{name: too_long(name, maximum)})
    assert stored(broker) == before


@pytest.mark.req("P-03")
@pytest.mark.parametrize("name", [*TEXTS, "geburtstag", "email", "iban", "ustid"])
def test_what_is_no_text_is_refused(broker, name):
    more = COMPANY if name.startswith(("handelsr", "ustid")) else {}
    with nothing_stored(broker):
        for value in (True, False, [], {}, ["x"], {"a": "x"}):
            bad(broker.create(**{**more, name: value}), **{name: NOT_TEXT.format(name)})


@pytest.mark.req("P-03")
@pytest.mark.parametrize("name", [*TEXTS, "email", "iban", "ustid", "geburtstag"])
def test_control_characters_and_lone_surrogates_are_refused(broker, name):
    more = COMPANY if name.startswith(("handelsr", "ustid")) else {}
    with nothing_stored(broker):
        for part in ("\\u0000", "\\n", "\\t", "\\u001b", "\\u007f", "\\u0085", "\\ud800", "\\udc00"):
            text = json.dumps({**broker.credentials, **CUSTOMER, **more, name: "@"}).replace('"@"', f'"a{part}b"')
            bad(broker.send(content=text.encode()), **{name: UNPRINTABLE.format(name)})


@pytest.mark.req("P-03")
@pytest.mark.parametrize("text", ["12345", "1", "10.50", "1e2", "-0", "0.10"])
def test_a_number_where_a_text_is_expected_is_read_as_it_stands(broker, text):
    body = json.dumps({**broker.credentials, **CUSTOMER, "hausnr": 0}).replace('"hausnr": 0', f'"hausnr": {text}')
    assert broker.send(content=body.encode()).status_code == 200
    assert broker.customers()[0]["hausnr"] == text


@pytest.mark.req("P-03")
def test_a_number_of_thousands_of_digits_is_only_too_long(broker):
    body = json.dumps({**broker.credentials, **CUSTOMER, "tel": 0}).replace('"tel": 0', '"tel": ' + "9" * 100_000)
    bad(broker.send(content=body.encode()), tel=too_long("tel", 25))


@pytest.mark.req("P-03", "P-06")
@pytest.mark.parametrize("name", ["anrede", "titel"])
def test_salutation_and_title_are_whole_numbers_or_numeric_texts(broker, name):
    for value in (0, 2, 127, "4", "127", "007"):
        assert broker.create(**{name: value}).status_code == 200
        assert broker.customers()[0][name] == int(value)
    before = stored(broker)
    for value in (-1, 128, "128", 1.0, 1.5, "x", "1.0", " 1", "+1", True, [], {}, 10**40, "٣"):
        bad(broker.create(**{name: value}), **{name: NOT_CODE.format(name)})
    assert stored(broker) == before


@pytest.mark.req("P-03")
def test_an_account_may_restrict_salutations_and_titles(server):
    broker = new_broker(server, salutations=[1, 2], titles=[0, 4])
    assert broker.create(anrede=1, titel="4").status_code == 200
    before = stored(broker)
    bad(
        broker.create(anrede=3, titel=1),
        anrede="Bitte wählen Sie eine gültige Anrede aus unserer Liste aus.",
        titel="Bitte wählen Sie einen gültigen Titel aus unserer Liste aus.",
    )
    bad(broker.create(anrede=128), anrede=NOT_CODE.format("anrede"))
    assert stored(broker) == before


@pytest.mark.req("P-03", "P-05", "P-06")
def test_a_country_is_one_of_three(broker):
    for value in (1, 2, 3, "1", "2", "3"):
        assert broker.create(land=value).status_code == 200
    before = stored(broker)
    for value in (0, 4, -1, "DE", "4", True, 1.0, [1], {}, "1 "):
        bad(broker.create(land=value), land=NOT_COUNTRY)
    assert stored(broker) == before


@pytest.mark.req("P-04")
@pytest.mark.parametrize(
    ("name", "value"), [("ustid", "DE123456789"), ("handelsr_nr", "HRA 1234"), ("handelsr", "AG Würzburg")]
)
def test_a_company_needs_its_name(broker, name, value):
    with nothing_stored(broker):
        bad(broker.create(**{name: value}), firma=mandatory("firma"))
        bad(broker.create(**{name: value}, firma=" "), firma=mandatory("firma"))
    assert broker.create(**{name: value}, **COMPANY).status_code == 200
    assert broker.create(**COMPANY).status_code == 200


@pytest.mark.req("P-10")
@pytest.mark.parametrize(
    "value",
    [
        "DE02701500000000594937",
        "DE02 7015 0000 0000 5949 37",
        " de02701500000000594937 ",
        "AT611904300234573201",
        "CH9300762011623852957",
        "NO9386011117947",
        "GB29NWBK60161331926819",
    ],
)
def test_an_iban_of_any_country_is_taken_without_its_blanks(broker, value):
    broker.created(iban=value)
    assert broker.customers()[0]["iban"] == value.replace(" ", "").upper()


@pytest.mark.req("P-10")
@pytest.mark.parametrize(
    "value",
    [
        "DE02701500000000594938",
        "DE0270150000000059493",
        "DE0270150000000059493A",
        "XX02701500000000594937",
        "AT61190430023457320",
        "DE02-70150000-00005949",
        "DE",
        "594937",
        "DE0270150000000059493٧",
        1234,
    ],
)
def test_an_iban_with_another_length_or_wrong_check_digits_is_refused(broker, value):
    with nothing_stored(broker):
        bad(broker.create(iban=value), iban=NOT_IBAN)


@pytest.mark.req("P-03", "P-10")
def test_an_iban_is_longer_than_22_only_without_its_blanks(broker):
    with nothing_stored(broker):
        bad(broker.create(iban="FR1420041010050500013M02606"), iban=too_long("iban", 22))


@pytest.mark.req("P-10", "P-05")
@pytest.mark.parametrize(
    "value",
    [
        "keine-gueltige-email",
        "@test.de",
        "a@",
        "a b@test.de",
        "a@b@test.de",
        "a@test",
        "a@[127.0.0.1]",
        " a@test.de",
        5,
    ],
)
def test_an_email_needs_the_syntax_of_one(broker, value):
    with nothing_stored(broker):
        bad(broker.create(email=value), email=NOT_EMAIL)


@pytest.mark.req("P-03", "P-10")
def test_an_email_has_at_most_100_characters(broker):
    longest = "a" * 60 + "@" + "b" * 36 + ".de"
    assert len(longest) == 100
    for value in (longest, "müller@straße.de", "max+x@example.invalid"):
        assert broker.create(email=value).status_code == 200
    before = stored(broker)
    bad(broker.create(email="a" + longest), email=too_long("email", 100))
    assert stored(broker) == before


@pytest.mark.req("P-10")
@pytest.mark.parametrize(
    "value", ["1980-02-30", "1980-5-21", "21.05.1980", "19800521", "1980-05-21T00:00:00", "0000-01-01", "x", 1980]
)
def test_a_birthday_is_a_real_date(broker, value):
    with nothing_stored(broker):
        bad(broker.create(geburtstag=value), geburtstag=NOT_DATE)


@pytest.mark.req("P-10")
def test_a_birthday_is_not_in_the_future_of_our_clock_in_berlin(own_server):
    from datetime import datetime, timedelta  # noqa: PLC0415
    from zoneinfo import ZoneInfo  # noqa: PLC0415

    broker = new_broker(own_server)
    now = datetime.fromisoformat(own_server.sandbox("GET", "/clock").json()["now"]).astimezone(
        ZoneInfo("Europe/Berlin")
    )
    # Half past midnight in Berlin: in UTC it is still the day before.
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=30, second=0, microsecond=0)
    own_server.advance((midnight - now).total_seconds())
    today = midnight.date()
    assert broker.create(geburtstag=today.isoformat()).status_code == 200
    before = stored(broker)
    tomorrow = (today + timedelta(days=1)).isoformat()
    bad(broker.create(geburtstag=tomorrow), geburtstag="Das Feld geburtstag darf nicht in der Zukunft liegen.")
    bad(broker.create(geburtstag="9999-12-31"), geburtstag="Das Feld geburtstag darf nicht in der Zukunft liegen.")
    assert stored(broker) == before


@pytest.mark.req("P-10")
def test_a_vat_id_has_its_form_and_no_check_digit(broker):
    for value in ("DE123456789", "ATU12345678", "xx12", "CHE123456789MWST", "DE" + "1" * 18):
        assert broker.create(ustid=value, **COMPANY).status_code == 200
    before = stored(broker)
    for value in ("D1", "DE1", "12345", "D1234", "DE 123456789", "DE-1234", "ÄE123"):
        bad(broker.create(ustid=value, **COMPANY), ustid=NOT_VAT_ID)
    bad(broker.create(ustid="DE" + "1" * 19, **COMPANY), ustid=too_long("ustid", 20))
    assert stored(broker) == before


# One customer per e-mail address.


@pytest.mark.req("P-08")
def test_a_second_request_with_the_address_updates_the_customer(broker):
    first = broker.created(tel="0123", anrede=1, **COMPANY)
    again = broker.create(
        email="MAX.Mustermann@Policenwerk.DE", ort="Neustadt", tel="", anrede=None, iban="AT611904300234573201"
    )
    assert plain(again, 200)["customer_id"] == first
    (shown,) = broker.customers()
    assert shown["ort"] == "Neustadt"
    assert shown["iban"] == "AT611904300234573201"
    assert shown["email"] == "MAX.Mustermann@Policenwerk.DE"
    # What is absent or empty stays.
    assert (shown["tel"], shown["anrede"], shown["firma"]) == ("0123", 1, COMPANY["firma"])
    changed, created = broker.events()[:2]
    assert (changed["action"], created["action"]) == ("customer.changed", "customer.created")
    assert changed["subject"] == created["subject"] == first
    assert changed["details"] == {"fields": "city,email,iban"}


@pytest.mark.req("P-08")
def test_fields_that_the_example_does_not_demand_stay_when_they_are_not_sent(example):
    first = example.created()
    assert example.created(left_out=("geburtstag", "iban")) == first
    (shown,) = example.customers()
    assert (shown["geburtstag"], shown["iban"]) == (CUSTOMER["geburtstag"], CUSTOMER["iban"])


@pytest.mark.req("P-08")
def test_another_address_is_another_customer(broker):
    ids = {broker.created(email=email) for email in ("a@test.de", "b@test.de", "strasse@test.de", "straße@test.de")}
    assert len(ids) == 4
    assert len(broker.customers()) == 4


@pytest.mark.req("P-08", "C-03")
def test_the_same_address_at_another_broker_is_another_customer(server, broker):
    second = new_broker(server)
    assert broker.created(vorname="Max") != second.created(vorname="Moritz")
    assert [one["vorname"] for one in broker.customers()] == ["Max"]
    assert [one["vorname"] for one in second.customers()] == ["Moritz"]


@pytest.mark.req("P-08")
def test_racing_first_requests_make_one_customer(broker):
    def create(number: int) -> httpx.Response:
        email = "race@test.de" if number % 2 else "RACE@test.de"
        with httpx.Client(base_url=broker.server.url, timeout=30) as http:
            return http.post(PATH, json={**broker.credentials, **CUSTOMER, "email": email, "hausnr": str(number)})

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(create, range(24)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["customer_id"] for answer in answers}) == 1
    assert len(broker.customers()) == 1
    assert stored(broker)["customer"] == 1
    assert [event["action"] for event in broker.events()].count("customer.created") == 1


@pytest.mark.req("P-08", "C-04")
def test_nothing_of_a_customer_is_stored_in_clear(broker):
    from tests.support.scr import rows  # noqa: PLC0415

    broker.created(nachname="Unverwechselbar", email="unverwechselbar@test.de")
    for row in rows(broker.server, "SELECT * FROM customer"):
        content = b"|".join(bytes(value) if not isinstance(value, int) else b"" for value in row.values() if value)
        assert b"nverwechselbar" not in content


# Idempotency-Key.


@pytest.mark.req("C-11")
def test_a_repeated_key_gets_the_first_answer_and_changes_nothing(broker):
    headers = {"Idempotency-Key": "first"}
    first = broker.create(headers=headers)
    assert broker.created(ort="Neustadt") == first.json()["customer_id"]
    with nothing_stored(broker):
        again = broker.create(headers=headers)
    assert (again.status_code, again.content) == (200, first.content)
    assert broker.customers()[0]["ort"] == "Neustadt"


@pytest.mark.req("C-11")
def test_a_key_with_another_body_is_refused(broker):
    headers = {"Idempotency-Key": "reused"}
    assert broker.create(headers=headers).status_code == 200
    with nothing_stored(broker):
        body = plain(broker.create(headers=headers, ort="Neustadt"), 422)
    assert body["login"] is True
    assert body["error"] == "Invalid request - Idempotency-Key was used with another body"


@pytest.mark.req("C-11")
@pytest.mark.parametrize("key", ["", "x" * 256, "ü"])
def test_a_key_that_cannot_be_one_is_refused(broker, key):
    with nothing_stored(broker):
        body = plain(broker.create(headers={"Idempotency-Key": key.encode("latin-1")}), 400)
    assert body["error"] == "Invalid request - Idempotency-Key must be 1 to 255 printable ASCII characters, given once"


@pytest.mark.req("C-11", "P-05")
def test_a_refused_request_does_not_use_its_key_up(broker):
    headers = {"Idempotency-Key": "again"}
    bad(broker.create(headers=headers, plz=""), plz=mandatory("plz"))
    assert broker.create(headers=headers).status_code == 200


# The document's own examples.


@pytest.mark.req("P-03", "P-05", "P-07", "P-08")
def test_the_examples_of_the_document_are_answered_as_it_shows(own_server):
    refused = plain(own_server.http.post(PATH, json=REFUSED_REQUEST), 400)
    created = plain(own_server.http.post(PATH, json=CREATED_REQUEST), 200)
    again = plain(own_server.http.post(PATH, json=CREATED_REQUEST), 200)
    assert again["customer_id"] == created["customer_id"]
    unlike = {"token_valid_until": refused["token_valid_until"]}
    assert refused == {**REFUSED_RESPONSE, **unlike}
    assert created == {**CREATED_RESPONSE, **unlike, "customer_id": created["customer_id"]}
    assert list(created) == list(CREATED_RESPONSE)
