"""
An eID server over HTTP, with the words of TR-03130: `useID` opens a session, `getResult` closes it.

TR-03130 frames these two calls in SOAP; the servers that operators run in front of theirs speak the same messages in
JSON, and so do we. The person's eID client is started by its fixed local address with the server's `tcTokenURL`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote, urlsplit

import httpx

from fallwerk.domain.eid.ports import CardOutcome, CardProblem, EidServerUnavailable, OutcomePending
from fallwerk.domain.identcase.model import Address, IdentityDocument

CLIENT: Final = "http://127.0.0.1:24727/eID-Client?tcTokenURL="
"""Where TR-03124 has every eID client listen on the person's own device."""
OPERATIONS: Final = (
    *("DocumentType", "IssuingState", "DateOfExpiry", "GivenNames", "FamilyNames", "AcademicTitle", "DateOfBirth"),
    *("PlaceOfBirth", "Nationality", "BirthName", "PlaceOfResidence", "RestrictedID"),
)
"""What of the card is asked for."""
_RESULT: Final = "http://www.bsi.bund.de/eid/server/2.0/resultminor/"
_OK: Final = "http://www.bsi.bund.de/ecard/api/1.1/resultmajor#ok"
_PENDING: Final = f"{_RESULT}getResult#noResultYet"
_PROBLEMS: Final[Mapping[str, CardProblem]] = MappingProxyType(
    {
        f"{_RESULT}getResult#deniedDocument": CardProblem.CARD_UNUSABLE,
        f"{_RESULT}getResult#invalidDocument": CardProblem.CARD_EXPIRED,
        f"{_RESULT}getResult#documentRevoked": CardProblem.CARD_REVOKED,
        f"{_RESULT}getResult#eIDInactive": CardProblem.ONLINE_OFF,
        "http://www.bsi.bund.de/ecard/api/1.1/resultminor/sal#cancellationByUser": CardProblem.CANCELLED,
        "http://www.bsi.bund.de/ecard/api/1.1/resultminor/il/el#pinBlocked": CardProblem.PIN_BLOCKED,
        "http://www.bsi.bund.de/ecard/api/1.1/resultminor/il/el#wrongPin": CardProblem.PIN_WRONG,
        "http://www.bsi.bund.de/ecard/api/1.1/resultminor/il/el#cardRemoved": CardProblem.CARD_REMOVED,
    }
)
_TYPES: Final = MappingProxyType({"ID": "1", "AR": "3", "AS": "3", "AF": "3", "UB": "1", "OA": "1", "TA": "4"})
"""The card's document type → START's; eID cards of the Union's citizens count as identity cards."""
_STATES: Final = MappingProxyType({"D": "DEU"})


class HttpEidServer:
    """
    Talks to an eID server.

    Args:
        url: Base address.
        token: Bearer token; empty: none is sent.
        timeout_s: Seconds that one call may take.
    """

    def __init__(self, url: str, token: str, *, timeout_s: float = 10.0, verify: bool | str = True) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout_s, verify=verify)

    async def start(self, session: str, return_url: str) -> str:
        """Open a session (`useID`)."""
        wanted = {"UseOperations": dict.fromkeys(OPERATIONS, "REQUIRED"), "PSK": {"ID": session}}
        answer = await self._call("useID", {**wanted, "RefreshAddress": return_url})
        address = answer.get("tcTokenURL")
        if not isinstance(address, str) or urlsplit(address).scheme not in {"https", "http"}:
            raise EidServerUnavailable("the server named no token address")
        return CLIENT + quote(address, safe="")

    async def outcome(self, session: str) -> CardOutcome:
        """Fetch the result of a session (`getResult`)."""
        answer = await self._call("getResult", {"Session": {"ID": session}, "RequestCounter": 1})
        result = answer.get("Result")
        if not isinstance(result, dict):
            raise EidServerUnavailable("the server gave no result")
        if result.get("ResultMajor") == _OK:
            return _read(answer.get("PersonalData"))
        minor = str(result.get("ResultMinor", ""))
        if minor == _PENDING:
            raise OutcomePending
        return CardOutcome(problem=_PROBLEMS.get(minor, CardProblem.OTHER))

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _call(self, operation: str, content: dict[str, Any]) -> dict[str, Any]:
        try:
            response = await self._client.post(f"/{operation}", json=content)
            response.raise_for_status()
            answer = response.json()
        except (httpx.HTTPError, ValueError) as error:
            # The reason may repeat an address with a session in it.
            raise EidServerUnavailable(type(error).__name__) from None
        if not isinstance(answer, dict):
            raise EidServerUnavailable("the server's answer is no object")
        return answer


def _read(data: object) -> CardOutcome:
    if not isinstance(data, dict):
        raise EidServerUnavailable("the server gave no personal data")

    def text(name: str) -> str | None:
        value = data.get(name)
        return value.strip() or None if isinstance(value, str) else None

    birth = data.get("DateOfBirth")
    place = data.get("PlaceOfResidence")
    residence = place.get("StructuredPlace") if isinstance(place, dict) else None
    restricted = data.get("RestrictedID")
    birth_place = data.get("PlaceOfBirth")
    document = IdentityDocument(
        type=_TYPES.get(text("DocumentType") or "", "1"),
        first_name=text("GivenNames"),
        last_name=text("FamilyNames"),
        birth_name=text("BirthName"),
        birth_date=_date(birth.get("DateValue") or birth.get("DateString") if isinstance(birth, dict) else birth),
        birth_place=birth_place.get("FreetextPlace") if isinstance(birth_place, dict) else text("PlaceOfBirth"),
        nationality=_state(text("Nationality")),
        address=_address(residence) if isinstance(residence, dict) else None,
        date_of_expiry=_date(data.get("DateOfExpiry")),
        country_of_document=_state(text("IssuingState")),
    )
    if not document.first_name or not document.last_name:
        raise EidServerUnavailable("the server's data name nobody")
    pseudonym = restricted.get("ID") if isinstance(restricted, dict) else restricted
    return CardOutcome(document, str(pseudonym or ""))


def _address(place: Mapping[str, Any]) -> Address:
    return Address(
        street_address=place.get("Street"),
        postal_code=place.get("ZipCode"),
        city=place.get("City"),
        country=_state(place.get("Country")),
    )


def _state(value: str | None) -> str | None:
    return None if value is None else _STATES.get(value, value)


def _date(value: object) -> str | None:
    """Cards write `YYYYMMDD` or `YYYY-MM-DD`, with blanks for what is unknown."""
    digits = "".join(sign for sign in str(value or "") if sign.isdigit())
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}" if len(digits) == 8 else None  # noqa: PLR2004 - a whole date
