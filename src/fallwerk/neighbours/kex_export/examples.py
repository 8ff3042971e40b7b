"""Example values of the export, for its description and the tests."""

from typing import Any, Final

QUERY: Final = (
    "query getVorgang($vorgangsnummer: String!) { vorgang(vorgangsnummer: $vorgangsnummer) { vorgangsnummer "
    "datenkontext vorgangsstatus { status } kundenbetreuer { partnerId } antraege { antragsnummer "
    "produktanbieterantragsnummer produktanbieterstatus { status } antragstellerstatus { status } "
    "historie { zeitpunkt produktanbieterstatus antragstellerstatus kommentar hinweise } "
    "dokumente { filename groesse sha256 } } kommentare { text zeitpunkt } dokumente { filename sha256 } } }"
)
REQUEST: Final[dict[str, Any]] = {"query": QUERY, "variables": {"vorgangsnummer": "985132"}}
SMALL: Final[dict[str, Any]] = {"query": '{ vorgang(vorgangsnummer: "123456") { vorgangsnummer datenkontext } }'}
REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "everything": {"summary": "A Vorgang with its applications", "value": REQUEST},
    "small": {"summary": "Two fields", "value": SMALL},
}
FOUND: Final[dict[str, Any]] = {"data": {"vorgang": {"vorgangsnummer": "123456", "datenkontext": "TESTUMGEBUNG"}}}
UNKNOWN: Final[dict[str, Any]] = {
    "data": {"vorgang": None},
    "errors": [
        {
            "message": "There is no Vorgang with this number.",
            "locations": [{"line": 1, "column": 3}],
            "path": ["vorgang"],
            "extensions": {"code": "NOT_FOUND", "status": 404},
            "status": 404,
        }
    ],
}
REFUSED: Final[dict[str, Any]] = {"errors": [{"message": "The query is nested too deeply (max. 6 levels)."}]}
