"""
Playing the people of basic, video, photo and eid: what the sandbox's `simulate` takes, and what it makes up.

Source: control-api.md; decisions.md "Simulate"; public-facts.md "The provider's test environment has a page …". Every
step goes through the life cycle's gate. Two things are made easy: a method that the person has not begun is played from
its beginning, and codes or data that are not given are filled in plausibly from what the client provided.
"""

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from fallwerk.domain.account.model import IdentClass
from fallwerk.domain.identcase.attempt import RECORD_TYPES, AttemptDetails, CaseFile, Preliminary, Review
from fallwerk.domain.identcase.lifecycle import LegalStep, Role, WantedStep
from fallwerk.domain.identcase.methods_codes import CANCELLED, EXPIRED
from fallwerk.domain.identcase.methods_lifecycle import STEPS, legal_steps
from fallwerk.domain.identcase.model import Address, DrivingLicence, IdentityDocument, IdentStatus, LicenceClass, Method
from fallwerk.sim.delivery import SimulationFault, code_of, object_of, one_of, text_of

METHODS: Final = (Method.BASIC, Method.VIDEO, Method.PHOTO, Method.EID)
PICTURES: Final = ("idfrontside", "idbackside", "userface")
"""What a photo session and a video call leave behind."""
LICENCE_PICTURES: Final = ("dlfrontside", "dlbackside")
PLAYABLE: Final = tuple(kind for kind in RECORD_TYPES if kind != "result")
MOST_PICTURES: Final = 20
_KNOWN: Final = (
    "method",
    "status",
    "subStatus",
    "subStatusReason",
    "identificationDocument",
    "drivingLicence",
    "pictures",
)
_ADDRESS: Final = {
    "streetAddress": "street_address",
    "appendix": "appendix",
    "postalCode": "postal_code",
    "city": "city",
    "country": "country",
}
_DOCUMENT: Final = {
    "type": "type",
    "number": "number",
    "firstName": "first_name",
    "lastName": "last_name",
    "birthName": "birth_name",
    "birthDate": "birth_date",
    "birthPlace": "birth_place",
    "nationality": "nationality",
    "dateIssued": "date_issued",
    "dateOfExpiry": "date_of_expiry",
    "authority": "authority",
    "placeOfIssue": "place_of_issue",
    "countryOfDocument": "country_of_document",
}
_LICENCE: Final = {
    "number": "number",
    "firstName": "first_name",
    "lastName": "last_name",
    "birthDate": "birth_date",
    "birthPlace": "birth_place",
    "restrictions": "restrictions",
    "dateIssued": "date_issued",
    "dateOfExpiry": "date_of_expiry",
    "authority": "authority",
    "countryOfDocument": "country_of_document",
}
_SPECIMEN_ADDRESS: Final = Address("Heidestr. 17", None, "51147", "Köln", "DEU")
_SPECIMEN: Final = IdentityDocument(
    type="1",
    number="L01X00T47",
    first_name="Erika",
    last_name="Mustermann",
    birth_date="1964-08-12",
    birth_place="Berlin",
    nationality="DEU",
    address=_SPECIMEN_ADDRESS,
    date_issued="2021-11-01",
    date_of_expiry="2031-10-31",
    authority="Stadt Köln",
    country_of_document="DEU",
)
_SPECIMEN_LICENCE: Final = DrivingLicence(
    number="B072RRE2I55",
    first_name="Erika",
    last_name="Mustermann",
    birth_date="1964-08-12",
    birth_place="Berlin",
    classes=(LicenceClass("B", "2021-11-01", "2036-10-31", None),),
    date_issued="2021-11-01",
    date_of_expiry="2036-10-31",
    authority="Stadt Köln",
    country_of_document="DEU",
)
_REVIEWS: Final = (Review("document data", passed=True), Review("face and picture", passed=True))


@dataclass(frozen=True, slots=True)
class Simulation:
    """One step that somebody wants to be played."""

    method: Method
    step: WantedStep
    document: IdentityDocument = field(default_factory=IdentityDocument)
    """What the played person's document says; what is None is filled in."""
    licence: DrivingLicence = field(default_factory=DrivingLicence)
    pictures: tuple[str, ...] | None = None
    """Types of records that the step leaves; None: the usual ones."""


def method_of(body: object) -> Method | None:
    """Return which of these methods a simulate call speaks of, None if it is none of them."""
    named = body.get("method") if isinstance(body, dict) else None
    return next((method for method in METHODS if method.value == named), None)


def read_simulation(body: object) -> Simulation:
    """
    Read the body of a simulate call of these methods.

    Returns:
        A step of well-formed parts, which may still be illegal. `null` and empty strings count as absent.

    Raises:
        SimulationFault: not an object, a field of the wrong type, an unknown field, method or status, or a text that
            is too long.
    """
    fields = object_of("body", body, _KNOWN)
    method = Method(one_of("method", fields.get("method"), tuple(method.value for method in METHODS)))
    status = one_of("status", fields.get("status"), tuple(status.value for status in IdentStatus))
    step = WantedStep(
        status=IdentStatus(status),
        sub_status=code_of("subStatus", fields.get("subStatus")),
        sub_status_reason=code_of("subStatusReason", fields.get("subStatusReason")),
    )
    document, licence = fields.get("identificationDocument"), fields.get("drivingLicence")
    return Simulation(
        method,
        step,
        _document(document) if document else IdentityDocument(),
        DrivingLicence(**_texts("drivingLicence", licence, _LICENCE)) if licence else DrivingLicence(),
        _pictures(fields.get("pictures")),
    )


def way(file: CaseFile, wanted: Simulation) -> tuple[WantedStep, ...]:
    """
    Return the steps to play: the one that is wanted, with the steps before it if the method was never begun.

    Where the gate knows no way the wanted step stands alone, and the gate will say why it is illegal.
    """
    if file.latest(wanted.method) is not None:
        return (_with_codes(file, wanted),)
    before = _shortest(wanted.method, wanted.step)
    return (*(WantedStep(status) for status in before), _with_codes(file, wanted, before))


def pictures_of(file: CaseFile, wanted: Simulation, step: WantedStep) -> tuple[str, ...]:
    """
    Return what a step leaves behind in front of a camera, or whatever the call names.

    The usual is document and face where a review begins, in class Mobility the driving licence too.
    """
    reviewed = step.status is IdentStatus.REVIEW_PENDING
    if wanted.method in {Method.BASIC, Method.EID}:
        return wanted.pictures or () if step == way(file, wanted)[-1] else ()
    if not reviewed:
        return ()
    if wanted.pictures is not None:
        return wanted.pictures
    mobility = file.client.settings.ident_class is IdentClass.MOBILITY
    return (*PICTURES, *LICENCE_PICTURES) if mobility else PICTURES


def played(
    file: CaseFile, wanted: Simulation, step: WantedStep, details: AttemptDetails, now_us: int
) -> AttemptDetails:
    """Return an attempt's details after a played step: what the person, the desk or the card would have left."""
    if step.status not in {IdentStatus.REVIEW_PENDING, IdentStatus.SUCCESS, IdentStatus.DECLINED}:
        return details
    known = details.identity_document
    details = replace(details, identity_document=_filled_document(file, wanted.document, known))
    if file.client.settings.ident_class is IdentClass.MOBILITY:
        details = replace(details, driving_licence=_filled_licence(file, wanted.licence, details))
    if wanted.method is Method.VIDEO and step.status is IdentStatus.REVIEW_PENDING:
        details = replace(
            details,
            preliminary=Preliminary(IdentStatus.SUCCESS.value),
            reviews=_REVIEWS,
            service_center="Sandbox",
            agent_alias="Agent 007",
            recording_accepted_us=now_us,
        )
    if wanted.method is Method.VIDEO and step.status is not IdentStatus.DECLINED and not details.tan_channel:
        contact = file.contact
        details = replace(details, tan_channel="sms" if contact is not None and contact.mobile_phone else "email")
    if wanted.method is Method.EID and step.status is IdentStatus.SUCCESS:
        details = replace(details, dkk=hashlib.sha256(f"dkk {file.case.case_id}".encode()).hexdigest()[:32].upper())
    return details


def _shortest(method: Method, target: WantedStep) -> tuple[IdentStatus, ...]:
    """Return the statuses that lead from nothing to where the target can be reached from."""
    ways: dict[IdentStatus | None, tuple[IdentStatus, ...]] = {None: ()}
    waiting: deque[IdentStatus | None] = deque([None])
    while waiting:
        at = waiting.popleft()
        for row in STEPS[method]:
            if at not in row.sources:
                continue
            if _is_meant(row.legal, target):
                return ways[at]
            if row.by is not Role.SYSTEM and row.legal.sub_status is None and row.legal.status not in ways:
                ways[row.legal.status] = (*ways[at], row.legal.status)
                waiting.append(row.legal.status)
    return ()


def _is_meant(legal: LegalStep, target: WantedStep) -> bool:
    """Giving up and expiry decline too, but are meant only by who names their code."""
    if legal.status is not target.status:
        return False
    if target.sub_status is None:
        return legal.sub_status not in {CANCELLED, EXPIRED}
    return legal.sub_status == target.sub_status


def _with_codes(file: CaseFile, wanted: Simulation, before: tuple[IdentStatus, ...] = ()) -> WantedStep:
    """Give a step the codes of the usual case, where it needs some and none were given."""
    step = wanted.step
    latest = file.latest(wanted.method)
    legal: tuple[LegalStep, ...] = ()
    if latest is not None:
        legal = legal_steps(wanted.method, latest.identification, case_status=file.case.status)
    elif before:
        legal = tuple(row.legal for row in STEPS[wanted.method] if before[-1] in row.sources)
    fitting = next((found for found in legal if _is_meant(found, step)), None)
    if fitting is None or fitting.sub_status is None:
        return step
    reason = step.sub_status_reason
    if reason is None and fitting.sub_status_reasons:
        reason = fitting.sub_status_reasons[0]
    return replace(step, sub_status=fitting.sub_status, sub_status_reason=reason)


def _filled_document(file: CaseFile, shown: IdentityDocument, known: IdentityDocument | None) -> IdentityDocument:
    """Fill in a document: what the call says, what was recorded, what the client provided, then the specimen's."""
    provided, contact = file.order.identity_document or IdentityDocument(), file.contact
    named = IdentityDocument()
    if contact is not None:
        named = IdentityDocument(first_name=contact.first_name, last_name=contact.last_name, address=contact.address)
    sources = (shown, known or IdentityDocument(), provided, named, _SPECIMEN)
    names = (*_DOCUMENT.values(), "address")
    return IdentityDocument(**{name: _first(name, *sources) for name in names})


def _filled_licence(file: CaseFile, shown: DrivingLicence, details: AttemptDetails) -> DrivingLicence:
    document = details.identity_document or IdentityDocument()
    person = DrivingLicence(
        first_name=document.first_name,
        last_name=document.last_name,
        birth_date=document.birth_date,
        birth_place=document.birth_place,
    )
    provided = file.order.driving_licence or DrivingLicence()
    sources = (shown, details.driving_licence or DrivingLicence(), provided, person, _SPECIMEN_LICENCE)
    filled = DrivingLicence(**{name: _first(name, *sources) for name in _LICENCE.values()})
    return replace(filled, classes=provided.classes or _SPECIMEN_LICENCE.classes)


def _first(name: str, *sources: object) -> Any:  # noqa: ANN401 - the field's own type
    found = (getattr(source, name) for source in sources)
    return next((value for value in found if value), None)


def _document(value: object) -> IdentityDocument:
    fields = object_of("identificationDocument", value, (*_DOCUMENT, "address"))
    texts = _texts(
        "identificationDocument", {name: text for name, text in fields.items() if name != "address"}, _DOCUMENT
    )
    address = fields.get("address")
    if not address:
        return IdentityDocument(**texts)
    found = Address(**_texts("identificationDocument.address", address, _ADDRESS))
    return replace(IdentityDocument(**texts), address=found)


def _pictures(value: object) -> tuple[str, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > MOST_PICTURES:
        raise SimulationFault(f"pictures must be a list of at most {MOST_PICTURES} types")
    return tuple(one_of("pictures", kind, PLAYABLE) for kind in value)


def _texts(name: str, value: object, known: Mapping[str, str]) -> dict[str, Any]:
    fields = object_of(name, value, tuple(known))
    read = {known[field]: text_of(f"{name}.{field}", text) for field, text in fields.items()}
    return {field: text for field, text in read.items() if text is not None}
